package dev.loupe.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Put the blocks of a report, our style and our scripts into one document. */
final class Page {
  private static final int SECTIONS_FOR_CONTENTS = 3;

  private static final String STYLE =
      Stream.of("page.css", "chart.css").map(Page::resource).collect(Collectors.joining());

  private static final String SCRIPT =
      Stream.of(
              "dom.js",
              "palette.js",
              "tooltip.js",
              "figure.js",
              "axes.js",
              "heatmap.js",
              "bars.js",
              "line.js",
              "scatter.js",
              "scatter-draw.js",
              "grid.js",
              "heads.js",
              "attention.js",
              "circuit.js",
              "table.js",
              "main.js")
          .map(Page::resource)
          .collect(Collectors.joining("", "(() => {\n'use strict';\n", "})();\n"));

  private Page() {}

  static String html(HtmlReport report) {
    StringBuilder out = new StringBuilder();
    out.append(
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="%s">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="generator" content="Loupe">
        <link rel="icon" href="data:,">
        <title>%s</title>
        """
            .formatted(policy(), Html.escape(report.title())));
    out.append("<style>").append(STYLE).append("</style>\n</head>\n<body>\n<main>\n");
    header(report, out);
    blocks(report.blocks(), out);
    out.append(
        "</main>\n<footer>Made with Loupe. This page loads nothing from anywhere.</footer>\n");
    out.append("<script>").append(SCRIPT).append("</script>\n</body>\n</html>\n");
    return out.toString();
  }

  private static void header(HtmlReport report, StringBuilder out) {
    out.append("<header>\n<h1>").append(Html.escape(report.title())).append("</h1>\n");
    if (!report.summary().isBlank()) {
      out.append("<p class=\"lead\">").append(Html.prose(report.summary())).append("</p>\n");
    }
    List<String> titles =
        report.blocks().stream()
            .mapMulti((Block block, Consumer<String> to) -> {
              if (block instanceof Section(String title)) {
                to.accept(title);
              }
            })
            .toList();
    if (titles.size() >= SECTIONS_FOR_CONTENTS) {
      out.append("<nav aria-label=\"Contents\"><ol>");
      for (int i = 0; i < titles.size(); i++) {
        out.append(
            String.format(
                Locale.ROOT,
                "<li><a href=\"#section-%d\">%s</a></li>",
                i + 1,
                Html.escape(titles.get(i))));
      }
      out.append("</ol></nav>\n");
    }
    out.append("</header>\n");
  }

  private static void blocks(List<Block> blocks, StringBuilder out) {
    BlockHtml writer = new BlockHtml(out);
    int sections = 0;
    for (Block block : blocks) {
      if (block instanceof Section(String title)) {
        out.append(sections++ > 0 ? "</section>\n" : "");
        out.append(
            String.format(
                Locale.ROOT,
                "<section aria-labelledby=\"section-%1$d\">\n<h2 id=\"section-%1$d\">%2$s"
                    + " <a class=\"anchor\" href=\"#section-%1$d\""
                    + " aria-label=\"Link to this section\"></a></h2>\n",
                sections,
                Html.escape(title)));
      } else {
        writer.write(block);
      }
    }
    out.append(sections > 0 ? "</section>\n" : "");
  }

  /**
   * Return a policy that lets run only the style and script of this page, and nothing be loaded.
   */
  private static String policy() {
    return String.join(
        "; ",
        "default-src 'none'",
        "style-src '" + hash(STYLE) + "'",
        "script-src '" + hash(SCRIPT) + "'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'");
  }

  private static String hash(String text) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return "sha256-" + Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static String resource(String name) {
    try (InputStream in = Page.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("the report module lacks its resource " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
