/** The study of year spans: greater-than. */
@NullMarked
package dev.loupe.study.years;

import org.jspecify.annotations.NullMarked;
