package dev.loupe.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Download;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Mouse;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.BoundingBox;
import com.microsoft.playwright.options.ColorScheme;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;

/** What a page does when a person points, clicks, types and saves. */
class BrowserTest {
  private static Optional<Browser> found = Optional.empty();
  private static Browser browser;

  @BeforeAll
  static void start() {
    found = Browser.start(System.getenv().getOrDefault("PATH", ""));
    Assumptions.assumeTrue(
        found.isPresent(), "no chromium on the PATH that starts: charts are not tried out");
    browser = found.orElseThrow();
  }

  @AfterAll
  static void stop() {
    found.ifPresent(Browser::close);
  }

  @AfterEach
  void nothingWentWrong() {
    assertThat(browser.errors()).isEmpty();
  }

  private static HtmlReport all() {
    return SampleCharts.report()
        .add(
            new BarChart(
                "Bars", "recovery", List.of(BarChart.Bar.of("a", 1), BarChart.Bar.of("b", -2))));
  }

  private static Page open(HtmlReport report) throws IOException {
    return browser.open(report, 1000, ColorScheme.LIGHT, false);
  }

  private static Locator chart(Page page, String kind) {
    Locator chart = page.locator("figure[data-chart=" + kind + "]").first();
    chart.evaluate("e => e.scrollIntoView({block: 'center'})");
    return chart;
  }

  private static Locator tip(Page page) {
    return page.locator(".tip.shown");
  }

  private static BoundingBox box(Locator locator) {
    BoundingBox box = locator.boundingBox();
    assertThat(box).isNotNull();
    return box;
  }

  /** Return the place of a text drawn in a chart, relative to its surface. */
  private static Locator text(Locator chart, String text) {
    return chart.locator("svg text").getByText(text, new Locator.GetByTextOptions().setExact(true));
  }

  /** Return the middle of the point to which a key leads first. */
  private static BoundingBox point(Page page, Locator chart, String key) {
    chart.locator(".surface").press(key);
    BoundingBox ring = box(chart.locator(".surface > svg > path"));
    page.keyboard().press("Escape");
    ring.x += ring.width / 2;
    ring.y += ring.height / 2;
    return ring;
  }

  @Test
  void hoverShowsTheNumber() throws IOException {
    Page page = open(all());
    Locator heatmap = chart(page, "heatmap");
    text(heatmap, "+0.58").first().hover();
    assertThat(tip(page).innerText()).contains("layer L3, head H4", "+0.583");

    Locator bars = chart(page, "bars");
    text(bars, "a").hover();
    assertThat(tip(page).innerText()).contains("a", "+1");

    Locator line = chart(page, "line");
    text(line, "final_post").hover();
    assertThat(tip(page).innerText())
        .contains(
            "final_post", "clean", "+3.469514 ± 0.3", "corrupted", "−3.443185", "L9H9 ablated");

    Locator grid = chart(page, "grid");
    grid.locator(".surface td").last().hover();
    assertThat(tip(page).innerText())
        .contains("layer final_post, position 14: ·to", "·Mary", "0.8538", "rank of ' Mary': 1");

    Locator head = page.locator(".head").nth(1);
    head.hover();
    assertThat(tip(page).innerText()).contains("L3H2: ", " → ");
    page.close();
  }

  @Test
  void hoverOverPointsInOnePlaceListsThem() throws IOException {
    ScatterChart two =
        new ScatterChart(
            "Two",
            "x",
            "y",
            List.of(
                new ScatterChart.Point("one", "", 1, 2),
                new ScatterChart.Point("other", "", 1, 2),
                new ScatterChart.Point("far", "", 9, 9.25)),
            ScatterChart.Guide.IDENTITY);
    Page page = open(HtmlReport.titled("t").add(two));
    Locator chart = chart(page, "scatter");
    BoundingBox far = point(page, chart, "End");
    page.mouse().move(far.x + 3, far.y - 3);
    assertThat(tip(page).innerText()).contains("far", "9.25");
    chart.locator(".surface").press("Home");
    assertThat(tip(page).innerText()).contains("2 points here", "one", "other");
    page.close();
  }

  private static final List<String> KINDS =
      List.of("heatmap", "bars", "line", "scatter", "grid", "attention");

  @Test
  void clickLocksAndEscapeLetsGo() throws IOException {
    Page page = open(all());
    for (String kind : KINDS) {
      Locator surface = chart(page, kind).locator(".surface");
      surface.press("End");
      assertThat(tip(page).innerText()).as(kind).contains("click to");
      BoundingBox box = box(surface);
      switch (kind) {
        case "scatter" -> page.keyboard().press("Enter");
        case "grid" -> surface.locator("td").first().click();
        default -> page.mouse().click(box.x + box.width / 4, box.y + box.height / 2);
      }
      String locked = tip(page).innerText();
      assertThat(locked).as(kind).contains("locked");
      page.mouse().move(2, 2);
      assertThat(tip(page).innerText()).as(kind).isEqualTo(locked);
      page.keyboard().press("Escape");
      assertThat(tip(page).count()).as(kind).isZero();
    }
    page.close();
  }

