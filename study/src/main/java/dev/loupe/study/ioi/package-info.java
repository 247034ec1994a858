/** The studies of indirect object identification. */
@NullMarked
package dev.loupe.study.ioi;

import org.jspecify.annotations.NullMarked;
