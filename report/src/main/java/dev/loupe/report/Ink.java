package dev.loupe.report;

import java.util.List;

/**
 * Hold the light colours of {@code palette.js}, for drawings made without scripts. They are written
 * as attributes, so that paper and saved files have them; {@code chart.css} has the dark ones.
 */
final class Ink {
  static final String GROUND = "#ffffff";
  static final String TEXT = "#1a1e23";
  static final String MUTED = "#5c6672";
  static final String RULE = "#d5dae0";
  static final String POSITIVE = "#4f93c6";
  static final String NEGATIVE = "#d9614f";

  private static final List<String> SERIES =
      List.of(
          "#1e48a3", "#b54d06", "#0f846f", "#733a60", "#8a6d00", "#5a4fb0", "#2f7f9e", "#6b6b6b");

  private Ink() {}

  /** Return the number of a series' colour; they repeat after eight. */
  static int slot(int series) {
    return series % SERIES.size();
  }

  static String series(int series) {
    return SERIES.get(slot(series));
  }
}