  @Test
  void arrowKeysMoveAndAreSpoken() throws IOException {
    Page page = open(all());
    for (String kind : KINDS) {
      Locator surface = chart(page, kind).locator(".surface");
      surface.press("Home");
      String first = tip(page).innerText();
      page.keyboard().press(kind.equals("bars") ? "ArrowDown" : "ArrowRight");
      assertThat(tip(page).innerText()).as(kind).isNotEqualTo(first);
      String spoken = page.locator("body > [aria-live]").innerText();
      assertThat(spoken).as(kind).contains(page.locator(".tip .value").innerText());
    }
    page.close();
  }

  @Test
  void selectionListsPoints() throws IOException {
    Page page = open(all());
    Locator chart = chart(page, "scatter");
    BoundingBox box = box(chart.locator(".surface svg"));
    Locator rows = chart.locator(".selection tbody tr");
    page.mouse().move(box.x + 100, box.y + 60);
    page.mouse().down();
    page.mouse().move(box.x + box.width - 5, box.y + box.height / 2, steps(4));
    page.mouse().up();
    int dragged = rows.count();
    assertThat(dragged).isBetween(10, 140);
    assertThat(chart.locator(".selection .count").innerText())
        .isEqualTo(dragged + " of 145 points selected");
    assertThat(rows.first().innerText()).contains("L8H3", "head", "2.5");

    chart.locator(".surface").press("Home"); // the point at the left, which is not among them
    page.keyboard().press(" ");
    assertThat(rows.count()).isEqualTo(dragged + 1);
    assertThat(rows.last().innerText()).contains("L10H2");
    page.keyboard().press(" ");
    assertThat(rows.count()).isEqualTo(dragged);
    chart.locator("button:text-is('Clear')").click();
    assertThat(rows.count()).isZero();

    BoundingBox left = point(page, chart, "Home");
    page.keyboard().down("Shift");
    page.mouse().click(left.x, left.y);
    page.keyboard().up("Shift");
    assertThat(rows.count()).isEqualTo(1);
    page.close();
  }

  private static Mouse.MoveOptions steps(int steps) {
    return new Mouse.MoveOptions().setSteps(steps);
  }

  @Test
  void headsAreChosenAndReadBothWays() throws IOException {
    Page page = open(HtmlReport.titled("t").add(SampleCharts.attention(4, 6, 1)));
    assertThat(page.locator(".grid-of-heads .name").allInnerTexts())
        .containsExactly("H0", "H1", "H2", "H3", "H4", "H5", "L0", "L1", "L2", "L3");
    Locator title = page.locator(".reading-title");
    assertThat(title.innerText()).isEqualTo("L0H0 from ·to (14) looks at");
    page.locator(".head[aria-label=L2H3]").click();
    assertThat(title.innerText()).isEqualTo("L2H3 from ·to (14) looks at");
    page.keyboard().press("ArrowDown");
    assertThat(title.innerText()).startsWith("L3H3");
    page.keyboard().press("ArrowLeft");
    assertThat(title.innerText()).startsWith("L3H2");
    page.getByText("looked at by").first().click();
    page.locator(".reading .token").nth(2).click();
    assertThat(title.innerText()).isEqualTo("In L3H2, ·Mary (2) is looked at by");
    page.locator(".reading .token").nth(5).hover();
    assertThat(title.innerText()).as("locked").contains("Mary");
    page.locator(".reading .tokens").press("Escape");
    page.locator(".reading .tokens").press("ArrowRight");
    assertThat(title.innerText()).contains("·and (3)");
    page.close();
  }

  @Test
  void whatTheMatrixLocksItLetsGoOf() throws IOException {
    Page page = open(HtmlReport.titled("t").add(SampleCharts.attention(1, 2, 1)));
    Locator matrix = page.locator(".pair .surface");
    Locator reading = page.locator(".reading");
    Locator title = page.locator(".reading-title");
    matrix.press("Home");
    for (String way : List.of("Escape", "elsewhere")) {
      matrix.press("Enter");
      assertThat(reading.getAttribute("class")).contains("locked");
      if (way.equals("Escape")) {
        page.keyboard().press("Escape");
      } else {
        page.locator("h1").click();
      }
      assertThat(reading.getAttribute("class")).as(way).doesNotContain("locked");
      page.locator(".reading .token").nth(5).hover();
      assertThat(title.innerText()).as(way).contains("(5)");
    }
    // A lock of the tokens outlasts what is pointed at in the matrix.
    page.locator(".reading .token").nth(3).click();
    matrix.hover();
    page.mouse().move(2, 2);
    assertThat(title.innerText()).contains("(3)");
    page.close();
  }

