package dev.loupe.circuit.score;

import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.run.Corrupted;
import dev.loupe.circuit.run.SourceValues;
import dev.loupe.lens.Metric;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.gradient.GradientResult;
import dev.loupe.lens.gradient.Gradients;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.model.Run;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Scores what sources do to prompts of one length, by a method that takes gradients. */
final class GradientScores {
  private final HookedTransformer model;
  private final GraphShape shape;
  private final Products products;
  private final Corrupted corrupted;
  private final PromptPairs pairs;
  private final Gradients plain;
  private final Runnable passDone;
  private final double[][] sums;

  GradientScores(
      HookedTransformer model,
      Products products,
      Corrupted corrupted,
      Metric metric,
      PromptPairs pairs,
      Runnable passDone) {
    this.model = model;
    this.products = products;
    this.corrupted = corrupted;
    this.pairs = pairs;
    this.passDone = passDone;
    shape = GraphShape.of(model.config());
    plain = Gradients.of(metric, pairs.answers());
    sums = new double[pairs.size()][products.size()];
  }

  /** Returns the scores, [prompt][number]. */
  double[][] by(EdgeScoring method) {
    try (var _ = TensorScope.open()) {
      switch (method) {
        case EdgeScoring.Eap _ -> atClean();
        case EdgeScoring.EapIgInputs(var steps, var ends) -> overInputs(steps, ends);
        case EdgeScoring.CleanCorrupted _ -> overInputs(2, Ends.BOTH);
        case EdgeScoring.EapIgActivations(var steps, var ends) -> overActivations(steps, ends);
        case EdgeScoring.InformationFlow _ ->
            throw new IllegalArgumentException(method + " takes no gradients");
      }
    }
    return sums;
  }

  private void atClean() {
    var all = Group.all(shape);
    var points = new LinkedHashSet<>(SourceValues.points(model.config()));
    points.addAll(products.points(all));
    var found = plain.at(model, new Run.Input.FromTokens(pairs.clean()), List.copyOf(points));
    var clean = SourceValues.of(model.config(), found::activation);
    var change = clean.minus(corrupted.of(pairs, clean));
    products.of(change).add(found, all, 1, sums);
    passDone.run();
  }

  private void overInputs(int steps, Ends ends) {
    var all = Group.all(shape);
    var way = new Way(List.of());
    var batch = products.of(way.change);
    for (int step = 0; step < steps; step++) {
      try (var _ = TensorScope.open()) {
        var input = between(way.corrupted.input(), way.change.input(), ends.share(step, steps));
        var found = way.gradients.at(model, from(input, 0), products.points(all));
        batch.add(found, all, ends.weight(step, steps), sums);
      }
      passDone.run();
    }
  }

  private void overActivations(int steps, Ends ends) {
    var streams = IntStream.range(0, shape.layers()).mapToObj(HookPoint::residPre).toList();
    var way = new Way(streams);
    var batch = products.of(way.change);
    for (var group : Group.each(shape)) {
      var points = products.points(group);
      for (int step = 0; step < steps; step++) {
        try (var _ = TensorScope.open()) {
          var found = way.moved(group, ends.share(step, steps), points);
          batch.add(found, group, ends.weight(step, steps), sums);
        }
        passDone.run();
      }
    }
  }

  private Run.Input from(Tensor residual, int layer) {
    return new Run.Input.FromResidual(residual, layer, Optional.of(pairs.clean()));
  }

  private Tensor between(Tensor start, Tensor change, double share) {
    return start.widened().add(change.mul(share)).to(model.weights().wE().dtype());
  }

  /** The clean run, the corrupted values, and what lies between. */
  private final class Way {
    private final SourceValues.Ran clean;
    private final SourceValues corrupted;
    private final SourceValues change;
    private final Gradients gradients;

    Way(List<HookPoint> alsoKept) {
      var points = new LinkedHashSet<>(SourceValues.points(model.config()));
      points.addAll(alsoKept);
      clean =
          SourceValues.of(
              model, pairs.clean(), Run.Returns.LAST_LOGITS, points.toArray(HookPoint[]::new));
      corrupted = GradientScores.this.corrupted.of(pairs, clean.values());
      change = clean.values().minus(corrupted);
      // What reads a base run, as KL divergence does, is measured from the clean one.
      gradients = plain.against(clean.result().output());
    }

    /** Returns gradients of the clean run with some sources on the way. */
    GradientResult moved(Group group, double share, List<HookPoint> points) {
      if (group.has(0)) {
        var input = between(corrupted.input(), change.input(), share);
        return gradients.at(model, from(input, 0), points);
      }
      int layer = (group.from() - 1) / (shape.heads() + 1);
      boolean isMlp = group.from() != Group.firstHead(shape, layer);
      var point = isMlp ? HookPoint.mlpOut(layer) : HookPoint.z(layer);
      var value =
          isMlp
              ? between(corrupted.mlps().get(layer), change.mlps().get(layer), share)
              : between(corrupted.z().get(layer), change.z().get(layer), share);
      var stream = clean.result().cache().get(HookPoint.residPre(layer));
      return gradients
          .withHooks(Hooks.none().replace(point, (_, _) -> value))
          .at(model, from(stream, layer), points);
    }
  }
}
