package dev.loupe.demo;

import java.util.List;
import java.util.stream.Stream;

/**
 * One training text, in tokens.
 *
 * @param tokens the text, cut as the tokenizer cuts it
 * @param answer where the answer begins, to what the text has asked before
 */
record Example(List<String> tokens, int answer) {
  Example {
    tokens = List.copyOf(tokens);
  }

  /** Makes an example of a prompt and its continuation. */
  static Example of(String prompt, String answer) {
    var asking = Split.tokens(prompt);
    return new Example(
        Stream.concat(asking.stream(), Split.tokens(answer).stream()).toList(), asking.size());
  }

  /** Joins the tokens. */
  String text() {
    return String.join("", tokens);
  }
}