  @Test
  void escapeLetsGoOfWhatASmallMatrixLocked() throws IOException {
    Page page = open(HtmlReport.titled("t").add(SampleCharts.attention(2, 2, 1)));
    BoundingBox head = box(page.locator(".head[aria-label=L0H0] canvas"));
    page.mouse().click(head.x + 3, head.y + head.height - 3);
    assertThat(tip(page).innerText()).contains("locked: Esc lets go");
    page.keyboard().press("Escape");
    assertThat(tip(page).count()).isZero();
    page.close();
  }

  @Test
  void keysOfTheBrowserAreLeftToIt() throws IOException {
    Page page = open(HtmlReport.titled("t").add(SampleCharts.attention(1, 2, 1)));
    Locator line = page.locator(".reading .tokens");
    line.press("ArrowLeft");
    String title = page.locator(".reading-title").innerText();
    line.press("Control+ArrowLeft");
    assertThat(page.locator(".reading-title").innerText()).isEqualTo(title);
    page.close();
  }

  @Test
  void arrowsPassOverPlacesWithoutAHead() throws IOException {
    AttentionView whole = SampleCharts.attention(3, 4, 1);
    Set<String> left = Set.of("L1H1", "L2H3");
    Page page =
        open(
            HtmlReport.titled("t")
                .add(
                    new AttentionView(
                        whole.title(),
                        whole.prompt(),
                        whole.heads().stream().filter(h -> !left.contains(h.label())).toList())));
    page.locator(".head[aria-label=L1H0]").click();
    Locator title = page.locator(".reading-title");
    page.keyboard().press("ArrowRight");
    assertThat(title.innerText()).startsWith("L1H2");
    page.keyboard().press("ArrowDown");
    page.keyboard().press("End");
    assertThat(title.innerText()).startsWith("L2H2");
    page.keyboard().press("ArrowRight");
    assertThat(title.innerText()).startsWith("L2H2");
    page.close();
  }

  @Test
  void linesThatDifferByRoundingAloneAreDrawn() throws IOException {
    LineChart flat =
        new LineChart(
            "Flat",
            new Axis("layer", List.of("0", "1")),
            "u",
            List.of(new LineChart.Line("a", List.of(.3, .1 + .2), List.of())));
    Page page = open(HtmlReport.titled("t").add(flat));
    assertThat(chart(page, "line").locator("svg path").count()).isPositive();
    page.close();
  }

  @Test
  void turnedLabelsAreWhole() throws IOException {
    List<String> names =
        IntStream.range(0, 30).mapToObj(i -> (i + 1_000_000) + "_attn_out").toList();
    List<Double> values = IntStream.range(0, 30).mapToObj(i -> (double) i).toList();
    LineChart line =
        new LineChart(
            "Long",
            new Axis("layer", names),
            "u",
            List.of(new LineChart.Line("a", values, List.of())));
    Page page = open(HtmlReport.titled("t").add(line));
    Locator chart = chart(page, "line");
    BoundingBox first = box(chart.locator("text[data-place='0']"));
    assertThat(first.x).isGreaterThanOrEqualTo(box(chart.locator(".surface svg")).x);
    page.close();
  }

  @Test
  void signsThatTurnTextAroundAreSeen() throws IOException {
    String token = "a\u202eb\u2066c\u2060d";
    Page page =
        open(
            HtmlReport.titled("t")
                .add(
                    new BarChart("Bars", "u", List.of(BarChart.Bar.of(token, 1))),
                    Table.titled("x", Column.text("x")).row(Cell.of(token)).build()));
    String seen = "a\\u202eb\\u2066c\\u2060d";
    assertThat(text(chart(page, "bars"), seen).count()).isEqualTo(1);
    assertThat(page.locator("figure.table td").innerText()).isEqualTo(seen);
    page.close();
  }

  @Test
  void aBrowserThatDoesNotStartIsNone() throws IOException {
    Path folder = Files.createTempDirectory("loupe-shim");
    Path shim = Files.writeString(folder.resolve("chromium-browser"), "#!/bin/sh\nexit 1\n");
    assertThat(shim.toFile().setExecutable(true)).isTrue();
    assertThat(Browser.start(folder.toString())).isEmpty();
    Files.delete(shim);
    Files.delete(folder);
  }

