package dev.loupe.circuit;

import dev.loupe.circuit.graph.Edge;
import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.lens.Answers;
import dev.loupe.lens.PromptPairs;
import dev.loupe.model.Activation;
import dev.loupe.model.BlockWeights;
import dev.loupe.model.BlockWeights.NormWeights;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.Norm;
import dev.loupe.model.PaddingSide;
import dev.loupe.model.Positions;
import dev.loupe.model.Tokens;
import dev.loupe.model.WeightProcessing;
import dev.loupe.model.Weights;
import dev.loupe.tensor.DType;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/**
 * Models of two layers whose weights are set by hand, so that their circuits are known: tests of
 * every method that looks for one. The second head of each layer is noise, small beside the first;
 * the MLPs write nothing. The residual stream has four parts side by side: which token stands here,
 * at which position, which token stood before, and what is to come next.
 */
public final class KnownCircuits {
  private static final int TOKENS = 8;
  private static final int POSITIONS = 8;
  private static final int TOKEN = 0;
  private static final int POSITION = TOKEN + TOKENS;
  private static final int BEFORE = POSITION + POSITIONS;
  private static final int NEXT = BEFORE + TOKENS;
  private static final int D_MODEL = NEXT + TOKENS;
  private static final int D_HEAD = 8;
  private static final int HEADS = 2;
  // Of the noise heads' weights.
  private static final double NOISE = .1;
  // What parts of the stream are filled with. Beside the eps of 1 it is so little that norms change
  // nothing: by first order they would, as a token's going makes the stream smaller.
  private static final double FILLED = .1;
  private static final double EPS = 1;
  // Of a head that is sure of where to look: scores of 8; and of one whose softmax is not so full
  // that gradients vanish: of 3.
  private static final double SURE = Math.sqrt(8) / FILLED;
  private static final double UNSURE = Math.sqrt(3) / FILLED;
  private static final double LOGIT = 6 / FILLED;

  private KnownCircuits() {}

  /**
   * A model, prompts that show what it does, and how it does it. Clean and corrupted prompts have
   * their tokens exchanged, so that every edge of the circuit, carrying what it carries in the
   * other run, lowers the logit difference; where both runs have the same, as in a query that knows
   * only its position, no edge is of the circuit. Some prompts are longer than others.
   *
   * @param model in float64
   * @param pairs of clean and corrupted prompts
   * @param edges of the circuit
   */
  public record Known(HookedTransformer model, PromptPairs pairs, EdgeSet edges)
      implements AutoCloseable {
    @Override
    public void close() {
      model.close();
    }
  }

  /**
   * Returns a model of induction (Olsson et al. 2022): a0.h0 writes the token before, a1.h0 looks
   * for where the current token stood before and copies what followed it.
   */
  public static Known induction() {
    var query = new double[D_MODEL][D_HEAD];
    var key = new double[D_MODEL][D_HEAD];
    for (int token = 0; token < TOKENS; token++) {
      query[TOKEN + token][token] = UNSURE;
      key[BEFORE + token][token] = UNSURE;
    }
    var pairs =
        pairs(
            new long[][] {
              {4, 0, 1, 5, 0},
              {6, 1, 2, 7, 1},
              {4, 5, 3, 0, 3},
              {7, 4, 2, 5, 6, 2},
              {5, 1, 3, 7, 6, 1}
            },
            new long[][] {
              {4, 2, 3, 5, 2},
              {6, 0, 3, 7, 0},
              {4, 5, 2, 1, 2},
              {7, 4, 0, 1, 6, 0},
              {5, 4, 0, 7, 6, 4}
            },
            new long[] {1, 2, 0, 5, 3},
            new long[] {3, 3, 1, 1, 0});
    return known(
        query,
        key,
        pairs,
        "input->a0.h0<v>",
        "input->a1.h0<q>",
        "a0.h0->a1.h0<k>",
        "input->a1.h0<v>",
        "a1.h0->logits");
  }

  /**
   * Returns a model of indirect objects (Wang et al. 2022) in two heads: of the names before token
   * 6, a0.h0 inhibits the last, which stands twice, and a1.h0 moves the other one.
   */
  public static Known indirectObject() {
    int end = 6;
    var query = new double[D_MODEL][D_HEAD];
    var key = new double[D_MODEL][D_HEAD];
    for (int name = 0; name < end; name++) {
      query[TOKEN + end][name] = UNSURE;
      query[BEFORE + name][name] = -UNSURE;
      key[TOKEN + name][name] = UNSURE;
    }
    var pairs =
        pairs(
            new long[][] {
              {0, 1, 1, 6}, {3, 2, 3, 6}, {4, 5, 5, 6}, {7, 1, 4, 4, 6}, {5, 7, 0, 5, 6}
            },
            new long[][] {
              {1, 0, 0, 6}, {2, 3, 2, 6}, {5, 4, 4, 6}, {7, 4, 1, 1, 6}, {0, 7, 5, 0, 6}
            },
            new long[] {0, 2, 4, 1, 0},
            new long[] {1, 3, 5, 4, 5});
    return known(
        query,
        key,
        pairs,
        "input->a0.h0<v>",
        "a0.h0->a1.h0<q>",
        "input->a1.h0<k>",
        "input->a1.h0<v>",
        "a1.h0->logits");
  }

