package dev.loupe.study.run;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds what was probably meant by a name that there is not. */
final class Near {
  private Near() {}

  /** Returns the name that is nearest in its letters, if it is near. */
  static Optional<String> to(String given, Collection<String> names) {
    int most = Math.max(1, given.length() / 3);
    return names.stream()
        .filter(name -> distance(given, name) <= most)
        .min(Comparator.comparingInt(name -> distance(given, name)));
  }

  /** Returns the same as the end of a sentence. */
  static String question(String given, Collection<String> names) {
    return to(given, names).map(name -> "; did you mean " + name + "?").orElse("");
  }

  /** How many letters are to be added, left out, exchanged, or swapped with their neighbour. */
  private static int distance(String a, String b) {
    var steps = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          steps[i][j] = i + j;
          continue;
        }
        int exchanged = steps[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        steps[i][j] = Math.min(exchanged, Math.min(steps[i - 1][j], steps[i][j - 1]) + 1);
        boolean swapped =
            i > 1
                && j > 1
                && a.charAt(i - 1) == b.charAt(j - 2)
                && a.charAt(i - 2) == b.charAt(j - 1);
        if (swapped) {
          steps[i][j] = Math.min(steps[i][j], steps[i - 2][j - 2] + 1);
        }
      }
    }
    return steps[a.length()][b.length()];
  }
}
