package dev.loupe.circuit.run;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Progress;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Tells whether a set of edges is the circuit: whether it does as the whole model (faithfulness),
 * whether what is left without it does nothing (completeness), whether each of its parts is needed
 * (minimality), and how circuits drawn at random compare (Wang et al. 2022; Mueller et al. 2025).
 */
public final class CircuitEvaluation {
  private final EdgeRun run;
  private final Granularity granularity;
  private final GraphShape shape;
  private final double[] full;
  private final double[] empty;
  private final Recovered recovered;

  /**
   * Prepares an evaluation.
   *
   * @param run the model on its prompts, to stay open
   * @param granularity what is ablated where it is outside a circuit
   * @throws IllegalStateException if the metric is the same of the whole model and with all ablated
   */
  public CircuitEvaluation(EdgeRun run, Granularity granularity) {
    this.run = run;
    this.granularity = granularity;
    shape = run.shape();
    full = run.clean();
    empty = run.of(granularity.left(EdgeSet.none(shape)));
    recovered = new Recovered(full, empty);
  }

  /** Returns what the numbers are measured by. */
  public Measured measured() {
    return new Measured(
        new Ablating(granularity, run.corruption()), run.metric().label(), run.pairs().size());
  }

  // ---- Faithfulness and completeness

  /**
   * Returns how much of the behaviour a circuit has: 1 of the whole model, 0 of none.
   *
   * @throws IllegalArgumentException if it is of another graph
   */
  public Faithfulness faithfulness(EdgeSet circuit) {
    return faithfulness(List.of(circuit), Progress.none()).getFirst();
  }

  /** Returns the same of several circuits, which are run together. */
  public List<Faithfulness> faithfulness(List<EdgeSet> circuits, Progress progress) {
    var left = circuits.stream().map(granularity::left).toList();
    var metrics = run.of(left, progress);
    return IntStream.range(0, metrics.length)
        .mapToObj(i -> faithfulness(left.get(i), metrics[i]))
        .toList();
  }

  private Faithfulness faithfulness(EdgeSet left, double... metric) {
    return new Faithfulness(
        left.size(),
        Estimate.of(metric),
        Estimate.of(full),
        Estimate.of(empty),
        recovered.estimate(metric),
        measured());
  }

  /**
   * Returns how much of the behaviour the model has without a circuit: near 0 where it is complete.
   * At the level of nodes the others are left, and those that are always left.
   *
   * @throws IllegalArgumentException if it is of another graph
   */
  public Faithfulness completeness(EdgeSet circuit) {
    var rest =
        granularity == Granularity.EDGE
            ? EdgeSet.all(shape).without(circuit)
            : between(node -> !circuit.nodes().has(node));
    return faithfulness(rest, run.of(rest));
  }

  private EdgeSet between(Predicate<CircuitNode> kept) {
    return granularity.left(shape, nodes().filter(kept).toList());
  }

  private Stream<CircuitNode> nodes() {
    return IntStream.range(0, shape.sources()).mapToObj(shape::source);
  }

  // ---- Minimality

