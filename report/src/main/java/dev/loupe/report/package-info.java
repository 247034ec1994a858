/**
 * Charts, tables and self-contained HTML pages, and the same for a terminal.
 *
 * <p>Everything here takes plain values: no tensor, no model. The data types ({@link
 * dev.loupe.report.Heatmap}, {@link dev.loupe.report.Table}, ...) are at once the blocks of an
 * {@link dev.loupe.report.HtmlReport} and what {@link dev.loupe.report.TerminalHeatmap} and {@link
 * dev.loupe.report.TerminalTable} print.
 */
@NullMarked
package dev.loupe.report;

import org.jspecify.annotations.NullMarked;