  private static PromptPairs pairs(long[][] clean, long[][] corrupted, long[] right, long[] wrong) {
    return PromptPairs.of(
        Tokens.padded(PaddingSide.LEFT, 0, List.of(clean)),
        Tokens.padded(PaddingSide.LEFT, 0, List.of(corrupted)),
        Answers.of(right, wrong));
  }

  private static Known known(double[][] query, double[][] key, PromptPairs pairs, String... edges) {
    var config = config();
    var shape = GraphShape.of(config);
    var circuit = EdgeSet.of(shape, Stream.of(edges).map(Edge::parse).mapToInt(shape::number));
    try (var _ = TensorScope.open()) {
      var random = new SplittableRandom(0);
      var before = block(random, beforeQuery(), beforeKey(), BEFORE);
      var mover = block(random, query, key, NEXT);
      var weights =
          new Weights(
              tensor(ones(TOKENS, D_MODEL, 0, TOKEN, FILLED)),
              Optional.of(tensor(ones(POSITIONS, D_MODEL, 0, POSITION, FILLED))),
              List.of(before, mover),
              NormWeights.none(),
              tensor(ones(D_MODEL, TOKENS, NEXT, 0, LOGIT)),
              zeros(TOKENS));
      return new Known(
          HookedTransformer.of(config, weights, Optional.empty(), WeightProcessing.none()),
          pairs,
          circuit);
    }
  }

  private static double[][] beforeQuery() {
    var query = new double[D_MODEL][D_HEAD];
    for (int position = 1; position < POSITIONS; position++) {
      query[POSITION + position][position - 1] = SURE;
    }
    return query;
  }

  private static double[][] beforeKey() {
    return ones(D_MODEL, D_HEAD, POSITION, 0, SURE);
  }

  /** A block whose first head moves tokens to a part of the stream, and whose second is noise. */
  private static BlockWeights block(
      SplittableRandom random, double[][] query, double[][] key, int to) {
    var value = ones(D_MODEL, D_HEAD, TOKEN, 0, 1);
    var out = ones(D_HEAD, D_MODEL, 0, to, 1);
    return new BlockWeights(
        NormWeights.none(),
        heads(random, query),
        zeros(HEADS, D_HEAD),
        heads(random, key),
        zeros(HEADS, D_HEAD),
        heads(random, value),
        zeros(HEADS, D_HEAD),
        heads(random, out),
        zeros(D_MODEL),
        NormWeights.none(),
        zeros(D_MODEL, 1),
        zeros(1),
        Optional.empty(),
        Optional.empty(),
        zeros(1, D_MODEL),
        zeros(D_MODEL));
  }

  private static Tensor heads(SplittableRandom random, double[][] first) {
    var noise = Tensors.randn(random, NOISE, DType.F64, first.length, first[0].length);
    return Tensors.stack(0, List.of(tensor(first), noise));
  }

  /** A matrix with a diagonal of {@code value} that begins at a row and column. */
  private static double[][] ones(int rows, int columns, int row, int column, double value) {
    var matrix = new double[rows][columns];
    for (int i = 0; i < TOKENS; i++) {
      matrix[row + i][column + i] = value;
    }
    return matrix;
  }

  private static Tensor tensor(double[][] rows) {
    return Tensors.of(
        Stream.of(rows).flatMapToDouble(Arrays::stream).toArray(), rows.length, rows[0].length);
  }

  private static Tensor zeros(long... shape) {
    return Tensors.zeros(DType.F64, shape);
  }

  private static ModelConfig config() {
    return new ModelConfig(
        "by hand",
        2,
        HEADS,
        HEADS,
        D_MODEL,
        D_HEAD,
        1,
        TOKENS,
        POSITIONS,
        Norm.RMS_NORM,
        EPS,
        new Positions.Learned(),
        Activation.RELU,
        false,
        false,
        1,
        false,
        ModelConfig.globalWindows(2),
        false,
        OptionalLong.empty(),
        List.of());
  }
}
