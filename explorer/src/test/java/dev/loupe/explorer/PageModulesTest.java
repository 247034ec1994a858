package dev.loupe.explorer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.PlaywrightException;
import com.microsoft.playwright.options.ColorScheme;
import dev.loupe.report.Browser;
import io.javalin.Javalin;
import io.javalin.http.Context;
import io.javalin.http.NotFoundResponse;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Runs the tests of the page's modules in a browser. A file NAME.test.js exports tests, an object
 * of functions by what they show; one that throws, or whose promise is rejected, has failed.
 */
class PageModulesTest {
  private static final String TESTS = ".test.js";

  private static final String NAMES = "async file => Object.keys((await import(file)).tests)";

  /** Returns the error's words and where it is, or nothing. */
  private static final String RUN =
      """
      async ([file, name]) => {
        const { tests } = await import(file);
        let timer;
        const late = new Promise((_, reject) => {
          timer = setTimeout(() => reject(new Error('not done after 10 seconds')), 10000);
        });
        try {
          await Promise.race([tests[name](), late]);
          return '';
        } catch (error) {
          return `${error}\\n${error?.stack ?? ''}`;
        } finally {
          clearTimeout(timer);
        }
      }
      """;

  private static final String BROKEN =
      """
      export const tests = {
        throws() { throw new Error('thrown'); },
        async rejects() { throw new Error('later'); },
        passes() {},
      };
      """;

  private static final Assets PAGE = Assets.ofPage();
  private static final Assets FILES =
      Assets.beside(
          Objects.requireNonNull(
              PageModulesTest.class.getResource("check.js"), "no tests of modules"));

  private static Optional<Browser> found = Optional.empty();
  private static Browser browser;
  private static Javalin server;

  @BeforeAll
  static void start() {
    found = Browser.start(System.getenv().getOrDefault("PATH", ""));
    Assumptions.assumeTrue(
        found.isPresent(), "no chromium on the PATH that starts: the page is not tried out");
    browser = found.orElseThrow();
    server =
        Javalin.create(config -> {
          config.startup.showJavalinBanner = false;
          config.routes.before(request -> Guard.HEADERS.forEach(request::header));
          config.routes.get("/", request -> request.html("<!doctype html><title>t</title>"));
          config.routes.get(
              "/broken.js",
              request -> request.contentType("text/javascript; charset=utf-8").result(BROKEN));
          config.routes.get("/assets/{name}", request -> send(request, PAGE));
          config.routes.get("/test/{name}", request -> send(request, FILES));
        });
    server.start("127.0.0.1", 0);
  }

  @AfterAll
  static void stop() {
    found.ifPresent(it -> {
      it.close();
      server.stop();
    });
  }

  private static void send(Context request, Assets assets) {
    var asset = assets.find(request.pathParam("name")).orElseThrow(NotFoundResponse::new);
    request.contentType(asset.type()).result(asset.bytes());
  }

  private static List<String> files() {
    return StreamSupport.stream(FILES.names().spliterator(), false)
        .filter(name -> name.endsWith(TESTS))
        .toList();
  }

  @Test
  void thereAreTests() {
    assertThat(files()).isNotEmpty();
  }

  @TestFactory
  Stream<DynamicContainer> modules() {
    return files().stream()
        .map(file -> DynamicContainer.dynamicContainer(file, tests("/test/" + file)));
  }

  private static Page open() {
    var address = "http://127.0.0.1:" + server.port() + "/";
    return browser.open(address, 1000, ColorScheme.LIGHT, false);
  }

  private static Stream<DynamicTest> tests(String file) {
    var page = open();
    List<?> names;
    try {
      names = (List<?>) page.evaluate(NAMES, file);
    } catch (PlaywrightException e) {
      page.close();
      return Stream.of(DynamicTest.dynamicTest("is a module", () -> fail(e.getMessage(), e)));
    }
    if (names.isEmpty()) {
      page.close();
      return Stream.of(DynamicTest.dynamicTest("has tests", () -> fail(file + " has no tests")));
    }
    return Stream.concat(
        names.stream()
            .map(name ->
                DynamicTest.dynamicTest(name.toString(), () -> run(page, file, name.toString()))),
        Stream.of(DynamicTest.dynamicTest("its page closes", page::close)));
  }

  private static void run(Page page, String file, String name) {
    var error = String.valueOf(page.evaluate(RUN, List.of(file, name)));
    if (!error.isEmpty()) {
      fail(error);
    }
  }

  /** Holds the harness itself: what throws, is rejected or never ends comes back in words. */
  @Test
  void aFailureIsSeen() {
    var page = open();
    assertThat(page.evaluate(RUN, List.of("/broken.js", "throws")).toString()).contains("thrown");
    assertThat(page.evaluate(RUN, List.of("/broken.js", "rejects")).toString()).contains("later");
    assertThat(page.evaluate(RUN, List.of("/broken.js", "passes"))).isEqualTo("");
    page.close();
  }
}
