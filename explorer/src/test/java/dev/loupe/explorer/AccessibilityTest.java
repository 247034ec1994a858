package dev.loupe.explorer;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.KeyboardModifier;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What axe-core finds in the page's states: nothing serious. */
@Timeout(180)
class AccessibilityTest {
  /** Returns what it finds, and that it has tried too few rules. */
  private static final String RUN =
      """
      async () => {
        const { violations, passes } = await axe.run(document, { resultTypes: ['violations', 'passes'] });
        const found = violations
          .filter(({ impact }) => ['serious', 'critical'].includes(impact))
          .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target} ${node.failureSummary}`));
        return passes.length > 15 ? found : [...found, `only ${passes.length} rules were tried`];
      }
      """;

  @RegisterExtension private static final Visits VISITS = Visits.toDemo();

  private static String axe = "";

  @BeforeAll
  static void load() throws IOException {
    try (var file = AccessibilityTest.class.getResourceAsStream("/axe.min.js")) {
      axe =
          new String(
              Objects.requireNonNull(file, "no axe-core").readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static void check(Visitor visitor, String state) {
    assertThat(found(visitor)).as(state).isEmpty();
  }

  private static List<?> found(Visitor visitor) {
    visitor.page().evaluate(axe);
    return (List<?>) visitor.page().evaluate(RUN);
  }

  @ParameterizedTest
  @CsvSource({"1440, LIGHT", "1440, DARK", "1024, LIGHT", "1024, DARK", "390, LIGHT", "390, DARK"})
  void nothingSeriousIsFound(int width, ColorScheme scheme) {
    try (var visitor = VISITS.visit(VISITS.port(), "", width, scheme)) {
      visitor.settle();
      check(visitor, "fresh");
      visitor.follow(() -> visitor.clickHead(2, 1, KeyboardModifier.SHIFT));
      visitor.follow(() -> visitor.clickHead(3, 2, KeyboardModifier.ALT));
      visitor.follow(() -> visitor.click("#intervention-add"));
      check(visitor, "interventions");
      visitor.click("#circuit-suggest");
      visitor.at("#circuit-panel[data-run=done]").waitFor();
      visitor.settle();
      check(visitor, "circuit");
      visitor.at("#clean").fill("When Mary and Zebulon went");
      visitor.at("#main[data-state=failed]").waitFor();
      check(visitor, "error");
    }
  }

  @ParameterizedTest
  @CsvSource({"LIGHT", "DARK"})
  void aProblemWouldBeFound(ColorScheme scheme) {
    try (var visitor = VISITS.visit(VISITS.port(), "", 1440, scheme)) {
      visitor.page().evaluate("() => document.querySelector('label[for=clean]').remove()");
      assertThat(found(visitor).toString()).contains("label: #clean");
    }
  }
}
