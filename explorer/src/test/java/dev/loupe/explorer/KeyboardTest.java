package dev.loupe.explorer;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Somebody explores without a mouse: every focus is reached with Tab. */
@Timeout(180)
class KeyboardTest {
  private static final int MOST_TABS = 120;

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

  private void press(String... keys) {
    for (var key : keys) {
      visitor.keyboard().press(key);
    }
  }

  /** Presses Tab until the focus is at the selector; where it is must be seen. */
  private void tabTo(String selector) {
    for (int i = 0; i < MOST_TABS; i++) {
      press("Tab");
      if ((boolean) visitor.page().evaluate("s => document.activeElement.matches(s)", selector)) {
        assertThat(
                visitor.page().evaluate("() => document.activeElement.matches(':focus-visible')"))
            .isEqualTo(true);
        return;
      }
    }
    throw new AssertionError(MOST_TABS + " times Tab do not lead to " + selector);
  }

  @Test
  void thePromptIsChosenAndTyped() {
    tabTo("[data-example='1']");
    visitor.follow(() -> press("Enter"));
    tabTo("#answer");
    press("Control+a");
    visitor.keyboard().type("Mar");
    visitor.at("#answer-list [role=option]").first().waitFor();
    visitor.follow(() -> press("ArrowDown", "Enter"));
    assertThat(visitor.at("#answer").inputValue()).startsWith(" Mar");
    tabTo("#metric");
    visitor.follow(() -> press("ArrowDown"));
    tabTo("#tokens [data-position]");
    visitor.follow(() -> press("ArrowLeft"));
    int at = visitor.numbers().at("/view/at").intValue();
    assertThat(visitor.at("#tokens tr.clean [aria-pressed=true]"))
        .hasAttribute("data-position", String.valueOf(at));
  }

  @Test
  void headsAreChangedAndTheCircuitIsMade() {
    press("Tab");
    assertThat(visitor.at("#skip")).isFocused();
    press("Enter");
    assertThat(visitor.at("#main")).isFocused();
    tabTo("#kind-patching");
    press("ArrowRight");
    visitor.settle();
    assertThat(visitor.at("#kind-attribution")).isChecked();
    tabTo("#heads");
    press("ArrowDown", "ArrowDown", "ArrowRight");
    visitor.follow(() -> press("Enter"));
    assertThat(visitor.at("#head-name")).hasText("L2H1");
    visitor.follow(() -> press("a"));
    assertThat(visitor.at("[data-intervention]")).hasCount(1);
    visitor.follow(() -> press("ArrowRight", "p"));
    assertThat(visitor.at("[data-intervention]")).hasCount(2);
    press("c");
    visitor.at("#circuit-panel[data-run=done]").waitFor();
    assertThat(visitor.at("#circuit-nodes li")).hasCount(1);
    // The focus stays through every answer.
    assertThat(visitor.at("#heads")).isFocused();

    tabTo("[data-intervention='0'] [data-field=on]");
    visitor.follow(() -> press("Space"));
    assertThat(visitor.at("#interventions-panel .subject")).hasText("1 of 2 on");
    tabTo("[data-intervention='0'] .remove");
    press("Enter");
    assertThat(visitor.at("[data-intervention]")).hasCount(1);
    visitor.settle();
    tabTo("#circuit-suggest");
    press("Enter");
    assertThat(visitor.at("#circuit-nodes li").nth(4)).isVisible();
    visitor.settle();
    tabTo("#circuit-nodes .remove");
    int before = visitor.at("#circuit-nodes li").count();
    press("Enter");
    assertThat(visitor.at("#circuit-nodes li")).hasCount(before - 1);
    visitor.settle();
  }

  @Test
  void filesAreTakenAway() {
    tabTo("#export-all summary");
    press("Enter");
    assertThat(visitor.at("#export-all")).hasAttribute("open", "");
    press("Escape");
    assertThat(visitor.at("#export-all:not([open])")).isVisible();
    press("Enter");
    tabTo("#export-all-numbers");
    var saved = visitor.page().waitForDownload(() -> press("Enter"));
    assertThat(saved.suggestedFilename()).isEqualTo("loupe-explorer.json");
    assertThat(visitor.at("#export-all summary")).isFocused();
  }
}
