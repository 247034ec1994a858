package dev.loupe.demo;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * One training text, in tokens.
 *
 * @param tokens the text, cut as the tokenizer cuts it
 * @param asked which of them answer a question that the text has put before them
 */
record Example(List<String> tokens, BitSet asked) {
  /** Stands before each token that is asked for, in texts given to {@link #marked}. */
  static final char ASKED = '^';

  Example {
    tokens = List.copyOf(tokens);
    asked = (BitSet) asked.clone();
  }

  /** Makes an example of a prompt and its continuation, all of which is asked for. */
  static Example of(String prompt, String answer) {
    var tokens = new ArrayList<>(Split.tokens(prompt));
    int from = tokens.size();
    tokens.addAll(Split.tokens(answer));
    var asked = new BitSet();
    asked.set(from, tokens.size());
    return new Example(tokens, asked);
  }

  /** Makes an example of a text in which {@link #ASKED} stands before what is asked for. */
  static Example marked(String text) {
    var tokens = new ArrayList<String>();
    var asked = new BitSet();
    for (int at = 0; at >= 0; ) {
      int next = text.indexOf(ASKED, at);
      tokens.addAll(Split.tokens(text.substring(at, next < 0 ? text.length() : next)));
      if (next >= 0) {
        asked.set(tokens.size());
      }
      at = next < 0 ? -1 : next + 1;
    }
    return new Example(tokens, asked);
  }

  /** Joins the tokens. */
  String text() {
    return String.join("", tokens);
  }
}
