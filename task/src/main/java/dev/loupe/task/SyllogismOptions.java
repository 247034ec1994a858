package dev.loupe.task;

import dev.loupe.model.Bos;

/**
 * Says which syllogisms to make.
 *
 * @param template a text with the slots {@code {category}}, {@code {descriptor}}, {@code
 *     {opposite}}, {@code {Noun}} (capitalised) and {@code {noun}}, each at least once, each after
 *     a space or at the beginning, whose next word is the descriptor
 * @param counts how many tokens the words have
 * @param seed of the order; the same options give the same syllogisms in the same order
 * @param bos whether every prompt begins with BOS
 */
public record SyllogismOptions(String template, TokenCounts counts, long seed, Bos bos) {
  /** The template of the published study. */
  public static final String TEMPLATE =
      "All {category} are {descriptor}, not {opposite}. {Noun} are {category}. Therefore, {noun}"
          + " are";

  /** Refuses a template without all of the slots, saying which is missing. */
  public SyllogismOptions {
    var _ = SyllogismTemplate.parse(template);
  }

  /** The published template, words of any number of tokens, seed 0. */
  public static SyllogismOptions defaults(Bos bos) {
    return new SyllogismOptions(TEMPLATE, TokenCounts.ANY, 0, bos);
  }

  /** Returns these options with another template. */
  public SyllogismOptions withTemplate(String template) {
    return new SyllogismOptions(template, counts, seed, bos);
  }

  /** Returns these options with other numbers of tokens. */
  public SyllogismOptions withCounts(TokenCounts counts) {
    return new SyllogismOptions(template, counts, seed, bos);
  }

  /** Returns these options with another seed. */
  public SyllogismOptions withSeed(long seed) {
    return new SyllogismOptions(template, counts, seed, bos);
  }
}
