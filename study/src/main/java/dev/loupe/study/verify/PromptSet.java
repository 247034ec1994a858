package dev.loupe.study.verify;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.loupe.lens.Answers;
import dev.loupe.lens.PromptPairs;
import dev.loupe.model.Bos;
import dev.loupe.model.HookedTransformer;
import dev.loupe.task.Corruption;
import dev.loupe.task.IndirectObject;
import dev.loupe.task.IndirectObjectOptions;
import java.util.List;
import java.util.function.Function;

/** Prompts that figures are of. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
  @JsonSubTypes.Type(value = PromptSet.Given.class, name = "given"),
  @JsonSubTypes.Type(value = PromptSet.Generated.class, name = "indirect-object")
})
public sealed interface PromptSet {
  /**
   * Makes the prompts for a model.
   *
   * @throws IllegalArgumentException if its vocabulary does not suit them
   */
  PromptPairs pairs(HookedTransformer model);

  /**
   * Prompts that are published one by one.
   *
   * @param bos whether BOS stands before each
   * @param rows the prompts
   */
  record Given(boolean bos, List<Row> rows) implements PromptSet {
    /** Copies the list; refuses none. */
    public Given {
      rows = List.copyOf(rows);
      if (rows.isEmpty()) {
        throw new IllegalArgumentException("no rows: expected one prompt or more");
      }
    }

    @Override
    public PromptPairs pairs(HookedTransformer model) {
      var how = before(model, bos);
      return PromptPairs.of(
          model.toTokens(how, texts(Row::clean)),
          model.toTokens(how, texts(Row::corrupted)),
          Answers.of(tokens(model, Row::answer), tokens(model, Row::wrong)));
    }

    private String[] texts(Function<Row, String> of) {
      return rows.stream().map(of).toArray(String[]::new);
    }

    private long[] tokens(HookedTransformer model, Function<Row, String> of) {
      return rows.stream().map(of).mapToLong(model::toSingleToken).toArray();
    }
  }

  /**
   * A prompt and its corrupted form.
   *
   * @param clean the prompt
   * @param corrupted another with as many tokens
   * @param answer the token that is right after {@code clean}
   * @param wrong the token that it is measured against
   */
  record Row(String clean, String corrupted, String answer, String wrong) {}

  /**
   * Indirect-object prompts of Loupe's own templates and words.
   *
   * @param bos whether BOS stands before each
   * @param count how many
   * @param seed of the draws
   * @param corruption {@code abc} or {@code name-swap}
   */
  record Generated(boolean bos, int count, long seed, String corruption) implements PromptSet {
    /** Refuses no prompts and corruptions that there are not. */
    public Generated {
      if (count < 1) {
        throw new IllegalArgumentException("count " + count + ": expected 1 or more prompts");
      }
      var _ = Corruption.parse(corruption);
    }

    @Override
    public PromptPairs pairs(HookedTransformer model) {
      var options =
          new IndirectObjectOptions(count, seed, Corruption.parse(corruption), before(model, bos));
      return IndirectObject.generate(model.tokenizer(), options).pairs();
    }
  }

  private static Bos before(HookedTransformer model, boolean wanted) {
    if (wanted && model.tokenizer().bos().isEmpty()) {
      throw new IllegalArgumentException("needs a tokenizer with BOS; this one has none");
    }
    return wanted ? Bos.PREPEND : Bos.NONE;
  }
}
