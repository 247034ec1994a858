/** The study of what differs between paired texts. */
@NullMarked
package dev.loupe.study.differential;

import org.jspecify.annotations.NullMarked;
