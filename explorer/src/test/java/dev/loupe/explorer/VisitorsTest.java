package dev.loupe.explorer;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.KeyboardModifier;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The page over time: links, history, other visitors, and a server that goes away. */
@Timeout(180)
class VisitorsTest {
  @RegisterExtension private static final Visits VISITS = Visits.toDemo();

  private Visitor visitor;

  @BeforeEach
  void open() {
    visitor = VISITS.visit().settle();
  }

  @AfterEach
  void nothingWentWrong() {
    assertThat(VISITS.complaints()).isEmpty();
    assertThat(visitor.strangers()).isEmpty();
    visitor.close();
  }

  /** Makes a view in which nothing is as it was when the page opened. */
  private static void explore(Visitor visitor) {
    visitor.follow(() -> visitor.click("[data-example='3']"));
    visitor.follow(() -> visitor.clickHead(2, 1, KeyboardModifier.SHIFT));
    visitor.follow(() -> visitor.clickHead(3, 2, KeyboardModifier.ALT));
    visitor.follow(() -> visitor.clickHead(3, 5));
    visitor.follow(() -> visitor.click("#lens [data-cell='1.4']"));
    visitor.follow(() -> visitor.at("#metric").selectOption("probability-difference"));
    visitor.click("#kind-attention");
    visitor.click("#head-join");
    visitor.click("#shade-rank");
    visitor.settle();
  }

  @Test
  void aReloadAndALinkGiveTheSameView() {
    explore(visitor);
    var numbers = visitor.numbers();
    var words = visitor.at("main").innerText();
    visitor.page().reload();
    visitor.settle();
    assertThat(visitor.numbers()).isEqualTo(numbers);
    assertThat(timeless(visitor.at("main").innerText())).isEqualTo(timeless(words));
    try (var other = VISITS.visit(visitor.fragment())) {
      other.settle();
      assertThat(other.numbers()).isEqualTo(numbers);
      assertThat(other.fragment()).isEqualTo(visitor.fragment());
    }
  }

  private static String timeless(String text) {
    return text.replaceAll("[\\d.]+ (ms|s)\\b", "time");
  }

  @Test
  void backAndForwardWalkThroughTheViews() {
    var opened = visitor.numbers();
    visitor.follow(() -> visitor.clickHead(2, 1, KeyboardModifier.SHIFT));
    var ablated = visitor.numbers();
    visitor.follow(() -> visitor.click("[data-example='1']"));
    visitor.follow(() -> visitor.page().goBack());
    assertThat(visitor.numbers()).isEqualTo(ablated);
    visitor.follow(() -> visitor.page().goBack());
    assertThat(visitor.numbers()).isEqualTo(opened);
    visitor.follow(() -> visitor.page().goForward());
    assertThat(visitor.numbers()).isEqualTo(ablated);
  }

  @Test
  void twoVisitorsDoNotDisturbEachOther() {
    try (var other = VISITS.visit()) {
      other.settle();
      var untouched = other.numbers();
      explore(visitor);
      var explored = visitor.numbers();
      assertThat(other.numbers()).isEqualTo(untouched);
      // Both at once, neither waiting for the other.
      for (int head = 0; head < 6; head++) {
        other.clickHead(1, head, KeyboardModifier.SHIFT);
        visitor.clickHead(0, head, KeyboardModifier.SHIFT);
      }
      for (int head = 5; head >= 0; head--) {
        visitor.clickHead(0, head, KeyboardModifier.SHIFT);
        other.clickHead(1, head, KeyboardModifier.SHIFT);
      }
      visitor.settle();
      other.settle();
      assertThat(visitor.numbers()).isEqualTo(explored);
      assertThat(other.numbers()).isEqualTo(untouched);
    }
  }

  @Test
  void thePageWaitsForAServerThatIsRestarted() {
    var first = VISITS.serve(0);
    int port = first.port();
    try (var guest = VISITS.visit(port, "", 1440, ColorScheme.LIGHT)) {
      guest.follow(() -> guest.clickHead(2, 1, KeyboardModifier.SHIFT));
      var numbers = guest.numbers();
      first.close();
      guest.clickHead(3, 5);
      assertThat(guest.at("#banner")).containsText("The server does not answer");
      assertThat(guest.at("#main")).hasAttribute("data-state", "gone");
      guest.clickHead(0, 0);
      try (var _ = VISITS.serve(port)) {
        guest.settle();
        assertThat(guest.at("#banner")).containsText("restarted");
        var back = guest.numbers();
        assertThat(back.at("/view/metric")).isEqualTo(numbers.at("/view/metric"));
        assertThat(back.at("/view/attention/layer").intValue()).isZero();
        guest.follow(() -> guest.clickHead(2, 1, KeyboardModifier.SHIFT));
        assertThat(guest.has("[data-intervention]")).isFalse();
      }
      assertThat(
              VISITS.complaints(
                  "ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "503", "ERR_EMPTY_RESPONSE"))
          .isEmpty();
    } finally {
      first.close();
    }
  }

  @Test
  void aBusyServerIsAskedAgain() {
    var busy =
        new Route.FulfillOptions()
            .setStatus(503)
            .setHeaders(Map.of("Retry-After", "3", "Content-Type", "application/json"))
            .setBody("{\"error\":\"The model is busy.\"}");
    visitor
        .page()
        .route("**/api/view", route -> route.fulfill(busy), new Page.RouteOptions().setTimes(1));
    visitor.clickHead(2, 1, KeyboardModifier.SHIFT);
    assertThat(visitor.at("#banner")).hasText(Pattern.compile("busy: trying again in [123] s"));
    assertThat(visitor.at("[data-metric=intervened]")).isVisible();
    assertThat(visitor.at("#banner")).isHidden();
    assertThat(VISITS.complaints("503")).isEmpty();
  }
}
