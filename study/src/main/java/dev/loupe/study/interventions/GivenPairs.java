package dev.loupe.study.interventions;

import dev.loupe.lens.Answers;
import dev.loupe.lens.PromptPairs;
import dev.loupe.model.Bos;
import dev.loupe.model.PaddingSide;
import dev.loupe.model.Prompt;
import dev.loupe.model.Tokenizer;
import dev.loupe.model.Tokens;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes tokens of given prompts. */
final class GivenPairs {
  private final Tokenizer tokenizer;
  private final Bos bos;

  GivenPairs(Tokenizer tokenizer, Bos bos) {
    this.tokenizer = tokenizer;
    this.bos = bos;
  }

  /**
   * Returns prompts as a batch, the shorter ones padded on the left; where there are no corrupted
   * ones, the clean ones stand for them.
   *
   * @throws IllegalArgumentException if the lengths of a pair differ, an answer is not one token,
   *     or a position is outside, naming the prompt
   */
  PromptPairs read(List<GivenPrompt> prompts) {
    var clean = new ArrayList<long[]>();
    var corrupted = new ArrayList<long[]>();
    var right = new ArrayList<List<Long>>();
    var wrong = new ArrayList<List<Long>>();
    var templates = new ArrayList<String>();
    for (int row = 0; row < prompts.size(); row++) {
      var prompt = prompts.get(row);
      try {
        var text = Prompt.of(tokenizer, prompt.clean(), bos);
        var other = prompt.isCorrupted() ? Prompt.of(tokenizer, prompt.corrupted(), bos) : text;
        requireAligned(text, other);
        requirePositions(prompt.positions(), text);
        clean.add(text.idArray());
        corrupted.add(other.idArray());
        right.add(tokens("answer", prompt.answer()));
        wrong.add(tokens("wrong", prompt.wrong()));
        // A mean by template is a mean position by position, which other lengths would mix.
        templates.add(text.length() + " tokens");
        requireDistinct(prompt, right.getLast(), wrong.getLast());
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("prompts[" + row + "]: " + e.getMessage(), e);
      }
    }
    // Any token of the vocabulary serves as pad.
    long pad = clean.getFirst()[0];
    return new PromptPairs(
        Tokens.padded(PaddingSide.LEFT, pad, clean),
        Tokens.padded(PaddingSide.LEFT, pad, corrupted),
        new Answers(right, wrong),
        positions(prompts),
        templates);
  }

  private static void requireAligned(Prompt clean, Prompt corrupted) {
    if (clean.length() != corrupted.length()) {
      throw new IllegalArgumentException(
          "%d clean tokens, %d corrupted ones: expected as many. Clean: %s. Corrupted: %s"
              .formatted(clean.length(), corrupted.length(), clean, corrupted));
    }
  }

  private static void requirePositions(Map<String, Integer> positions, Prompt prompt) {
    positions.forEach((name, index) -> {
      if (index >= prompt.length()) {
        throw new IllegalArgumentException(
            "positions.%s is %d: expected 0 to %d, as it has these tokens: %s"
                .formatted(name, index, prompt.length() - 1, prompt));
      }
    });
  }

  private static void requireDistinct(GivenPrompt prompt, List<Long> right, List<Long> wrong) {
    for (int i = 0; i < wrong.size(); i++) {
      if (right.contains(wrong.get(i))) {
        throw new IllegalArgumentException(
            "wrong \"" + prompt.wrong().get(i) + "\" is an answer too: expected another token");
      }
    }
  }

  private List<Long> tokens(String field, List<String> texts) {
    try {
      return texts.stream().map(tokenizer::singleToken).toList();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(field + ": " + e.getMessage(), e);
    }
  }

  /** A name means a token of every prompt, or of none. */
  private static Map<String, List<Integer>> positions(List<GivenPrompt> prompts) {
    var named = new LinkedHashMap<String, List<Integer>>();
    for (var prompt : prompts) {
      prompt.positions().keySet().forEach(name -> named.put(name, new ArrayList<>()));
    }
    named.forEach((name, indices) -> {
      for (int row = 0; row < prompts.size(); row++) {
        var index = prompts.get(row).positions().get(name);
        if (index == null) {
          throw new IllegalArgumentException(
              "prompts["
                  + row
                  + "]: no position "
                  + name
                  + ", which others have: a name is of every prompt");
        }
        indices.add(index);
      }
    });
    return named;
  }
}
