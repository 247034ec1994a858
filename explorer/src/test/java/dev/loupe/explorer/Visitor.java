package dev.loupe.explorer;

import com.microsoft.playwright.Download;
import com.microsoft.playwright.Keyboard;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Mouse;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.KeyboardModifier;
import dev.loupe.report.Browser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Somebody with the page open, in a browser that no other visitor shares anything with. */
final class Visitor implements AutoCloseable {
  private static final JsonMapper JSON = new JsonMapper();

  /** Choices are painted in the next frames. */
  private static final String PAINTED =
      "() => new Promise(done => setTimeout(() =>"
          + " requestAnimationFrame(() => requestAnimationFrame(done)), 80))";

  private final Page page;
  private final String origin;
  private final List<String> strangers = new ArrayList<>();

  private Visitor(Page page, String origin) {
    this.page = page;
    this.origin = origin;
  }

  static Visitor open(Browser browser, int port, String fragment, int width, ColorScheme scheme) {
    var visitor =
        new Visitor(
            browser.open("about:blank", width, scheme, false), "http://127.0.0.1:" + port + "/");
    visitor.page.onRequest(request -> visitor.note(request.url()));
    visitor.page.onWebSocket(socket -> visitor.strangers.add(socket.url()));
    visitor.page.navigate(visitor.origin + fragment);
    visitor.at("#main[data-ready]").waitFor();
    return visitor;
  }

  private void note(String url) {
    boolean own =
        url.startsWith(origin) || url.startsWith("blob:" + origin) || url.startsWith("data:");
    if (!own) {
      strangers.add(url);
    }
  }

  /** Returns the addresses that the page asked and that are not the server's. */
  List<String> strangers() {
    return strangers;
  }

  Page page() {
    return page;
  }

  Keyboard keyboard() {
    return page.keyboard();
  }

  Mouse mouse() {
    return page.mouse();
  }

  /** Returns what is at the selector, once it is there: whatever is done with it waits. */
  Locator at(String selector) {
    return page.locator(selector);
  }

  /** Returns what stands at the selector once it is there. */
  String text(String selector) {
    return at(selector).textContent();
  }

  // ---- Clicking

  Visitor click(String selector) {
    at(selector).click();
    return this;
  }

  Visitor clickHead(int layer, int head, KeyboardModifier... with) {
    at("#heads [data-cell=\"%d.%d\"]".formatted(layer, head))
        .click(new Locator.ClickOptions().setModifiers(List.of(with)));
    return this;
  }

  /** Does something and waits until all views have followed. */
  Visitor follow(Runnable act) {
    var before = at("#main").getAttribute("data-view");
    act.run();
    at("#main[data-state=fresh]:not([data-view=\"%s\"])".formatted(before)).waitFor();
    return settle();
  }

  /** Does something and waits until the browser has painted its answer, grid and circuit aside. */
  void answered(Runnable act) {
    page.evaluate("() => { delete document.getElementById('main').dataset.answered; }");
    act.run();
    at("#main[data-state=fresh][data-answered]").waitFor();
  }

  /** Waits until the view, the grid and the circuit are those of the page's state. */
  Visitor settle() {
    at("#main[data-state=fresh]").waitFor();
    page.evaluate(PAINTED);
    at("#heads-panel:is([data-run=done], [data-run=failed])").waitFor();
    at("#circuit-panel:not([data-run=running])").waitFor();
    return this;
  }

  // ---- Reading

  /** Returns a number of the metric's line as the page writes it. */
  String metric(String name) {
    return text("[data-metric=" + name + "] dd");
  }

  boolean has(String selector) {
    return at(selector).count() > 0;
  }

  String fragment() {
    var url = page.url();
    int hash = url.indexOf('#');
    return hash < 0 ? "" : url.substring(hash);
  }

  /** Returns the file that the menu's entry saves. */
  byte[] export(String menu, String entry) {
    Download saved =
        page.waitForDownload(() -> {
          click("#export-" + menu + " summary");
          click("#export-" + menu + "-" + entry);
        });
    try {
      return Files.readAllBytes(saved.path());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String exportText(String menu, String entry) {
    return new String(export(menu, entry), StandardCharsets.UTF_8);
  }

  /** Returns all numbers of the page, but for how long they took. */
  JsonNode numbers() {
    ObjectNode all = (ObjectNode) JSON.readTree(export("all", "numbers"));
    for (var of : List.of("view", "grid", "circuit")) {
      if (all.path(of) instanceof ObjectNode part) {
        part.remove(List.of("milliseconds", "forwardMilliseconds", "seconds"));
      }
    }
    return all;
  }

  @Override
  public void close() {
    page.close();
  }
}
