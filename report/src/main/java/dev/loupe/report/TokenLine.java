package dev.loupe.report;

import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Show a prompt as its exact tokens.
 *
 * @param label which prompt this is, such as "clean"; may be empty
 * @param tokens the text of each token, whitespace included, in order
 * @param roles the part a position plays ("IO", "S1", "END"), by position
 * @param note shown after the tokens, such as the logit difference; may be empty
 */
public record TokenLine(
    String label, List<String> tokens, Map<Integer, String> roles, String note) {

  /** Copy both collections; refuse no tokens, and a role at a position that does not exist. */
  public TokenLine {
    tokens = List.copyOf(tokens);
    Check.notEmpty("tokens of prompt '" + label + "'", tokens);
    for (Map.Entry<Integer, String> role : roles.entrySet()) {
      Check.notBlank(
          "role at position " + role.getKey() + " of prompt '" + label + "'", role.getValue());
      Check.that(
          role.getKey() >= 0 && role.getKey() < tokens.size(),
          String.format(
              Locale.ROOT,
              "prompt '%s' has role %s at position %d, expected 0 to %d",
              label,
              role.getValue(),
              role.getKey(),
              tokens.size() - 1));
    }
    roles = Collections.unmodifiableMap(new TreeMap<>(roles));
  }

  /** Return a line without roles or note. */
  public static TokenLine of(String label, List<String> tokens) {
    return new TokenLine(label, tokens, Map.of(), "");
  }
}
