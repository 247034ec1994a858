package dev.loupe.report.study;

import dev.loupe.report.Axis;
import dev.loupe.report.Heatmap;
import dev.loupe.report.Scale;
import dev.loupe.study.HeadValues;

/** Draws a value of every head, layers down, heads across. */
final class HeadMaps {
  private HeadMaps() {}

  static Heatmap of(String title, HeadValues values, String unit, Scale scale) {
    double[][] means = values.means();
    return Heatmap.of(
        title,
        Axis.numbered("layer", "L", means.length),
        Axis.numbered("head", "H", means[0].length),
        means,
        unit,
        scale);
  }
}
