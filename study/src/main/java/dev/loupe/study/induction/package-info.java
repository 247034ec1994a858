/** The study of repeated random tokens. */
@NullMarked
package dev.loupe.study.induction;

import org.jspecify.annotations.NullMarked;