  @Test
  void everyChartIsSavedAsSvg() throws Exception {
    Page page = open(all());
    page.locator("figure[data-chart=scatter] .surface").press("End");
    page.keyboard().press(" ");
    List<Locator> buttons = page.locator("button:text-matches('^Save')").all();
    assertThat(buttons).hasSize(9); // two of these for each of two attention views
    for (Locator button : buttons) {
      Download download = page.waitForDownload(button::click);
      assertThat(download.suggestedFilename()).endsWith(".svg");
      try (InputStream in = download.createReadStream()) {
        Document svg = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(in);
        assertThat(svg.getDocumentElement().getTagName()).isEqualTo("svg");
        assertThat(svg.getElementsByTagName("text").getLength()).isGreaterThan(4);
        assertThat(svg.getElementsByTagName("*").getLength()).isGreaterThan(10);
        assertThat(svg.getDocumentElement().getTextContent()).doesNotContain("NaN", "undefined");
      }
    }
    page.close();
  }

  @Test
  void nothingIsNaNOrWiderThanASmallScreen() throws IOException {
    Map<HtmlReport, ColorScheme> pages =
        Map.of(
            all(), ColorScheme.LIGHT,
            SampleCharts.edges(), ColorScheme.DARK,
            HtmlReportTest.hostile(), ColorScheme.LIGHT);
    for (var entry : pages.entrySet()) {
      Page page = browser.open(entry.getKey(), 360, entry.getValue(), false);
      assertThat(page.evaluate("document.documentElement.scrollWidth")).isEqualTo(360);
      assertThat(
              (String)
                  page.evaluate(
                      "[...document.querySelectorAll('svg')].map(s => s.outerHTML).join()"))
          .doesNotContain("NaN", "undefined", "Infinity");
      assertThat(
              page.evaluate(
                  "[...document.querySelectorAll('figure.chart')]"
                      + ".filter(f => !f.querySelector('.surface :is(svg, td)')).length"))
          .isEqualTo(0);
      page.close();
    }
  }

  @Test
  void tabReachesEveryChartAndShowsWhereItIs() throws IOException {
    Page page = open(all());
    Object surfaces =
        page.evaluate(
            "[...document.querySelectorAll('.surface, .reading .tokens, .heads')].map((e, i) => e.dataset.n = i).length");
    Set<String> reached = new LinkedHashSet<>();
    String at = "";
    while (!at.equals("end")) {
      page.keyboard().press("Tab");
      at =
          (String)
              page.evaluate(
                  """
                  (() => {
                    const at = document.activeElement;
                    if (at === document.body) return 'end';
                    const seen = getComputedStyle(at).outlineStyle !== 'none';
                    return seen ? at.dataset.n ?? at.closest('.heads')?.dataset.n ?? '' : 'unseen';
                  })()\
                  """);
      reached.add(at);
    }
    reached.removeAll(List.of("", "end"));
    assertThat(reached).doesNotContain("unseen").hasSize(((Number) surfaces).intValue());
    page.close();
  }

  @Test
  void tapLocksAndTapElsewhereLetsGo() throws IOException {
    Page page = browser.open(all(), 400, ColorScheme.DARK, true);
    Locator cell = chart(page, "grid").locator(".surface td").first();
    cell.tap();
    assertThat(tip(page).innerText()).contains("locked");
    page.locator("h1").tap();
    assertThat(tip(page).count()).isZero();

    Locator scatter = chart(page, "scatter");
    BoundingBox left = point(page, scatter, "Home");
    page.touchscreen().tap(left.x, left.y);
    assertThat(tip(page).innerText()).contains("L10H2", "locked");
    page.getByText("Select the locked point").tap();
    assertThat(scatter.locator(".selection tbody tr").count()).isEqualTo(1);
    page.close();
  }

  @Test
  void aDarkPageIsDrawnOnceForPaper() throws IOException {
    Page page = browser.open(all(), 1000, ColorScheme.DARK, false);
    String drawing = "document.querySelector('figure[data-chart=heatmap] .surface svg')";
    page.evaluate("dispatchEvent(new Event('beforeprint'))");
    page.evaluate(drawing + ".dataset.seen = 'yes'");
    page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(ColorScheme.LIGHT));
    assertThat(page.evaluate(drawing + ".dataset.seen")).isEqualTo("yes");
    page.evaluate("dispatchEvent(new Event('afterprint'))");
    assertThat(page.evaluate(drawing + ".dataset.seen")).isNull();
    page.close();
  }

  @Test
  void paperShowsGridsWhole() throws IOException {
    Page page = open(all());
    Locator grid = chart(page, "grid");
    page.evaluate("dispatchEvent(new Event('beforeprint'))");
    assertThat(grid.locator(".surface svg").count()).isPositive();
    assertThat(text(grid, "final_post").count()).isPositive();
    page.evaluate("dispatchEvent(new Event('afterprint'))");
    assertThat(grid.locator(".surface td").count()).isEqualTo(13 * 15);
    page.close();
  }
}
