package dev.loupe.report;

import dev.loupe.report.AttentionView.HeadPattern;
import dev.loupe.report.KeyFigures.Figure;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/** Made-up results in the shape of the main job's, for tests and for looking at. */
final class Sample {
  static final List<String> TOKENS =
      List.of(
          "<|endoftext|>",
          "When",
          " Mary",
          " and",
          " John",
          " went",
          " to",
          " the",
          " store",
          ",",
          " John",
          " gave",
          " a",
          " drink",
          " to");
  static final Map<Integer, String> ROLES =
      Map.of(2, "IO", 4, "S1", 5, "S1+1", 10, "S2", 14, "END");
  static final double[][] RECOVERY = {
    {0.004, -0.002, 0.011, 0.000, -0.007, 0.003, 0.001, 0.002},
    {0.021, 0.006, -0.013, 0.009, 0.000, 0.034, -0.004, 0.015},
    {0.018, 0.262, -0.021, 0.047, 0.003, -0.112, 0.008, 0.066},
    {0.031, -0.148, 0.417, 0.012, 0.583, 0.009, -0.026, 0.140}
  };

  private Sample() {}

  static Heatmap recovery() {
    return Heatmap.of(
        "Recovery by patching each head's z at END",
        Axis.numbered("layer", "L", 4),
        Axis.numbered("head", "H", 8),
        RECOVERY,
        "recovery of the logit difference (0 = corrupted, 1 = clean)",
        Scale.DIVERGING);
  }

  static Table ranked() {
    return Table.titled(
            "Heads by their effect",
            Column.text("head"),
            Column.signed("recovery", 3).explained("(patched - corrupted) / (clean - corrupted)"),
            Column.number("END→IO", 2),
            Column.number("END→S1", 2),
            Column.number("END→S2", 2),
            Column.signed("OV on name read", 2).explained("change of its logit"),
            Column.label("verdict"))
        .row(row("L3H4", 0.583, 0.81, 0.03, 0.04, 2.31, "name mover"))
        .row(row("L3H2", 0.417, 0.02, 0.11, 0.74, -1.87, "subject suppressor"))
        .row(row("L2H1", 0.262, 0.55, 0.09, 0.12, 1.02, "name mover"))
        .row(row("L3H1", -0.148, 0.62, 0.05, 0.08, -0.94, "negative mover"))
        .row(row("L3H7", 0.140, 0.00, 0.31, 0.42, -0.66, "subject suppressor"))
        .row(row("L2H5", -0.112, 0.04, 0.02, 0.03, Double.NaN, "unclear"))
        .build();
  }

  private static Cell[] row(
      String head, double recovery, double io, double s1, double s2, double ov, String verdict) {
    return new Cell[] {
      Cell.of(head),
      Cell.of(recovery),
      Cell.of(io),
      Cell.of(s1),
      Cell.of(s2),
      Cell.of(ov),
      Cell.of(verdict)
    };
  }

  static AttentionView attention() {
    return new AttentionView(
        "Where the strongest heads look",
        new TokenLine("clean", TOKENS, ROLES, ""),
        List.of(
            HeadPattern.of("L3H4", pattern(1, Map.of(2, 9.0, 4, 0.4))),
            HeadPattern.of("L3H2", pattern(2, Map.of(10, 8.0, 4, 1.2))),
            HeadPattern.of("L2H1", pattern(3, Map.of(2, 4.0, 10, 0.9))),
            HeadPattern.of("L3H1", pattern(4, Map.of(2, 5.0))),
            HeadPattern.of("L3H7", pattern(5, Map.of(4, 3.0, 10, 4.0))),
            HeadPattern.of("L2H5", pattern(6, Map.of(0, 14.0)))));
  }

  /** Return causal rows that sum to 1, with these sources drawing attention late in the prompt. */
  private static double[][] pattern(long seed, Map<Integer, Double> pull) {
    Random random = new Random(seed);
    int n = TOKENS.size();
    double[][] rows = new double[n][n];
    for (int to = 0; to < n; to++) {
      double sum = 0;
      for (int from = 0; from <= to; from++) {
        double base = 0.05 + 0.2 * random.nextDouble() + (from == 0 ? 0.8 : 0);
        rows[to][from] = base + pull.getOrDefault(from, 0.0) * to / (n - 1);
        sum += rows[to][from];
      }
      for (int from = 0; from <= to; from++) {
        rows[to][from] /= sum;
      }
    }
    return rows;
  }

