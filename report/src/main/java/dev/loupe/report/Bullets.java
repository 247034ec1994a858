package dev.loupe.report;

import java.util.List;

/**
 * Say several things, each in a sentence of its own.
 *
 * @param sentences at least one, none of them blank; what stands between backticks is set as code,
 *     or in bold where it is a number
 */
public record Bullets(List<String> sentences) implements Block {
  /** Copy the list; refuse an empty one and a blank sentence. */
  public Bullets {
    sentences = List.copyOf(sentences);
    Check.notEmpty("sentences", sentences);
    sentences.forEach(sentence -> Check.notBlank("sentence", sentence));
  }
}
