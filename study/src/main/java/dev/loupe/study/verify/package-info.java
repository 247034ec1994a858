/** Published figures, and whether they are reproduced. */
@NullMarked
package dev.loupe.study.verify;

import org.jspecify.annotations.NullMarked;
