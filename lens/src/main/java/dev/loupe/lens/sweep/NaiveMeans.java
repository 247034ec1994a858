package dev.loupe.lens.sweep;

import dev.loupe.lens.Change;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import dev.loupe.model.HookPoint;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/** Means over the prompts of a reference, laid out for the prompts of a sweep. */
final class NaiveMeans {
  private final PromptPairs reference;
  private final Tokens tokens;
  private final PromptPairs prompts;
  private final Map<HookPoint, Tensor> everywhere = new HashMap<>();
  private final Map<HookPoint, Tensor> byTemplate = new HashMap<>();

  /**
   * Creates no means yet.
   *
   * @param tokens the side of the reference that is averaged
   */
  NaiveMeans(PromptPairs reference, Tokens tokens, PromptPairs prompts) {
    this.reference = reference;
    this.tokens = tokens;
    this.prompts = prompts;
  }

  /** Returns a mean in the shape of the activation, or with 1 in place of prompts and positions. */
  Tensor get(HookPoint point, Change.Over over) {
    var found = over == Change.Over.EVERYTHING ? everywhere.get(point) : byTemplate.get(point);
    return Objects.requireNonNull(found, point::toString);
  }

  boolean has(HookPoint point, Change.Over over) {
    return (over == Change.Over.EVERYTHING ? everywhere : byTemplate).containsKey(point);
  }

  void addEverywhere(HookPoint point, Tensor activation) {
    long[] own =
        IntStream.range(0, tokens.batch())
            .flatMap(row -> IntStream.rangeClosed(column(row, 0), column(row, length(row) - 1)))
            .asLongStream()
            .toArray();
    everywhere.put(
        point, byPosition(activation).indexSelect(0, own).mean(0).unsqueeze(0).unsqueeze(0));
  }

  void addByTemplate(HookPoint point, Tensor activation) {
    byTemplate.put(
        point, Site.isAttention(point.kind()) ? ofAttention(activation) : ofPositions(activation));
  }

  /** Refuses a mean by template where the reference has no prompt to take it of. */
  void requireFor(Intervention intervention) {
    if (!(intervention.change() instanceof Change.Mean mean)
        || mean.over() == Change.Over.EVERYTHING) {
      return;
    }
    boolean attention = Site.isAttention(intervention.site().point().kind());
    for (int row = 0; row < prompts.size(); row++) {
      int length = prompts.clean().row(row).length;
      for (int at : prompts.positions(intervention.site().at(), row)) {
        int[] found =
            attention ? rows(row, other -> other == length) : rows(row, other -> other > at);
        if (found.length == 0) {
          throw new IllegalArgumentException(
              intervention
                  + ": the prompts that means are taken over have none of template \""
                  + prompts.templates().get(row)
                  + "\" with "
                  + (attention ? length + " tokens" : "a token at position " + at));
        }
      }
    }
  }

  /** Returns the rows of the reference of the same template as a prompt and of fitting lengths. */
  private int[] rows(int prompt, IntPredicate fits) {
    var template = prompts.templates().get(prompt);
    return IntStream.range(0, reference.size())
        .filter(row -> reference.templates().get(row).equals(template) && fits.test(length(row)))
        .toArray();
  }

  private int length(int row) {
    return tokens.row(row).length;
  }

  private int column(int row, int index) {
    return row * tokens.length() + tokens.start(row) + index;
  }

  /** Joins rows and positions: [row * pos, ...]. */
  private static Tensor byPosition(Tensor activation) {
    long[] shape = activation.shape();
    long[] joined = Arrays.copyOfRange(shape, 1, shape.length);
    joined[0] = shape[0] * shape[1];
    return activation.reshape(joined);
  }

  private Tensor ofPositions(Tensor activation) {
    var values = byPosition(activation);
    var none = values.select(0, 0).mul(0);
    var means = new HashMap<Key, Tensor>();
    var laidOut = new ArrayList<Tensor>();
    var own = prompts.clean();
    for (int row = 0; row < own.batch(); row++) {
      for (int column = 0; column < own.length(); column++) {
        int index = column - own.start(row);
        if (index < 0 || index >= own.row(row).length) {
          laidOut.add(none);
          continue;
        }
        int prompt = row;
        laidOut.add(
            means.computeIfAbsent(
                new Key(prompts.templates().get(row), index),
                key -> {
                  long[] at =
                      IntStream.of(rows(prompt, length -> length > key.number()))
                          .mapToLong(other -> column(other, key.number()))
                          .toArray();
                  return at.length == 0 ? none : values.indexSelect(0, at).mean(0);
                }));
      }
    }
    long[] shape = activation.shape();
    shape[0] = own.batch();
    shape[1] = own.length();
    return Tensors.stack(0, laidOut).reshape(shape);
  }

  /** Returns [prompt, head, dest, src]. */
  private Tensor ofAttention(Tensor activation) {
    var own = prompts.clean();
    var none =
        Tensors.zeros(activation.dtype(), activation.size(1), own.length(), own.length())
            .to(activation.device());
    var means = new HashMap<Key, Optional<Tensor>>();
    var laidOut = new ArrayList<Tensor>();
    for (int row = 0; row < own.batch(); row++) {
      int start = own.start(row);
      int length = own.row(row).length;
      int[] others = rows(row, other -> other == length);
      var mean =
          means.computeIfAbsent(
              new Key(prompts.templates().get(row), length),
              _ -> others.length == 0 ? Optional.empty() : Optional.of(mean(activation, others)));
      // Of destinations first, so that one piece fits into the other.
      laidOut.add(
          mean.map(
                  m -> none.withNarrow(1, start, none.narrow(1, 0, length).withNarrow(2, start, m)))
              .orElse(none));
    }
    return Tensors.stack(0, laidOut);
  }

  private Tensor mean(Tensor activation, int[] rows) {
    int length = length(rows[0]);
    int start = tokens.start(rows[0]);
    return activation
        .indexSelect(0, IntStream.of(rows).asLongStream().toArray())
        .narrow(2, start, length)
        .narrow(3, start, length)
        .mean(0);
  }

  /** Prompts of a template, and a position or their length. */
  private record Key(String template, int number) {}
}
