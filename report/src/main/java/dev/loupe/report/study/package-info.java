/** The pages of whole studies. */
@NullMarked
package dev.loupe.report.study;

import org.jspecify.annotations.NullMarked;
