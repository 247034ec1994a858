package dev.loupe.report;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Download;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.BoundingBox;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.Media;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;

/** What a drawn circuit does when a person points, clicks, types and saves. */
class CircuitBrowserTest {
  private static Optional<Browser> found = Optional.empty();
  private static Browser browser;

  @BeforeAll
  static void start() {
    found = Browser.start(System.getenv().getOrDefault("PATH", ""));
    Assumptions.assumeTrue(
        found.isPresent(), "no chromium on the PATH that starts: circuits are not tried out");
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

  private static Page open(int width, ColorScheme scheme) throws IOException {
    return browser.open(SampleCircuits.report(), width, scheme, false);
  }

  private static Locator tip(Page page) {
    return page.locator(".tip.shown");
  }

  private static Locator node(Page page, String id) {
    Locator chart = page.locator("figure[data-chart=circuit]").first();
    chart.evaluate("e => e.scrollIntoView({block: 'center'})");
    return chart.locator(".node", new Locator.LocatorOptions().setHasText(id)).first();
  }

  private static Object lit(Page page) {
    return page.evaluate("document.querySelectorAll('[data-edge].on').length");
  }

  @Test
  void hoverShowsWhatANodeIsJoinedTo() throws IOException {
    Page page = open(1000, ColorScheme.LIGHT);
    node(page, "a9.h6").hover();
    assertThat(tip(page).innerText())
        .contains("head, layer 9 · name mover", "a9.h6", "copies the name that END looks at")
        .contains("to logits", "+0.63", "from a8.h6", "+0.27", "from a7.h3", "+0.18");
    assertThat(lit(page)).isEqualTo(3);
    assertThat(page.locator(".node.on").count()).isEqualTo(4);
    node(page, "input").hover();
    assertThat(tip(page).innerText()).contains("token and position embeddings", "to m0", "+0.8");
    page.mouse().move(2, 2);
    assertThat(tip(page).count()).isZero();
    assertThat(lit(page)).isEqualTo(0);
    page.close();
  }

  @Test
  void hoverShowsAnEdge() throws IOException {
    Page page = open(1000, ColorScheme.LIGHT);
    node(page, "a9.h6");
    Object middle =
        page.evaluate(
            """
            (() => {
              const path = document.querySelector('[data-edge="7"] path');
              const at = path.getPointAtLength(path.getTotalLength() / 2);
              const box = path.ownerSVGElement.getBoundingClientRect();
              return [box.left + at.x + 2, box.top + at.y];
            })()\
            """);
    var at = ((List<?>) middle).stream().mapToDouble(v -> ((Number) v).doubleValue());
    double[] place = at.toArray();
    page.mouse().move(place[0], place[1]);
    assertThat(tip(page).innerText()).contains("a7.h3 → a9.h6", "+0.18", "through queries");
    assertThat(lit(page)).isEqualTo(1);
    page.close();
  }

  @Test
  void clickLocksUntilEscapeOrAClickElsewhere() throws IOException {
    Page page = open(1000, ColorScheme.LIGHT);
    node(page, "a9.h9").click();
    String locked = tip(page).innerText();
    assertThat(locked).contains("a9.h9", "locked");
    page.mouse().move(2, 2);
    assertThat(tip(page).innerText()).isEqualTo(locked);
    assertThat(lit(page)).isEqualTo(3);
    page.keyboard().press("Escape");
    assertThat(tip(page).count()).isZero();
    node(page, "a9.h9").click();
    page.locator("h1").click();
    assertThat(tip(page).count()).isZero();
    page.close();
  }

  @Test
  void keysLeadThroughTheLayersAndAreSpoken() throws IOException {
    Page page = open(1000, ColorScheme.LIGHT);
    Locator surface = page.locator("figure[data-chart=circuit] .surface").first();
    surface.press("PageUp");
    assertThat(tip(page).innerText()).contains("logits");
    page.keyboard().press("ArrowDown");
    assertThat(tip(page).innerText()).contains("a10.h7");
    page.keyboard().press("ArrowDown");
    page.keyboard().press("Home");
    String left = tip(page).locator(".value").innerText();
    page.keyboard().press("ArrowRight");
    String right = tip(page).locator(".value").innerText();
    assertThat(Set.of(left, right)).containsExactlyInAnyOrder("a9.h6", "a9.h9");
    assertThat(page.locator("body > [aria-live]").innerText()).contains(right, "to logits");
    page.keyboard().press("Enter");
    assertThat(tip(page).innerText()).contains("locked");
    page.keyboard().press("PageDown");
    assertThat(tip(page).innerText()).contains("input");
    page.close();
  }

  @Test
  void aSmallScreenScrollsTheCircuitAndNotThePage() throws IOException {
    Page page = open(390, ColorScheme.DARK);
    assertThat(page.evaluate("document.documentElement.scrollWidth")).isEqualTo(390);
    assertThat(
            page.evaluate(
                "[...document.querySelectorAll('.stage')].map(s => s.scrollWidth > s.clientWidth).join()"))
        .isEqualTo("false,true,true,true,true,true");
    Object drawn =
        page.evaluate("document.querySelectorAll('.circuit')[1].getBoundingClientRect().width");
    assertThat(((Number) drawn).doubleValue()).as("not made small").isGreaterThan(700);
    Object label =
        page.evaluate(
            """
            new Promise(done => {
              const stage = document.querySelectorAll('.stage')[4];
              const began = stage.scrollLeft;
              stage.scrollLeft = 150;
              requestAnimationFrame(() => requestAnimationFrame(() => {
                const label = stage.querySelector('.layer').getBoundingClientRect();
                done([began, stage.scrollLeft > 100, label.left >= 0 && label.right < 70].join());
              }));
            })\
            """);
    assertThat(label)
        .as("nodes alone from the left; layers stay in sight")
        .isEqualTo("0,true,true");
    Locator wide = page.locator(".surface").nth(4);
    wide.press("PageUp");
    wide.press("End");
    BoundingBox shown = tip(page).boundingBox();
    assertThat(shown).isNotNull();
    assertThat(shown.x + shown.width).isLessThanOrEqualTo(390);
    Object reached =
        page.evaluate("document.querySelector('.node.chosen').getBoundingClientRect().right");
    assertThat(((Number) reached).doubleValue()).isLessThanOrEqualTo(390);
    page.close();
  }

  @Test
  void darkIsForScreensAndPaperIsLight() throws IOException {
    Page page = open(1000, ColorScheme.DARK);
    String fill = "getComputedStyle(document.querySelector('.body')).fill";
    String stroke = "getComputedStyle(document.querySelector('.negative')).stroke";
    assertThat(page.evaluate(fill)).isEqualTo("rgb(20, 23, 27)");
    assertThat(page.evaluate(stroke)).isEqualTo("rgb(234, 119, 103)");
    page.emulateMedia(new Page.EmulateMediaOptions().setMedia(Media.PRINT));
    assertThat(page.evaluate(fill)).isEqualTo("rgb(255, 255, 255)");
    assertThat(page.evaluate(stroke)).isEqualTo("rgb(217, 97, 79)");
    assertThat(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        .isEqualTo("rgb(255, 255, 255)");
    page.close();
  }

  @Test
  void itIsSavedWithItsLegend() throws Exception {
    Page page = open(1000, ColorScheme.DARK);
    node(page, "a9.h6").click();
    Locator button = page.locator("button:text-matches('^Save')").first();
    Download download = page.waitForDownload(button::click);
    try (InputStream in = download.createReadStream()) {
      Document svg = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(in);
      assertThat(svg.getDocumentElement().getTextContent())
          .contains("How the name is moved", "a9.h6", "negative name mover", "MLP", "L11–23")
          .doesNotContain("NaN", "undefined");
      assertThat(svg.getElementsByTagName("path").getLength()).isGreaterThan(16);
    }
    page.close();
  }
}
