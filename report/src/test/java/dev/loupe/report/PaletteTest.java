package dev.loupe.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The colours of pages as a colour-blind reader sees them: simulated by Machado, Oliveira and
 * Fernandes (2009) in linear RGB, compared in Oklab.
 */
class PaletteTest {
  /** Below about this much in Oklab, two colours side by side begin to look alike. */
  private static final double TOLD_APART = 0.08;

  private static double[][] vision(String name) {
    return switch (name) {
      case "protan" ->
          new double[][] {
            {0.152286, 1.052583, -0.204868},
            {0.114503, 0.786281, 0.099216},
            {-0.003882, -0.048116, 1.051998}
          };
      case "deutan" ->
          new double[][] {
            {0.367322, 0.860646, -0.227968},
            {0.280085, 0.672501, 0.047413},
            {-0.011820, 0.042940, 0.968881}
          };
      case "tritan" ->
          new double[][] {
            {1.255528, -0.076749, -0.178779},
            {-0.078411, 0.930809, 0.147602},
            {0.004733, 0.691367, 0.303900}
          };
      default -> new double[][] {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    };
  }

  /** Return the colours after a name in one theme of palette.js, as linear RGB. */
  private static List<double[]> colours(String theme, String name) throws IOException {
    return written(theme, name).stream()
        .map(hex -> linear(Integer.parseInt(hex.substring(1), 16)))
        .toList();
  }

  private static List<String> written(String theme, String name) throws IOException {
    String script = resource("palette.js");
    String part = script.substring(script.indexOf("const " + theme));
    String list = part.substring(part.indexOf(" " + name + ":"));
    boolean many = name.equals(name.toUpperCase(Locale.ROOT));
    return hexes(list.substring(0, many ? list.indexOf(']') : list.indexOf(',')));
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = Page.class.getResourceAsStream(name)) {
      assertThat(in).isNotNull();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static List<String> hexes(String text) {
    List<String> colours =
        Pattern.compile("#[0-9a-f]{6}").matcher(text).results().map(MatchResult::group).toList();
    assertThat(colours).isNotEmpty();
    return colours;
  }

  private static double[] linear(int rgb) {
    return IntStream.of(16, 8, 0)
        .mapToDouble(shift -> (rgb >> shift & 255) / 255.0)
        .map(c -> c <= 0.04045 ? c / 12.92 : Math.pow((c + 0.055) / 1.055, 2.4))
        .toArray();
  }

  private static double[] times(double[][] matrix, double[] vector) {
    double[] product = new double[3];
    for (int row = 0; row < 3; row++) {
      for (int column = 0; column < 3; column++) {
        product[row] += matrix[row][column] * vector[column];
      }
    }
    return product;
  }

  private static double[] oklab(double[] linear) {
    double[] cones =
        times(
            new double[][] {
              {0.4122214708, 0.5363325363, 0.0514459929},
              {0.2119034982, 0.6806995451, 0.1073969566},
              {0.0883024619, 0.2817188376, 0.6299787005}
            },
            linear);
    for (int i = 0; i < 3; i++) {
      cones[i] = Math.cbrt(Math.max(0, cones[i]));
    }
    return times(
        new double[][] {
          {0.2104542553, 0.7936177850, -0.0040720468},
          {1.9779984951, -2.4285922050, 0.4505937099},
          {0.0259040371, 0.7827717662, -0.8086757660}
        },
        cones);
  }

  private static double apart(double[] a, double[] b, double[][] vision) {
    double[] left = oklab(times(vision, a));
    double[] right = oklab(times(vision, b));
    return Math.sqrt(IntStream.range(0, 3).mapToDouble(i -> Math.pow(left[i] - right[i], 2)).sum());
  }

  private static double luminance(double[] linear) {
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  }

  private static double contrast(double[] a, double[] b) {
    double light = Math.max(luminance(a), luminance(b));
    double dark = Math.min(luminance(a), luminance(b));
    return (light + 0.05) / (dark + 0.05);
  }

  @ParameterizedTest
  @CsvSource({
    "LIGHT,any", "LIGHT,protan", "LIGHT,deutan", "LIGHT,tritan",
    "DARK,any", "DARK,protan", "DARK,deutan", "DARK,tritan"
  })
  void coloursAreToldApart(String theme, String eyes) throws IOException {
    double[][] vision = vision(eyes);
    List<double[]> series = colours(theme, "SERIES").subList(0, 4);
    for (int i = 0; i < series.size(); i++) {
      for (int j = 0; j < i; j++) {
        assertThat(apart(series.get(i), series.get(j), vision))
            .as("series %d and %d", j, i)
            .isGreaterThan(TOLD_APART);
      }
    }
    List<double[]> signed = colours(theme, "DIVERGING");
    for (int i = 0; i < signed.size() / 2; i++) {
      assertThat(apart(signed.get(i), signed.get(signed.size() - 1 - i), vision))
          .as("%d steps from either end", i)
          .isGreaterThan(TOLD_APART);
    }
    List<double[]> rising = colours(theme, "SEQUENTIAL");
    double way = theme.equals("LIGHT") ? -1 : 1;
    for (int i = 1; i < rising.size(); i++) {
      double step =
          oklab(times(vision, rising.get(i)))[0] - oklab(times(vision, rising.get(i - 1)))[0];
      assertThat(way * step).as("lightness from stop %d", i - 1).isGreaterThan(0.02);
    }
  }

  @Test
  void drawingsMadeWithoutScriptsHaveTheSameColours() throws IOException {
    assertThat(IntStream.range(0, 8).mapToObj(Ink::series)).isEqualTo(written("LIGHT", "SERIES"));
    Map<String, String> light =
        Map.of(
            "ground", Ink.GROUND,
            "ink", Ink.TEXT,
            "muted", Ink.MUTED,
            "rule", Ink.RULE,
            "positive", Ink.POSITIVE,
            "negative", Ink.NEGATIVE);
    for (var colour : light.entrySet()) {
      assertThat(written("LIGHT", colour.getKey())).containsExactly(colour.getValue());
    }
    String css = resource("chart.css");
    String dark = css.substring(css.indexOf("@media screen and (prefers-color-scheme: dark)"));
    assertThat(hexes(dark.substring(0, dark.indexOf(".plain"))))
        .isEqualTo(written("DARK", "SERIES"));
    for (String name : List.of("rule", "positive", "negative")) {
      String declared = dark.substring(dark.indexOf("." + name + " {"));
      assertThat(hexes(declared.substring(0, declared.indexOf('}'))))
          .as(name)
          .isEqualTo(written("DARK", name));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"LIGHT", "DARK"})
  void edgesStandOutFromThePageAndFromEachOther(String theme) throws IOException {
    double[] ground = colours(theme, "ground").getFirst();
    double[] positive = colours(theme, "positive").getFirst();
    double[] negative = colours(theme, "negative").getFirst();
    assertThat(contrast(positive, ground)).isGreaterThan(3);
    assertThat(contrast(negative, ground)).isGreaterThan(3);
    for (String eyes : List.of("any", "protan", "deutan", "tritan")) {
      assertThat(apart(positive, negative, vision(eyes))).as(eyes).isGreaterThan(TOLD_APART);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"LIGHT", "DARK"})
  void seriesStandOutFromThePage(String theme) throws IOException {
    double[] ground = colours(theme, "ground").getFirst();
    for (double[] colour : colours(theme, "SERIES")) {
      assertThat(contrast(colour, ground)).isGreaterThan(4.4); // lines' names are set in them
    }
  }
}
