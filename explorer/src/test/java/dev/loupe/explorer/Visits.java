package dev.loupe.explorer;

import static java.util.Objects.requireNonNull;

import com.microsoft.playwright.options.ColorScheme;
import dev.loupe.model.HookedTransformer;
import dev.loupe.report.Browser;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The real explorer on a model, for a class of tests, and a browser to visit it with. */
final class Visits implements BeforeAllCallback, AfterAllCallback {
  private final Supplier<HookedTransformer> load;
  private @Nullable Browser browser;
  private @Nullable HookedTransformer model;
  private @Nullable Explorer explorer;
  private int errorsSeen;

  private Visits(Supplier<HookedTransformer> load) {
    this.load = load;
  }

  static Visits to(Supplier<HookedTransformer> load) {
    return new Visits(load);
  }

  static Visits toDemo() {
    return to(() -> HookedTransformer.load("demo"));
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    var found = Browser.start(System.getenv().getOrDefault("PATH", ""));
    Assumptions.assumeTrue(
        found.isPresent(), "no chromium on the PATH that starts: the page is not tried out");
    browser = found.orElseThrow();
    model = load.get();
    explorer = serve(0);
  }

  @Override
  public void afterAll(ExtensionContext context) {
    for (var each : Arrays.asList(browser, explorer, model)) {
      if (each != null) {
        try {
          each.close();
        } catch (Exception e) {
          throw new IllegalStateException(e);
        }
      }
    }
  }

  HookedTransformer model() {
    return requireNonNull(model);
  }

  int port() {
    return requireNonNull(explorer).port();
  }

  /** Serves the model a second time. */
  Explorer serve(int port) {
    return Explorer.start(model(), ExplorerOptions.standard().withPort(port));
  }

  /** Opens the page as somebody new, with its first example. */
  Visitor visit() {
    return visit("");
  }

  Visitor visit(String fragment) {
    return visit(port(), fragment, 1440, ColorScheme.LIGHT);
  }

  Visitor visit(int port, String fragment, int width, ColorScheme scheme) {
    return Visitor.open(requireNonNull(browser), port, fragment, width, scheme);
  }

  /** Returns what consoles complained of since this was last asked, but for what is expected. */
  List<String> complaints(String... expected) {
    var all = requireNonNull(browser).errors();
    var found = new ArrayList<>(all.subList(errorsSeen, all.size()));
    errorsSeen = all.size();
    found.removeIf(error -> Arrays.stream(expected).anyMatch(error::contains));
    return found;
  }
}