  static Prompts prompts(int count) {
    List<TokenLine> lines = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      lines.add(new TokenLine("clean " + i, TOKENS, ROLES, Numbers.fixed(3.55 - 0.1 * i, 2, true)));
    }
    lines.add(
        new TokenLine(
            "odd text",
            List.of(
                "A", "  two", " spaces", ",", "\n", "\n\n", "new", "\tline", " <b>", "&amp;", ""),
            Map.of(4, "break"),
            ""));
    return new Prompts("Prompts with their exact tokens", lines);
  }

  static HtmlReport report() {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("model", "demo (1.1 M parameters, 4 layers x 8 heads, d_model 128)");
    facts.put("weights sha256", "248dfc3911869ec493c76e65bf2fcf7f615828b0254c12b473182f0f81d3a707");
    facts.put("seed", "0");
    facts.put("prompts", "100, name-swapped");
    facts.put("versions", "Loupe 0.1.0, libtorch 2.10, Java 25");
    return HtmlReport.titled("Which heads carry the indirect object?")
        .withSummary(
            "100 prompts such as `When Mary and John went to the store, John gave a drink to`, "
                + "each head's output patched from the clean into the name-swapped run.")
        .add(
            KeyFigures.of(
                new Figure("accuracy", "99.0 %", "IO preferred over S, clean prompts"),
                new Figure("clean", "+3.55", "mean logit difference IO - S"),
                new Figure("corrupted", "-3.55", "with the two names swapped"),
                new Figure("heads patched", "32", "at END, one at a time")))
        .add(new Section("Where the answer is carried"))
        .add(
            new Prose(
                "Each cell is one run: the corrupted prompt, with one head's `z` at the last"
                    + " position taken from the clean prompt. Blue cells bring the answer back; red"
                    + " cells push it away."))
        .add(recovery(), ranked())
        .add(
            new BarChart(
                "Effect of the strongest heads",
                "recovery, mean and 95 % interval",
                List.of(
                    new BarChart.Bar("L3H4", 0.583, 0.041),
                    new BarChart.Bar("L3H2", 0.417, 0.036),
                    new BarChart.Bar("L2H1", 0.262, 0.028),
                    new BarChart.Bar("L3H1", -0.148, 0.022),
                    BarChart.Bar.of("L3H7", 0.140))))
        .add(new Section("What the heads look at"), attention())
        .add(
            new Section("By position"),
            Heatmap.of(
                "Recovery by patching the residual stream",
                Axis.numbered("layer", "L", 5),
                new Axis("position", TOKENS),
                IntStream.range(0, 5)
                    .mapToObj(l ->
                        IntStream.range(0, TOKENS.size())
                            .mapToDouble(p ->
                                p == 0
                                    ? Double.NaN
                                    : p == 10 ? 1 - l / 4.0 : p == 14 ? l / 4.0 : 0.01 * l)
                            .toArray())
                    .toArray(double[][]::new),
                "recovery",
                Scale.SEQUENTIAL))
        .add(new Section("Prompts"), prompts(16))
        .add(
            new Section("Provenance"),
            Provenance.of(facts),
            new Command("Run it again", "./loupe ioi --model demo --prompts 100 --seed 0"));
  }

  /** Write the sample page, for looking at, to the file named by the first argument. */
  public static void main(String[] args) throws IOException {
    report().write(Path.of(args[0]));
    Terminal terminal =
        Terminal.detect(System.getenv(), Boolean.parseBoolean(System.getProperty("tty", "true")));
    System.out.println(TerminalHeatmap.render(recovery(), terminal));
    System.out.println(TerminalHeatmap.render(gpt2(), terminal));
    System.out.println(TerminalTable.render(ranked(), terminal));
  }

  /** Return a heatmap of the shape of GPT-2 medium, which leaves no room for numbers. */
  static Heatmap gpt2() {
    Random random = new Random(0);
    double[][] values = new double[24][16];
    for (double[] row : values) {
      Arrays.setAll(row, i -> Math.pow(random.nextGaussian() / 2, 3));
    }
    values[0][0] = Double.NaN;
    return Heatmap.of(
        "Effect of each head",
        Axis.numbered("layer", "L", 24),
        Axis.numbered("head", "H", 16),
        values,
        "logit difference",
        Scale.DIVERGING);
  }
}
