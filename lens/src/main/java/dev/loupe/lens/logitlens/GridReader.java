package dev.loupe.lens.logitlens;

import dev.loupe.model.HookedTransformer;
import dev.loupe.tensor.DType;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Reads the cells of one prompt. */
final class GridReader {
  private final HookedTransformer model;
  private final List<Depth> depths;
  private final int[] positions;
  private final int top;
  private final long[] tokens;

  GridReader(
      HookedTransformer model, List<Depth> depths, int[] positions, int top, long... tokens) {
    this.model = model;
    this.depths = depths;
    this.positions = positions;
    this.top = top;
    this.tokens = tokens;
  }

  /** Returns [layer][position]. */
  List<List<LensCell>> read(ResidualRows streams) {
    var cells = Stream.generate(ArrayList<LensCell>::new).limit(depths.size()).toList();
    int most = Pieces.rows(model.config().dVocab());
    for (int from = 0; from < positions.length; from += most) {
      int count = Math.min(most, positions.length - from);
      int first = from;
      streams.logits(
          from,
          count,
          most,
          model.math()::logits,
          new ResidualRows.Reader() {
            private @Nullable Distribution last;

            @Override
            public void last(Tensor logits) {
              last = Distribution.of(logits.widened());
            }

            @Override
            public void read(int depth, Tensor logits) {
              Pieces.checkInterruption();
              cells
                  .get(depth)
                  .addAll(cells(depth, first, logits.widened(), Objects.requireNonNull(last)));
            }
          });
    }
    return List.copyOf(cells);
  }

  /** What comes next, [row, d_vocab]: log probabilities and probabilities. */
  private record Distribution(Tensor log, Tensor probabilities) {
    static Distribution of(Tensor logits) {
      var log = logits.logSoftmax(-1);
      return new Distribution(log, log.exp());
    }

    /** Returns the mean of values, row by row. */
    double[] mean(Tensor values) {
      double[] means = probabilities.mul(values).sum(-1).toDoubles();
      if (Arrays.stream(means).allMatch(Double::isFinite)) {
        return means;
      }
      // What is excluded adds nothing, whatever its value.
      var never = probabilities.eq(Tensors.zeros(probabilities.dtype()).to(probabilities.device()));
      return probabilities.mul(values).maskedFill(never, 0).sum(-1).toDoubles();
    }
  }

  private List<LensCell> cells(int depth, int first, Tensor logits, Distribution last) {
    int rows = Math.toIntExact(logits.size(0));
    var own = Distribution.of(logits);
    double[] kl = last.mean(last.log().sub(own.log()));
    double[] negentropy = own.mean(own.log());
    var likeliest = logits.topK(top, -1);
    var best = new Found(likeliest.indices(), logits, own.log(), of -> descending(of.toDoubles()));
    var asked =
        tokens.length == 0
            ? List.<Found>of()
            : List.of(
                new Found(
                    Tensors.of(tokens, 1, tokens.length)
                        .to(logits.device())
                        .expand(rows, tokens.length),
                    logits,
                    own.log(),
                    of -> counted(of, logits)));
    return IntStream.range(0, rows)
        .mapToObj(row -> {
          var found = best.of(row);
          if (!Double.isFinite(found.getFirst().probability())) {
            throw new IllegalStateException(
                "the logits at %s, position %d, are not finite: there is no distribution"
                    .formatted(depths.get(depth).label(), positions[first + row]));
          }
          var others = asked.stream().flatMap(it -> it.of(row).stream()).toList();
          return new LensCell(found, others, kl[row], -negentropy[row]);
        })
        .toList();
  }

  /** Returns the ranks of the likeliest tokens: above each are those before it, but for ties. */
  private double[] descending(double[] own) {
    var ranks = new double[own.length];
    for (int i = 0; i < own.length; i++) {
      ranks[i] = i % top > 0 && own[i] == own[i - 1] ? ranks[i - 1] : i % top + 1;
    }
    return ranks;
  }

  /** Returns the ranks of any tokens, whose logits are [row, token]. */
  private static double[] counted(Tensor own, Tensor logits) {
    // One token at a time: all at once would be [row, token, d_vocab].
    return Tensors.stack(
            1,
            LongStream.range(0, own.size(1))
                .mapToObj(i ->
                    TensorScope.tidy(
                        () -> logits.gt(own.narrow(1, i, 1)).to(DType.F32).sum(-1).add(1)))
                .toList())
        .toDoubles();
  }

  /** Logit, probability and rank of some tokens of every row. */
  private static final class Found {
    private final int width;
    private final long[] ids;
    private final double[] logits;
    private final double[] probabilities;
    private final double[] ranks;

    /** Takes the ids, [row, token], and the logits they are of, [row, d_vocab]. */
    Found(Tensor ids, Tensor logits, Tensor logProbabilities, Function<Tensor, double[]> ranking) {
      width = Math.toIntExact(ids.size(1));
      this.ids = ids.toLongs();
      var own = logits.gather(1, ids);
      this.logits = own.toDoubles();
      probabilities = logProbabilities.gather(1, ids).exp().toDoubles();
      ranks = ranking.apply(own);
    }

    List<LensToken> of(int row) {
      return IntStream.range(row * width, (row + 1) * width)
          .mapToObj(i -> new LensToken(ids[i], logits[i], probabilities[i], (int) ranks[i]))
          .toList();
    }
  }
}