  /**
   * Returns how much is lost where each part of a circuit is taken out alone: an edge, or a node of
   * those that are ablated outside a circuit.
   *
   * @throws IllegalArgumentException if it is of another graph
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  public Minimality minimality(EdgeSet circuit, Progress progress) {
    var names = new ArrayList<String>();
    var without = new ArrayList<EdgeSet>();
    without.add(granularity.left(circuit));
    if (granularity == Granularity.EDGE) {
      circuit
          .numbers()
          .forEach(edge -> {
            names.add(shape.edge(edge).toString());
            without.add(circuit.without(EdgeSet.of(shape, IntStream.of(edge))));
          });
    } else {
      var nodes = circuit.nodes();
      for (var node : nodes.nodes()) {
        if (granularity.ablates(node)) {
          names.add(node.toString());
          without.add(between(other -> nodes.has(other) && !other.equals(node)));
        }
      }
    }
    var metrics = run.of(without, progress);
    var parts = new ArrayList<Minimality.Part>();
    for (int i = 1; i < metrics.length; i++) {
      parts.add(part(names.get(i - 1), metrics[0], metrics[i]));
    }
    return new Minimality(parts, measured());
  }

  private Minimality.Part part(String name, double[] circuit, double[] without) {
    double[] with = recovered.influences(circuit);
    double[] less = recovered.influences(without);
    return new Minimality.Part(
        name,
        Estimate.of(differences(circuit, without)),
        Recovered.estimate(
            recovered.share(circuit) - recovered.share(without), differences(with, less)));
  }

  private static double[] differences(double[] a, double[] b) {
    return IntStream.range(0, a.length).mapToDouble(i -> a[i] - b[i]).toArray();
  }

  // ---- Random circuits

  /**
   * Returns the faithfulness of circuits drawn at random: of as many edges, or of as many heads and
   * MLPs, as a circuit has.
   *
   * @param count how many
   * @param seed of the draws: the same gives the same circuits
   * @throws IllegalArgumentException if it is of another graph, or {@code count} is below 1
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  public RandomCircuits random(EdgeSet circuit, int count, long seed, Progress progress) {
    if (count < 1) {
      throw new IllegalArgumentException(count + " random circuits: expected 1 or more");
    }
    var random = new SplittableRandom(seed);
    var drawn = IntStream.range(0, count).mapToObj(_ -> drawn(circuit, random)).toList();
    var shares = Stream.of(run.of(drawn, progress)).map(recovered::share).toList();
    return new RandomCircuits(shares, .95, seed, measured());
  }

  private EdgeSet drawn(EdgeSet circuit, SplittableRandom random) {
    if (granularity == Granularity.EDGE) {
      var edges = IntStream.range(0, shape.edges()).toArray();
      return EdgeSet.of(shape, IntStream.of(first(circuit.size(), edges, random)));
    }
    var nodes = circuit.nodes();
    var heads = nodes().filter(CircuitNode.OfHead.class::isInstance).toList();
    var mlps = nodes().filter(CircuitNode.OfMlp.class::isInstance).toList();
    var drawn = new ArrayList<CircuitNode>();
    drawn.addAll(drawn(nodes.heads().size(), heads, random));
    drawn.addAll(drawn(nodes.mlps().size(), mlps, random));
    return granularity.left(shape, drawn);
  }

  private static List<CircuitNode> drawn(int count, List<CircuitNode> of, SplittableRandom random) {
    int[] numbers = first(count, IntStream.range(0, of.size()).toArray(), random);
    return IntStream.of(numbers).mapToObj(of::get).toList();
  }

  /** Draws some of the numbers, each as likely, none twice. */
  private static int[] first(int count, int[] numbers, SplittableRandom random) {
    for (int i = 0; i < count; i++) {
      int other = random.nextInt(i, numbers.length);
      int number = numbers[i];
      numbers[i] = numbers[other];
      numbers[other] = number;
    }
    return IntStream.of(numbers).limit(count).toArray();
  }

  // ---- Curve

  /**
   * Returns the faithfulness of circuits of the sizes of MIB, CPR and CMD.
   *
   * @param circuits gives the circuit of so many edges
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  public FaithfulnessCurve curve(IntFunction<EdgeSet> circuits, Progress progress) {
    return curve(FaithfulnessCurve.SHARES, circuits, progress);
  }

  /**
   * Returns the faithfulness of circuits of other sizes.
   *
   * @param shares of all edges, ascending
   * @throws IllegalArgumentException if there are none, or they do not ascend
   */
  public FaithfulnessCurve curve(
      List<Double> shares, IntFunction<EdgeSet> circuits, Progress progress) {
    for (int i = 0; i < Math.max(1, shares.size()); i++) {
      if (shares.isEmpty() || (i > 0 && shares.get(i) <= shares.get(i - 1))) {
        throw new IllegalArgumentException(
            "shares " + shares + " of the edges: expected some, each above the one before");
      }
    }
    var left =
        shares.stream()
            .map(share -> circuits.apply(FaithfulnessCurve.edges(share, shape.edges())))
            .map(granularity::left)
            .toList();
    var metrics = run.of(left, progress);
    var points =
        IntStream.range(0, metrics.length)
            .mapToObj(i ->
                new FaithfulnessCurve.Point(shares.get(i), faithfulness(left.get(i), metrics[i])))
            .toList();
    return FaithfulnessCurve.of(points, recovered, metrics, measured());
  }
}
