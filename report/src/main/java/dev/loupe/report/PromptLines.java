package dev.loupe.report;

import dev.loupe.model.Token;
import dev.loupe.study.PromptRow;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Make prompts a block: their tokens, key positions, and answers beside them. */
public final class PromptLines {
  private static final int SHOWN = 24;
  private static final int MOST_ANSWERS = 6;

  private PromptLines() {}

  /** Return the clean prompts, the first of many, numbered. */
  public static Prompts clean(List<PromptRow> rows) {
    var lines = new ArrayList<TokenLine>();
    for (var row : rows.stream().limit(SHOWN).toList()) {
      lines.add(clean(Integer.toString(lines.size() + 1), row));
    }
    return new Prompts(title(rows.size()), lines);
  }

  /** Return each clean prompt with its corrupted one, the first of many. */
  public static Prompts pairs(List<PromptRow> rows) {
    var lines = new ArrayList<TokenLine>();
    for (var row : rows.stream().limit(SHOWN).toList()) {
      lines.add(clean("clean", row));
      if (!row.clean().equals(row.corrupted())) {
        lines.add(new TokenLine("corrupted", texts(row.corrupted()), roles(row), ""));
      }
    }
    return new Prompts(title(rows.size()), lines);
  }

  private static String title(int total) {
    return total == 1
        ? "The prompt"
        : total <= SHOWN
            ? "All " + total + " prompts"
            : "The first " + SHOWN + " of " + total + " prompts";
  }

  /** Return the clean prompt of a pair, with its answers in the margin. */
  public static TokenLine clean(String label, PromptRow row) {
    return new TokenLine(label, texts(row.clean()), roles(row), note(row));
  }

  /** Return a label for each token of the clean prompt: {@code 3 ·Mary (IO)}. */
  public static List<String> labels(PromptRow row) {
    var roles = roles(row);
    var labels = new ArrayList<String>();
    for (int at = 0; at < row.clean().size(); at++) {
      var role = roles.containsKey(at) ? " (" + roles.get(at) + ")" : "";
      var text = VisibleText.token(SweepNames.text(row.clean().get(at)), true);
      labels.add(at + " " + text + role);
    }
    return labels;
  }

  private static List<String> texts(List<Token> tokens) {
    return tokens.stream().map(SweepNames::text).toList();
  }

  private static Map<Integer, String> roles(PromptRow row) {
    var roles = new LinkedHashMap<Integer, String>();
    row.positions().forEach((name, index) -> roles.putIfAbsent(index, name));
    return roles;
  }

  /** Say it in the margin, spaces visible as in the prompt's own tokens. */
  private static String note(PromptRow row) {
    if (row.answers().isEmpty()) {
      return "";
    }
    var wrong = visible(row.wrong());
    return "answer " + visible(row.answers()) + (wrong.isEmpty() ? "" : ", not " + wrong);
  }

  /** Name the first and the last of many. */
  private static String visible(List<Token> tokens) {
    var texts =
        tokens.stream().map(token -> VisibleText.token(SweepNames.text(token), true)).toList();
    return texts.size() <= MOST_ANSWERS
        ? String.join(", ", texts)
        : "%s, %s ... %s (%d)".formatted(texts.get(0), texts.get(1), texts.getLast(), texts.size());
  }

  /** Return what is right and wrong after a prompt: {@code answer " Mary" (27)}. */
  public static String answers(PromptRow row) {
    var wrong = listed(row.wrong());
    return "answer " + listed(row.answers()) + (wrong.isEmpty() ? "" : " against " + wrong);
  }

  private static String listed(List<Token> tokens) {
    return tokens.stream()
        .map(token -> token.text().isEmpty() ? Long.toString(token.id()) : token.toString())
        .collect(Collectors.joining(", "));
  }
}
