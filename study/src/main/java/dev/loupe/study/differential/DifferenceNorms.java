package dev.loupe.study.differential;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.Interruption;
import dev.loupe.lens.Progress;
import dev.loupe.lens.SameLength;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.PaddingSide;
import dev.loupe.model.Run;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.DType;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * How much every MLP and head differs between paired texts: its output (an MLP's [d_model], a
 * head's z [d_head]) is averaged over the positions of each text, and the L2 norm of the difference
 * of the two taken. Texts of different lengths are run each for itself, without pads.
 */
final class DifferenceNorms {
  private static final int PAIRS = 16;

  private final HookedTransformer model;
  private final ModelConfig config;
  private final int from;
  // [layer * (1 + heads)][pair]: of each layer the MLP, then its heads
  private final double[][] norms;

  private DifferenceNorms(HookedTransformer model, int from, int pairs) {
    this.model = model;
    this.config = model.config();
    this.from = from;
    norms = new double[config.nLayers() * (1 + config.nHeads())][pairs];
  }

  /**
   * Measures pairs.
   *
   * @param first tokens of the first text of every pair
   * @param second tokens of the second, as many texts
   * @param from the first position that counts: 1 leaves the first token out
   * @return the mean over pairs for every head and MLP, in order
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  static Map<CircuitNode, Estimate> of(
      HookedTransformer model,
      List<long[]> first,
      List<long[]> second,
      int from,
      Progress progress) {
    var measured = new DifferenceNorms(model, from, first.size());
    for (int start = 0; start < first.size(); start += PAIRS) {
      Interruption.check("differences were measured");
      int end = Math.min(start + PAIRS, first.size());
      measured.measure(start, first.subList(start, end), second.subList(start, end));
      progress.at(end, first.size());
    }
    return measured.estimates();
  }

  private void measure(int start, List<long[]> first, List<long[]> second) {
    var rows = Stream.concat(first.stream(), second.stream()).toList();
    var tokens = Tokens.padded(PaddingSide.LEFT, 0, rows);
    // [layer][row][value]: an MLP's d_model, then d_head of every head
    var means = new double[config.nLayers()][rows.size()][];
    for (int[] batch : SameLength.batches(tokens)) {
      run(SameLength.unpadded(tokens, batch), means, batch);
    }
    int pairs = first.size();
    int perLayer = 1 + config.nHeads();
    for (int layer = 0; layer < config.nLayers(); layer++) {
      for (int pair = 0; pair < pairs; pair++) {
        double[] a = means[layer][pair];
        double[] b = means[layer][pairs + pair];
        int model = config.dModel();
        norms[layer * perLayer][start + pair] = norm(a, b, 0, model);
        for (int head = 0; head < config.nHeads(); head++) {
          norms[layer * perLayer + 1 + head][start + pair] =
              norm(a, b, model + head * config.dHead(), config.dHead());
        }
      }
    }
  }

  private static double norm(double[] a, double[] b, int from, int length) {
    double squares = 0;
    for (int i = from; i < from + length; i++) {
      squares += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return Math.sqrt(squares);
  }

  private void run(Tokens tokens, double[][][] means, int... batch) {
    int width = config.dModel() + config.nHeads() * config.dHead();
    for (var layer : means) {
      for (int row : batch) {
        layer[row] = new double[width];
      }
    }
    try (var _ = TensorScope.open()) {
      var hooks = Hooks.none();
      for (int layer = 0; layer < config.nLayers(); layer++) {
        double[][] into = means[layer];
        hooks =
            hooks
                .read(HookPoint.mlpOut(layer), (mlp, at) -> take(mlp, into, 0, batch))
                .read(HookPoint.z(layer), (z, at) -> take(z, into, config.dModel(), batch));
      }
      model.run(Run.of(tokens).withHooks(hooks).returning(Run.Returns.NOTHING));
    }
  }

  /** Takes the means over positions of [batch, pos, ...]. */
  private void take(Tensor activation, double[][] into, int at, int... batch) {
    long length = activation.size(1);
    double[] mean = activation.to(DType.F64).narrow(1, from, length - from).mean(1).toDoubles();
    int width = mean.length / batch.length;
    for (int i = 0; i < batch.length; i++) {
      System.arraycopy(mean, i * width, into[batch[i]], at, width);
    }
  }

  private Map<CircuitNode, Estimate> estimates() {
    var found = new LinkedHashMap<CircuitNode, Estimate>();
    int perLayer = 1 + config.nHeads();
    for (int layer = 0; layer < config.nLayers(); layer++) {
      for (int head = 0; head < config.nHeads(); head++) {
        var node = CircuitNode.of(new Head(layer, head));
        found.put(node, Estimate.of(finite(node, norms[layer * perLayer + 1 + head])));
      }
      var node = CircuitNode.mlp(layer);
      found.put(node, Estimate.of(finite(node, norms[layer * perLayer])));
    }
    return Collections.unmodifiableMap(found);
  }

  private static double[] finite(CircuitNode node, double... values) {
    for (int pair = 0; pair < values.length; pair++) {
      if (!Double.isFinite(values[pair])) {
        throw new IllegalStateException(
            "the difference of %s in pair %d is %s: the model overflows; compute in a wider type"
                .formatted(node, pair + 1, values[pair]));
      }
    }
    return values;
  }

  /** Returns the nodes of a kind, the largest norm first. */
  static List<CircuitNode> ranked(
      Map<CircuitNode, Estimate> norms, Class<? extends CircuitNode> kind) {
    var nodes = new ArrayList<CircuitNode>();
    norms.forEach((node, _) -> {
      if (kind.isInstance(node)) {
        nodes.add(node);
      }
    });
    // Nodes come in order, and sorting keeps those of one norm as they came.
    nodes.sort((a, b) -> Double.compare(mean(norms, b), mean(norms, a)));
    return List.copyOf(nodes);
  }

  private static double mean(Map<CircuitNode, Estimate> norms, CircuitNode node) {
    return norms.getOrDefault(node, Estimate.none()).mean();
  }
}
