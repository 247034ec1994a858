package dev.loupe.explorer;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What people type, and those who mean no good. */
@Timeout(180)
class PromptsTest {
  @RegisterExtension private static final Visits VISITS = Visits.toDemo();

  private static final String HOSTILE =
      "<img src=x onerror=alert(1)><script>alert(2)</script>'\"`${alert(3)}";

  private Visitor visitor;

  @BeforeEach
  void open() {
    visitor = VISITS.visit().settle();
  }

  @AfterEach
  void nothingWentWrong() {
    // Chromium itself tells of what the server refuses.
    assertThat(VISITS.complaints("status of 422")).isEmpty();
    assertThat(visitor.strangers()).isEmpty();
    assertThat(visitor.has("img, body script, iframe, [onerror]")).isFalse();
    visitor.close();
  }

  private void failed(String field, String words) {
    assertThat(visitor.at("#" + field + "-note")).containsText(words);
    assertThat(visitor.at("#" + field)).hasAttribute("aria-invalid", "true");
    assertThat(visitor.at("#main")).hasAttribute("data-state", "failed");
  }

  @Test
  void textsOfDifferentLengthsAreExplained() {
    var whole = visitor.at("#corrupted").inputValue();
    visitor.follow(() -> visitor.at("#corrupted").fill(whole.substring(0, whole.lastIndexOf(' '))));
    assertThat(visitor.at("#corrupted-note")).containsText("tokens");
    assertThat(visitor.at("#corrupted-note")).hasText(Pattern.compile("\\d+"));
    assertThat(visitor.has(".aligned .gap")).isTrue();
    visitor.follow(() -> visitor.at("#corrupted").fill(whole));
    assertThat(visitor.at("#corrupted-note")).isEmpty();
  }

  @Test
  void aWordThatTheModelDoesNotKnowIsNamedAtItsField() {
    visitor.at("#clean").fill("When Mary and Zebulon went to the store, Mary gave it to");
    failed("clean", "Zebulon");
    visitor.at("#clean").fill("");
    assertThat(visitor.at("#main")).hasAttribute("data-state", "empty");
    visitor.follow(() -> visitor.click("[data-example='0']"));
    visitor.at("#answer").fill("Zebulon");
    visitor.keyboard().press("Enter");
    failed("answer", "Zebulon");
    visitor.follow(() -> visitor.click("[data-example='1']"));
    assertThat(visitor.at("#answer")).hasAttribute("aria-invalid", "false");
  }

  @Test
  void aPositionOfAnInterventionThatIsNoneIsTold() {
    visitor.follow(() -> visitor.click("#intervention-add"));
    visitor.at("[data-field=at]").fill("S9");
    visitor.keyboard().press("Enter");
    assertThat(visitor.at("#general-note")).containsText("S9");
    assertThat(visitor.at("#main")).hasAttribute("data-state", "failed");
    visitor.follow(() -> {
      visitor.at("[data-field=at]").fill("S2");
      visitor.keyboard().press("Enter");
    });
    assertThat(visitor.at("#general-note")).isEmpty();
  }

  @Test
  void tokensAreCompleted() {
    visitor.at("#answer").fill("");
    visitor.at("#answer").pressSequentially("Jo");
    assertThat(visitor.at("#answer-list [role=option]").first()).isVisible();
    visitor.follow(() ->
        visitor.click("#answer-list [data-token=' John'], #answer-list [role=option] >> nth=0"));
    assertThat(visitor.at("#answer").inputValue()).startsWith(" Jo");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        HOSTILE,
        "👩🏽‍🚀🇺🇳 \uD83D",
        "\u202eevil\u202c שלום עולם مرحبا",
        "\u0000\u0007\t\n"
      })
  void hostileTextStaysText(String text) {
    for (var field : List.of("clean", "corrupted", "answer", "wrong")) {
      var input = visitor.at("#" + field);
      input.fill(text);
      visitor.page().evaluate("() => document.activeElement.blur()");
      visitor.page().waitForTimeout(400);
      visitor.click("[data-example='" + (field.equals("clean") ? 1 : 0) + "']").settle();
    }
    visitor.at("#position-name").fill(text);
    visitor.keyboard().press("Enter");
    visitor.page().waitForTimeout(300);
    assertThat(visitor.page().title()).isEqualTo("Loupe explorer: demo");
  }

  @Test
  void aHostileLinkStaysText() {
    var text = URLEncoder.encode(HOSTILE, StandardCharsets.UTF_8);
    var fields =
        List.of(
            "task",
            "clean",
            "answer",
            "metric",
            "grid",
            "change",
            "shade",
            "ablation",
            "nodes",
            "do",
            "positions",
            "layer",
            "at",
            text);
    for (var field : fields) {
      var value =
          field.equals("do") ? "zero(" + text + ",head=" + text + ",at=" + text + ")" : text;
      var name = field.equals("positions") ? text + ":2" : value;
      try (var guest = VISITS.visit("#clean=When+Mary+and+John+went&" + field + "=" + name)) {
        guest.page().waitForTimeout(400);
        assertThat(guest.has("img, body script, iframe, [onerror]")).as(field).isFalse();
        assertThat(guest.has("#tokens")).isTrue();
        assertThat(guest.strangers()).isEmpty();
      }
    }
  }

  @Test
  void whatNobodyKnowsInALinkIsLeftOut() {
    try (var guest =
        VISITS.visit(
            "#clean=When+Mary+and+John+went&layer=99&head=99&direction=up&grid=mood&x=1")) {
      guest.at("#main[data-state=fresh]").waitFor();
      assertThat(guest.at("#head-name")).hasText("L3H7");
      assertThat(guest.at("#kind-patching")).isChecked();
    }
  }
}
