package dev.loupe.explorer;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.options.ColorScheme;
import dev.loupe.report.Browser;
import io.javalin.Javalin;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a browser makes of the guard's words: of its cookie, and of a page that is not ours. */
class GuardBrowserTest {
  private static final String TOKEN = "0123456789abcdef";

  /** Asks in a way that browsers let any page ask; returns a status, 0 for one that is hidden. */
  private static final String ASK =
      """
      async ([url, mode, type]) => {
        const request = type === 'GET'
          ? { mode, credentials: 'include' }
          : { mode, method: 'POST', body: '{}', headers: { 'Content-Type': type } };
        try {
          return (await fetch(url, request)).status;
        } catch (error) {
          return error.name;
        }
      }
      """;

  private static Optional<Browser> found = Optional.empty();
  private static Browser browser;

  @BeforeAll
  static void start() {
    found = Browser.start(System.getenv().getOrDefault("PATH", ""));
    Assumptions.assumeTrue(
        found.isPresent(), "no chromium on the PATH that starts: the guard is not tried out");
    browser = found.orElseThrow();
  }

  @AfterAll
  static void stop() {
    found.ifPresent(Browser::close);
  }

  @Test
  void theTokenLeavesTheAddressAndOpensWhatFollows() {
    var options = ExplorerOptions.standard().withPort(0);
    try (var explorer =
        Explorer.start(new FakeWorkbench(), options.withHost("127.0.0.1", Optional.of(TOKEN)))) {
      var root = "http://127.0.0.1:" + explorer.port() + "/";
      var page = browser.open(explorer.url() + "&layer=1#rest", 1000, ColorScheme.LIGHT, false);
      assertThat(page.title()).isEqualTo("Loupe explorer");
      assertThat(page.url()).startsWith(root).doesNotContain("token");
      assertThat(page.evaluate("document.cookie")).isEqualTo("");
      assertThat(page.evaluate(ASK, List.of(root + "api/model", "same-origin", "GET")))
          .isEqualTo(200);
      assertThat(page.evaluate(ASK, List.of(root + "api/view", "cors", "application/json")))
          .isEqualTo(200);
      page.close();
      var stranger = browser.open(root, 1000, ColorScheme.LIGHT, false);
      assertThat(stranger.content()).contains("asks for its token");
      stranger.close();
    }
  }

  @Test
  void aPageOfAnotherSiteNeitherAsksNorReads() {
    var workbench = new FakeWorkbench();
    var foreign =
        Javalin.create(config -> {
          config.startup.showJavalinBanner = false;
          config.routes.get("/", request -> request.html("<!doctype html><title>evil</title>"));
        });
    foreign.start("127.0.0.1", 0);
    try (var explorer = Explorer.start(workbench, ExplorerOptions.standard().withPort(0))) {
      var page =
          browser.open("http://localhost:" + foreign.port() + "/", 1000, ColorScheme.LIGHT, false);
      var root = "http://127.0.0.1:" + explorer.port() + "/";
      var ways =
          Map.of(
              "cors",
              List.of("GET", "text/plain", "application/json"),
              "no-cors",
              List.of("GET", "text/plain", "application/json"));
      ways.forEach((mode, types) -> {
        for (var type : types) {
          for (var path : List.of("api/view", "api/model", "api/examples?task=ioi", "")) {
            assertThat(page.evaluate(ASK, List.of(root + path, mode, type)))
                .as(mode + " " + type + " " + path)
                .isEqualTo("TypeError");
          }
        }
      });
      assertThat(workbench.views).hasValue(0);
      page.close();
    } finally {
      foreign.stop();
    }
  }
}
