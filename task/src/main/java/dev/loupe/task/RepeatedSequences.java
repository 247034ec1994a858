package dev.loupe.task;

import dev.loupe.lens.heads.DetectorOptions;
import dev.loupe.lens.heads.RepeatedTokens;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Prompt;
import dev.loupe.model.Token;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * Makes prompts for induction (Elhage et al., 2021; Olsson et al., 2022): random tokens, then the
 * first of them once more, after which the next is what followed the first time.
 *
 * <p>The corrupted prompt has another random token where the answer stood the first time, so that
 * what a model copies from there is wrong; nothing else differs.
 */
public final class RepeatedSequences {
  private RepeatedSequences() {}

  /**
   * Makes prompts of the model's ordinary tokens, after BOS where it has one.
   *
   * @return examples of one length with one answer, the token that followed the first time, one
   *     wrong token, the one in its place in the corrupted prompt, and the positions EARLIER, AFTER
   *     and END
   * @throws IllegalArgumentException if the model reads no prompts of that length, or has too few
   *     ordinary tokens
   */
  public static TaskData generate(HookedTransformer model, RepeatedSequencesOptions options) {
    // A row more than there are prompts: each takes its corruption from the next.
    var drawn =
        RepeatedTokens.draw(
            model,
            new DetectorOptions(
                OptionalInt.of(options.length()), options.prompts() + 1, options.seed()));
    var examples =
        IntStream.range(0, options.prompts())
            .mapToObj(row -> example(model, drawn, row, options.repeated()))
            .toList();
    return new TaskData("induction", "other-token", examples, List.of());
  }

  private static TaskExample example(
      HookedTransformer model, RepeatedTokens drawn, int row, int repeated) {
    int after = drawn.first() + repeated;
    int end = after + drawn.length() - 1;
    long[] clean = Arrays.copyOf(drawn.tokens().row(row), end + 1);
    long[] corrupted = clean.clone();
    corrupted[after] = stranger(drawn, row);
    var positions = new LinkedHashMap<Position, Integer>();
    positions.put(Position.EARLIER, after - 1);
    positions.put(Position.AFTER, after);
    positions.put(Position.END, end);
    return new TaskExample(
        prompt(model, clean, drawn.first() == 1),
        prompt(model, corrupted, drawn.first() == 1),
        List.of(token(model, clean[after])),
        List.of(token(model, corrupted[after])),
        positions);
  }

  private static long stranger(RepeatedTokens drawn, int row) {
    long[] own = drawn.once(row);
    return Arrays.stream(drawn.once(row + 1))
        .filter(id -> Arrays.stream(own).noneMatch(it -> it == id))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "length = %d: this model has hardly more tokens that are not special; expected a shorter length"
                    .formatted(drawn.length())));
  }

  private static Prompt prompt(HookedTransformer model, long[] ids, boolean bos) {
    long[] text = bos ? Arrays.copyOfRange(ids, 1, ids.length) : ids;
    var tokens = Arrays.stream(ids).mapToObj(id -> text(model, id)).toList();
    return new Prompt(
        model.hasTokenizer() ? model.tokenizer().decode(text) : String.join("", tokens),
        Arrays.stream(ids).boxed().toList(),
        tokens,
        bos);
  }

  private static Token token(HookedTransformer model, long id) {
    return new Token(text(model, id), id);
  }

  /** The text of a token; its number where the model has no tokenizer. */
  private static String text(HookedTransformer model, long id) {
    return model.hasTokenizer()
        ? model.tokenizer().strTokens(new long[] {id}).getFirst()
        : "<" + id + ">";
  }
}
