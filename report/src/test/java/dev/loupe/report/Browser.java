package dev.loupe.report;

import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.PlaywrightException;
import com.microsoft.playwright.options.ColorScheme;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Drive the Chromium of this machine: what it reports as an error is kept. */
public final class Browser implements AutoCloseable {
  private final Playwright playwright;
  private final com.microsoft.playwright.Browser chromium;
  private final List<String> errors = new ArrayList<>();

  private Browser(Playwright playwright, com.microsoft.playwright.Browser chromium) {
    this.playwright = playwright;
    this.chromium = chromium;
  }

  /** Start the first browser of a path like that of a shell, or return nothing if none starts. */
  public static Optional<Browser> start(String path) {
    var found = executables(path);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    var playwright =
        Playwright.create(
            new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
    for (Path executable : found) {
      var options =
          new BrowserType.LaunchOptions()
              .setExecutablePath(executable)
              .setArgs(List.of("--no-sandbox"));
      try {
        return Optional.of(new Browser(playwright, playwright.chromium().launch(options)));
      } catch (PlaywrightException _) {
        // Such as the one of Ubuntu, which only says that it wants to be a snap.
      }
    }
    playwright.close();
    return Optional.empty();
  }

  private static List<Path> executables(String path) {
    return Stream.of("chromium", "chromium-browser", "google-chrome")
        .flatMap(name ->
            Stream.of(path.split(File.pathSeparator, -1)).map(folder -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .toList();
  }

  /** Open a report on a window of this width; with touch, fingers point rather than a mouse. */
  Page open(HtmlReport report, int width, ColorScheme scheme, boolean touch) throws IOException {
    Path file = Files.createTempFile("loupe-charts", ".html");
    file.toFile().deleteOnExit();
    report.write(file);
    return open(file.toUri().toString(), width, scheme, touch);
  }

  /** Open an address, as somebody whom no other page here knows. */
  public Page open(String address, int width, ColorScheme scheme, boolean touch) {
    Page page =
        chromium.newPage(
            new com.microsoft.playwright.Browser.NewPageOptions()
                .setViewportSize(width, 900)
                .setColorScheme(scheme)
                .setHasTouch(touch));
    page.setDefaultTimeout(15_000);
    page.onConsoleMessage(message -> {
      if (message.type().equals("error") || message.type().equals("warning")) {
        errors.add(message.text());
      }
    });
    page.onPageError(errors::add);
    page.onDialog(dialog -> errors.add("dialog: " + dialog.message()));
    page.navigate(address);
    return page;
  }

  /** Return what consoles, scripts and dialogs complained of. */
  public List<String> errors() {
    return errors;
  }

  @Override
  public void close() {
    chromium.close();
    playwright.close();
  }
}
