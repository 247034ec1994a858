package dev.loupe.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loupe.report.AttentionView.HeadPattern;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class HtmlReportTest {
  private static final List<String> HOSTILE =
      List.of(
          "</script><script>alert(1)</script>",
          "\"'><img src=x onerror=alert(1)>",
          "<!-- <![CDATA[ &amp; &lt;",
          "\u2028\u2029\u0000\ud800 é 漢字 🦉",
          "line\nbreak\ttab `code` %s {0} \\u003c");

  /** Return a page of every block with text that would break out of it. */
  static HtmlReport hostile() {
    HtmlReport report = HtmlReport.titled(HOSTILE.get(0)).withSummary(HOSTILE.get(1));
    double[][] square = new double[HOSTILE.size()][HOSTILE.size()];
    for (double[] row : square) {
      Arrays.fill(row, 0.2);
    }
    for (String text : HOSTILE) {
      TokenLine line = new TokenLine(text, HOSTILE, Map.of(0, text), text);
      Axis axis = new Axis(text, HOSTILE);
      report =
          report.add(
              new Section(text),
              new Prose(text),
              new Command(text, text),
              KeyFigures.of(new KeyFigures.Figure(text, text, text)),
              Provenance.of(Map.of(text, text)),
              Table.titled(text, Column.label(text).explained(text)).row(Cell.of(text)).build(),
              Heatmap.of(text, axis, axis, square, text, Scale.SEQUENTIAL),
              new BarChart(text, text, List.of(BarChart.Bar.of(text, 1))),
              new Prompts(text, List.of(line)),
              new AttentionView(text, line, List.of(HeadPattern.of(text, square))),
              new Bullets(List.of(text)),
              circuit(text),
              new LineChart(
                  text,
                  axis,
                  text,
                  List.of(new LineChart.Line(text, List.of(1.0, 2.0, 3.0, 4.0, 5.0), List.of()))),
              new ScatterChart(
                  text,
                  text,
                  text,
                  HOSTILE.stream().map(t -> new ScatterChart.Point(t, t, t.length(), 0)).toList(),
                  ScatterChart.Guide.NONE),
              new TokenGrid(
                  text,
                  new Axis(text, List.of(text)),
                  axis,
                  List.of(HOSTILE.stream().map(t -> new TokenGrid.Entry(t, 0.5, HOSTILE)).toList()),
                  text,
                  Scale.SEQUENTIAL));
    }
    return report;
  }

  private static CircuitGraph circuit(String text) {
    var nodes =
        HOSTILE.stream()
            .map(id -> new CircuitGraph.Node(id, 0, CircuitGraph.Kind.HEAD, text, text));
    var end = new CircuitGraph.Node("logits", 1, CircuitGraph.Kind.LOGITS, "", text);
    return new CircuitGraph(
        text,
        1,
        Stream.concat(nodes, Stream.of(end)).toList(),
        List.of(new CircuitGraph.Edge(text, "logits", -1, text)));
  }

  private static List<JsonNode> data(String html) {
    return json(html).map(text -> JsonMapper.builder().build().readTree(text)).toList();
  }

  private static Stream<String> json(String html) {
    return Pattern.compile("<script type=\"application/json\">(.*?)</script>", Pattern.DOTALL)
        .matcher(html)
        .results()
        .map(m -> m.group(1));
  }

  @Test
  void holdsTheNumbersForReadersAndForScripts() {
    String html = Sample.report().html();
    assertThat(html)
        .contains("<td class=\"number\">+0.583</td>") // the heatmap's table
        .contains("data-value=\"-0.148\">-0.148</td>") // the ranked table
        .contains("99.0 %", "248dfc3911869ec4", "./loupe ioi --model demo");
    List<JsonNode> data = data(html);
    assertThat(data).hasSize(4);
    JsonNode heatmap = data.getFirst();
    assertThat(heatmap.at("/values/3/4").asDouble()).isEqualTo(0.583);
    assertThat(heatmap.at("/rows/labels/3").asString()).isEqualTo("L3");
    assertThat(heatmap.at("/high").asDouble()).isEqualTo(0.583);
    assertThat(data.get(2).at("/tokens/2").asString()).isEqualTo(" Mary");
    assertThat(data.get(2).at("/roles/14").asString()).isEqualTo("END");
    assertThat(data.get(3).at("/values/0/0").isNull()).as("NaN is no value").isTrue();
  }

  @Test
  void hostileTextStaysText() {
    String html = hostile().html();
    assertThat(html).doesNotContain("<script>alert", "<img", "\u0000");
    assertThat(Pattern.compile("<script[ >]").matcher(html).results().count())
        .isEqualTo(1 + 7 * HOSTILE.size());
    assertThat(json(html)).allSatisfy(t -> assertThat(t).doesNotContain("<", "&", "\u2028"));
    JsonNode heatmap = data(html).getFirst();
    for (int i = 0; i < HOSTILE.size(); i++) {
      assertThat(heatmap.at("/rows/labels/" + i).asString()).isEqualTo(HOSTILE.get(i));
    }
    assertWellFormed(html);
  }

  @Test
  void newChartsHoldTheirNumbersForReadersAndForScripts() {
    String html =
        HtmlReport.titled("t")
            .add(
                new LineChart(
                    "Line",
                    new Axis("layer", List.of("0_pre", "0_mid")),
                    "logits",
                    List.of(
                        new LineChart.Line(
                            "clean",
                            List.of(0.1234567891, Double.NaN),
                            List.of(0.25, Double.NaN)))))
            .add(
                new ScatterChart(
                    "Scatter",
                    "exact",
                    "guess",
                    List.of(
                        new ScatterChart.Point(" a", "head", -1.5, 1e-9),
                        new ScatterChart.Point("b", "MLP", 3, 4)),
                    ScatterChart.Guide.IDENTITY))
            .add(
                new TokenGrid(
                    "Grid",
                    new Axis("layer", List.of("0_pre")),
                    new Axis("position", List.of(" to")),
                    List.of(
                        List.of(new TokenGrid.Entry(" Mary\n", 0.875, List.of("rank 1", "KL 2")))),
                    "probability",
                    Scale.SEQUENTIAL))
            .html();
    assertThat(html)
        .contains("<th scope=\"row\">0_pre</th><td class=\"number\">0.12345679 ± 0.25</td>")
        .contains("<th scope=\"row\">0_mid</th><td class=\"number\">-</td>")
        .contains("<td>head</td><td class=\"number\">-1.5</td><td class=\"number\">1.0E-9</td>")
        .contains("title=\"rank 1\nKL 2\"", "<span class=\"nobr\">0.875</span>");
    List<JsonNode> data = data(html);
    assertThat(data.get(0).at("/lines/0/values/0").asDouble()).isEqualTo(0.12345679);
    assertThat(data.get(0).at("/lines/0/values/1").isNull()).isTrue();
    assertThat(data.get(0).at("/range/low").asDouble()).isLessThanOrEqualTo(-0.12);
    assertThat(data.get(1).at("/points/0").toString()).isEqualTo("[\" a\",0,-1.5,1.0E-9]");
    assertThat(data.get(1).at("/x")).as("one scale").isEqualTo(data.get(1).at("/y"));
    assertThat(data.get(2).at("/tokens/0/0").asString()).isEqualTo(" Mary\n");
    assertThat(data.get(2).at("/details/0/0/1").asString()).isEqualTo("KL 2");
  }

  @Test
  void findingsAreAListWithTheirNumbersInBold() {
    String text = "`a9.h9` has `+0.31 ± 0.02`, `26.4 %`, `-1e-3`, `3 of 10` and `<b>`";
    assertThat(HtmlReport.titled("t").add(new Bullets(List.of(text))).html())
        .contains(
            "<li><code>a9.h9</code> has <b>+0.31 ± 0.02</b>, <b>26.4 %</b>, <b>-1e-3</b>,"
                + " <b>3 of 10</b> and <code>&lt;b&gt;</code></li>");
    assertThatThrownBy(() -> new Bullets(List.of())).hasMessageContaining("none given");
  }

  @Test
  void attentionIsCompact() {
    String html = HtmlReport.titled("t").add(SampleCharts.attention(12, 12, 2)).html();
    String data = json(html).findFirst().orElseThrow();
    assertThat(data.length()).isLessThan(144 * 465 * 13); // the lower half, at float precision
    JsonNode pattern = data(html).getFirst().at("/heads/143/pattern");
    assertThat(pattern.at("/3").size()).isEqualTo(4);
    assertThat(pattern.at("/0/0").asDouble()).isEqualTo(1);
  }

  @Test
  void pageIsWellFormed() {
    assertWellFormed(Sample.report().html());
    assertWellFormed(SampleCharts.report().html());
    assertWellFormed(SampleCharts.edges().html());
    assertWellFormed(SampleCircuits.report().html());
    assertWellFormed(HtmlReport.titled("empty").html());
  }

  @Test
  void asksForNothingFromAnywhere() {
    String html = Sample.report().html().replace("http://www.w3.org/2000/svg", "");
    assertThat(html)
        .doesNotContain("http://", "https://", "src=", "@import", "url(", "fetch(", "import(")
        .contains("default-src 'none'");
    assertThat(Pattern.compile("href=\"([^\"]*)\"").matcher(html).results().map(m -> m.group(1)))
        .allMatch(link -> link.startsWith("#") || link.equals("data:,"));
  }

  @Test
  void policyNamesTheHashesOfStyleAndScript() throws Exception {
    String html = Sample.report().html();
    for (String tag : List.of("style", "script")) {
      Matcher body =
          Pattern.compile("<%1$s>(.*?)</%1$s>".formatted(tag), Pattern.DOTALL).matcher(html);
      assertThat(body.find()).isTrue();
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(body.group(1).getBytes(StandardCharsets.UTF_8));
      assertThat(html)
          .contains(
              "%s-src 'sha256-%s'".formatted(tag, Base64.getEncoder().encodeToString(digest)));
    }
    assertThat(html).doesNotContain("style=\"", "onclick=").doesNotContain("unsafe-inline");
  }

  @Test
  void tokensShowWhitespaceAndCopyAsTheExactPrompt() {
    String html =
        HtmlReport.titled("t")
            .add(new Prompts("p", List.of(TokenLine.of("", List.of("a", " b", "\n", " <c>")))))
            .html();
    String line = html.substring(html.indexOf("<div class=\"tokens\">"));
    line = line.substring(0, line.indexOf("</div>"));
    assertThat(line).contains("<span class=\"sp\"> </span>b", "<span class=\"nl\">\n</span>");
    String text = line.replaceAll("<[^>]*>", "").replace("&lt;", "<").replace("&gt;", ">");
    assertThat(text.stripTrailing()).isEqualTo("a b\n <c>");
  }

  @Test
  void longListsOfPromptsAreFolded() {
    String html = HtmlReport.titled("t").add(Sample.prompts(40)).html();
    assertThat(html).contains("<summary>29 more</summary>");
    assertThat(html.split("class=\"prompt\"", -1)).hasSize(42);
  }

  @Test
  void writesAtomicallyAndLeavesNothingElse(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("new/deep/report.html");
    Sample.report().write(file);
    HtmlReport.titled("second").write(file);
    assertThat(Files.readString(file)).contains("<h1>second</h1>").doesNotContain("indirect");
    try (Stream<Path> files = Files.list(file.getParent())) {
      assertThat(files).containsExactly(file);
    }
    Path taken = folder.resolve("taken");
    Files.createDirectories(taken.resolve("inner"));
    assertThatThrownBy(() -> Sample.report().write(taken)).isInstanceOf(IOException.class);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).hasSize(2);
    }
  }

  /** Check that tags close in the order in which they open, and that the document is one. */
  static void assertWellFormed(String html) {
    String markup = html.replaceAll("(?s)(<(script|style)[^>]*>).*?(</\\2>)", "$1$3");
    Set<String> empty = Set.of("meta", "link", "wbr", "!doctype");
    Deque<String> open = new ArrayDeque<>();
    Matcher tags =
        Pattern.compile("<(/?)([a-z!][a-z0-9]*)((?:[^>\"]|\"[^\"]*\")*)>").matcher(markup);
    while (tags.find()) {
      if (!tags.group(1).isEmpty()) {
        assertThat(open.pop()).as("closed at %s", tags.start()).isEqualTo(tags.group(2));
      } else if (!empty.contains(tags.group(2)) && !tags.group(3).endsWith("/")) {
        open.push(tags.group(2));
      }
    }
    assertThat(open).isEmpty();
    assertThat(tags.replaceAll("")).doesNotContain("<", ">");
    assertThat(html.split("<html", -1)).hasSize(2);
  }
}
