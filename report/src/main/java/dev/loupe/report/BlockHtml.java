package dev.loupe.report;

/** Write blocks as HTML; each kind of chart has a class of its own. */
final class BlockHtml {
  private static final int LONG = 40;

  private static final int PROMPTS_SHOWN = 12;

  private final HtmlOut out;
  private final TokensHtml tokens;

  BlockHtml(StringBuilder out) {
    this.out = new HtmlOut(out);
    this.tokens = new TokensHtml(this.out);
  }

  void write(Block block) {
    switch (block) {
      case Section section -> out.line("<h2>%s</h2>", Html.escape(section.title()));
      case Prose prose -> out.line("<p>%s</p>", Html.prose(prose.text()));
      case Bullets bullets -> bullets(bullets);
      case KeyFigures figures -> keyFigures(figures);
      case Table table -> table(table);
      case Heatmap heatmap -> HeatmapHtml.write(heatmap, out);
      case BarChart chart -> BarsHtml.write(chart, out);
      case LineChart chart -> LineHtml.write(chart, out);
      case ScatterChart chart -> ScatterHtml.write(chart, out);
      case TokenGrid grid -> GridHtml.write(grid, out);
      case AttentionView view -> AttentionHtml.write(view, out, tokens);
      case Prompts prompts -> prompts(prompts);
      case CircuitGraph graph -> CircuitHtml.write(graph, out);
      case Provenance provenance -> provenance(provenance);
      case Command command -> command(command);
    }
  }

  private void bullets(Bullets bullets) {
    out.line("<ul class=\"bullets\">");
    bullets.sentences().forEach(sentence -> out.line("<li>%s</li>", Html.statement(sentence)));
    out.line("</ul>");
  }

  private void keyFigures(KeyFigures block) {
    out.line("<dl class=\"key-figures\">");
    for (KeyFigures.Figure figure : block.figures()) {
      out.line(
          "<div><dt>%s</dt><dd class=\"value\">%s</dd><dd>%s</dd></div>",
          Html.escape(figure.name()),
          Html.escape(figure.value()),
          Html.prose(figure.explanation()));
    }
    out.line("</dl>");
  }

  private void table(Table table) {
    out.line("<figure class=\"table\">");
    out.line(
        "<figcaption>%s%s</figcaption>",
        Html.escape(table.title()),
        Column.errors(table.columns())
            .map(text -> " <span class=\"unit\">" + Html.escape(text) + "</span>")
            .orElse(""));
    out.line("<div class=\"scroll\"><table class=\"sortable\"><thead><tr>");
    for (Column column : table.columns()) {
      String hint =
          column.explanation().isEmpty() ? "" : HtmlOut.attribute("title", column.explanation());
      out.line("<th scope=\"col\"%s%s>%s</th>", css(column), hint, Html.escape(column.name()));
    }
    out.line("</tr></thead><tbody>");
    for (int row = 0; row < table.rows().size(); row++) {
      out.add("<tr>");
      for (int column = 0; column < table.columns().size(); column++) {
        cell(table, row, column);
      }
      out.line("</tr>");
    }
    out.line("</tbody></table></div></figure>");
  }

  private void cell(Table table, int row, int column) {
    String text = Html.escape(VisibleText.of(table.text(row, column), true));
    String exact =
        table.rows().get(row).get(column) instanceof Cell.Numeric(double value)
                && !Double.isNaN(value)
            ? HtmlOut.attribute("data-value", Double.toString(value))
            : "";
    Column header = table.columns().get(column);
    boolean label = header.kind() instanceof Column.Kind.Label && !text.isEmpty();
    String content = label ? "<span class=\"tag\">" + text + "</span>" : text;
    // A sentence in a column of one word a line is no table.
    String css = !label && text.length() > LONG ? " class=\"long\"" : css(header);
    out.add("<td%s%s>%s</td>", css, exact, content);
  }

  private static String css(Column column) {
    return column.isNumeric() ? " class=\"number\"" : "";
  }

  private void prompts(Prompts prompts) {
    out.line("<figure class=\"prompts\">");
    out.line(
        "<figcaption>%s <span class=\"unit\">%s</span></figcaption>",
        Html.escape(prompts.title()), marks(prompts));
    int count = prompts.lines().size();
    int shown = count <= PROMPTS_SHOWN + 2 ? count : PROMPTS_SHOWN;
    prompts.lines().subList(0, shown).forEach(this::prompt);
    if (shown < count) {
      out.line("<details><summary>%d more</summary>", count - shown);
      prompts.lines().subList(shown, count).forEach(this::prompt);
      out.line("</details>");
    }
    out.line("</figure>");
  }

  /** Say what the marks in tokens mean, those that there are. */
  private static String marks(Prompts prompts) {
    boolean breaks =
        prompts.lines().stream()
            .anyMatch(line -> line.tokens().stream().anyMatch(token -> token.contains("\n")));
    return "token by token; · is a space" + (breaks ? ", ↵ a line break" : "");
  }

  private void prompt(TokenLine prompt) {
    out.line("<div class=\"prompt\"><div class=\"label\">%s</div>", Html.escape(prompt.label()));
    tokens.write(prompt);
    out.line("<div class=\"note\">%s</div></div>", Html.escape(prompt.note()));
  }

  private void provenance(Provenance provenance) {
    out.line("<dl class=\"provenance\">");
    for (Provenance.Entry entry : provenance.entries()) {
      out.line("<dt>%s</dt><dd>%s</dd>", Html.escape(entry.name()), Html.escape(entry.value()));
    }
    out.line("</dl>");
  }

  private void command(Command command) {
    out.line("<figure class=\"command\">");
    if (!command.caption().isBlank()) {
      out.line("<figcaption>%s</figcaption>", Html.escape(command.caption()));
    }
    out.line("<pre tabindex=\"0\"><code>%s</code></pre></figure>", Html.escape(command.text()));
  }
}
