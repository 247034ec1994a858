package dev.loupe.report;

import java.util.ArrayList;
import java.util.List;

/** Break text into lines between its words. */
final class Wrapped {
  private Wrapped() {}

  /** Return lines no wider than a width, a word that is too long cut. */
  static List<String> lines(List<String> words, String gap, int width, boolean unicode) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String whole : words) {
      String word = VisibleText.cut(VisibleText.of(whole, unicode), width, unicode);
      int needed = VisibleText.width(line.toString()) + gap.length() + VisibleText.width(word);
      if (!line.isEmpty() && needed > width) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.isEmpty() ? "" : gap).append(word);
    }
    lines.add(line.toString());
    return lines;
  }

  static List<String> lines(String text, int width, boolean unicode) {
    return lines(List.of(text.strip().split("\\s+", -1)), " ", width, unicode);
  }
}
