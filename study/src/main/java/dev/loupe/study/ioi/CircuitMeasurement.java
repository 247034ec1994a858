package dev.loupe.study.ioi;

import dev.loupe.circuit.Circuit;
import dev.loupe.circuit.CircuitNode;
import dev.loupe.lens.At;
import dev.loupe.lens.Change;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.SameLength;
import dev.loupe.lens.Site;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.sweep.Ablation;
import dev.loupe.lens.sweep.PathPatching;
import dev.loupe.lens.sweep.SweepResult;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.Run;
import dev.loupe.study.StudyContext;
import dev.loupe.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * What a circuit does: logit differences of the clean prompts with sets of heads (z) and MLPs
 * ablated at every position, to their means over the corrupted prompts of the same template,
 * position by position. The embedding is never ablated, so the input is in every circuit.
 *
 * @param accuracy the share of clean prompts whose likeliest next token is the answer
 * @param clean with nothing ablated
 * @param corrupted of the corrupted prompts, with the answers of the clean ones
 * @param nothing with every head and MLP ablated: m(empty)
 * @param alone with everything outside the circuit ablated: m(C)
 * @param without with the circuit ablated
 * @param random as {@code alone}, of random circuits with as many heads and MLPs
 * @param cleanByPrompt the logit difference of every clean prompt
 * @param aloneByPrompt that of every prompt in the circuit alone
 * @param withoutByPrompt that of every prompt without the circuit
 */
public record CircuitMeasurement(
    double accuracy,
    Estimate clean,
    Estimate corrupted,
    Estimate nothing,
    Estimate alone,
    Estimate without,
    List<Estimate> random,
    List<Double> cleanByPrompt,
    List<Double> aloneByPrompt,
    List<Double> withoutByPrompt) {
  private static final double LEAST_GAP = 1e-6;

  /** Copies the lists. */
  public CircuitMeasurement {
    random = List.copyOf(random);
    cleanByPrompt = List.copyOf(cleanByPrompt);
    aloneByPrompt = List.copyOf(aloneByPrompt);
    withoutByPrompt = List.copyOf(withoutByPrompt);
  }

  static CircuitMeasurement of(
      StudyContext context, PromptPairs prompts, Circuit circuit, int randomCircuits, long seed) {
    var config = context.model().config();
    var sets = new LinkedHashMap<String, Collection<Site>>();
    sets.put("everything", Ablation.allBut(config, List.of()));
    sets.put("outside the circuit", Ablation.allBut(config, sites(circuit)));
    sets.put("the circuit", sites(circuit));
    var random = new Random(seed);
    for (int i = 0; i < randomCircuits; i++) {
      sets.put(
          "outside random circuit " + (i + 1),
          Ablation.allBut(config, sites(drawn(circuit, config, random))));
    }
    var change = new Change.Mean(Change.Over.TEMPLATE_AND_POSITION);
    var result =
        new Ablation(prompts, StandardMetric.LOGIT_DIFFERENCE, change, List.of(At.all()))
            .sets(sets)
            .run(
                context.model(),
                context.sweep("ablations"),
                context.stage("ablating the circuit and its surroundings"));
    return new CircuitMeasurement(
        accuracy(context.model(), prompts),
        result.clean(),
        result.corrupted(),
        result.value(0),
        result.value(1),
        result.value(2),
        IntStream.range(3, result.size()).mapToObj(result::value).toList(),
        list(result.cleanByPrompt()),
        byPrompt(result, 1),
        byPrompt(result, 2));
  }

  private static List<Double> byPrompt(SweepResult result, int cell) {
    return list(result.byPrompt(cell));
  }

  private static List<Double> list(double[] values) {
    return DoubleStream.of(values).boxed().toList();
  }

  private static List<Site> sites(Circuit circuit) {
    var sites = new ArrayList<Site>();
    circuit.heads().forEach(head -> sites.add(Site.z(head)));
    circuit.mlps().forEach(layer -> sites.add(PathPatching.mlp(layer)));
    return sites;
  }

  /** Draws a circuit of as many heads and MLPs, which so writes as much. */
  static Circuit drawn(Circuit like, ModelConfig config, Random random) {
    var heads = new ArrayList<>(Head.all(config));
    Collections.shuffle(heads, random);
    var mlps = new ArrayList<>(IntStream.range(0, config.nLayers()).boxed().toList());
    Collections.shuffle(mlps, random);
    var nodes = new ArrayList<CircuitNode>();
    heads.stream().limit(like.heads().size()).map(CircuitNode::of).forEach(nodes::add);
    mlps.stream().limit(like.mlps().size()).map(CircuitNode::mlp).forEach(nodes::add);
    return new Circuit(nodes);
  }

  private static double accuracy(HookedTransformer model, PromptPairs prompts) {
    double right = 0;
    for (int[] rows : SameLength.batches(prompts.clean())) {
      try (var _ = TensorScope.open()) {
        var tokens = SameLength.unpadded(prompts.clean(), rows);
        var logits = model.run(Run.of(tokens).returning(Run.Returns.LAST_LOGITS)).output();
        var answers = prompts.answers().rows(rows);
        right += DoubleStream.of(StandardMetric.ACCURACY.ofLogits(logits, answers)).sum();
      }
    }
    return right / prompts.size();
  }

  /** Returns the share of clean prompts after which the answer is preferred to the wrong one. */
  public double preferred() {
    return cleanByPrompt.stream().collect(Collectors.averagingDouble(d -> d > 0 ? 1 : 0));
  }

  /** Tells whether ablating everything changes the logit difference, so that shares have sense. */
  public boolean hasGap() {
    return Math.abs(gap()) > LEAST_GAP;
  }

  private double gap() {
    return clean.mean() - nothing.mean();
  }

  /**
   * Returns the faithfulness of the circuit, (m(C) - m(empty)) / (m(full) - m(empty)): 1 where it
   * does what the model does, 0 where it does nothing. Its error is that of m(C) alone.
   *
   * @return none where ablating everything changes nothing
   */
  public Estimate faithfulness() {
    return share(alone);
  }

  /** Returns the same of what is left without the circuit: 0 where the circuit is all there is. */
  public Estimate left() {
    return share(without);
  }

  /** Returns the faithfulness of every random circuit. */
  public List<Estimate> randomFaithfulness() {
    return random.stream().map(this::share).toList();
  }

  /** Returns the mean over random circuits of their logit difference; none without any. */
  public Estimate randomMean() {
    return random.isEmpty()
        ? Estimate.none()
        : Estimate.of(random.stream().mapToDouble(Estimate::mean).toArray());
  }

  /** Returns how many random circuits have at least the logit difference of the circuit. */
  public long randomAsGood() {
    return random.stream().filter(other -> other.mean() >= alone.mean()).count();
  }

  private Estimate share(Estimate value) {
    if (!hasGap()) {
      return Estimate.none();
    }
    var shifted = new Estimate(value.mean() - nothing.mean(), value.standardError(), value.n());
    return shifted.scaled(1 / gap());
  }
}
