package dev.loupe.lens.sweep;

import dev.loupe.lens.Change;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Run;
import dev.loupe.model.RunResult;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.TensorScope;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A whole forward pass a cell: slow, obvious, and what the planner is held to. */
public final class NaiveSweep {
  private final Sweep sweep;
  private final HookedTransformer model;
  private final Set<Intervention> interventions;

  private NaiveSweep(Sweep sweep, HookedTransformer model) {
    this.sweep = sweep;
    this.model = model;
    interventions =
        IntStream.range(0, sweep.grid().size())
            .mapToObj(sweep.grid()::cell)
            .flatMap(List::stream)
            .map(intervention -> intervention.requireFor(model.config(), sweep.prompts()))
            .collect(Collectors.toCollection(HashSet::new));
  }

  /**
   * Carries out a sweep.
   *
   * @throws IllegalArgumentException if an intervention does not suit the model or the prompts
   * @throws IllegalStateException if the metric of a run is not a number
   * @throws CancellationException if the thread is interrupted
   */
  public static SweepResult run(Sweep sweep, HookedTransformer model, Progress progress) {
    try (var _ = TensorScope.open()) {
      return new NaiveSweep(sweep, model).run(progress);
    }
  }

  private SweepResult run(Progress progress) {
    var prompts = sweep.prompts();
    var direction = sweep.direction();
    var baseTokens = InterventionRun.base(prompts, direction);
    var sourceTokens = InterventionRun.source(prompts, direction);
    var base = run(baseTokens, points(Change.Freeze.class::isInstance));
    var source = run(sourceTokens, points(NaiveSweep::readsSource));
    var means = means();
    interventions.forEach(means::requireFor);
    var runs = InterventionRun.of(model, prompts, direction, base, source, means);

    var reading = new NaiveReading(sweep.metric(), prompts.answers(), baseTokens, base.output());
    double[] ofBase = runs.baseMetric(sweep.metric());
    double[] ofSource = runs.sourceMetric(sweep.metric());
    var grid = sweep.grid();
    var values = new CellValues(grid.size(), prompts.size());
    for (int cell = 0; cell < grid.size(); cell++) {
      if (Thread.currentThread().isInterrupted()) {
        throw new CancellationException("interrupted after " + cell + " of " + grid.size());
      }
      try (var _ = TensorScope.open()) {
        var logits = model.run(Run.of(baseTokens).withHooks(runs.hooks(grid.cell(cell)))).output();
        double[] metric = reading.of("cell " + grid.labels(cell), logits, baseTokens);
        for (int prompt = 0; prompt < metric.length; prompt++) {
          values.set(cell, prompt, metric[prompt]);
        }
      }
      progress.at(cell + 1, grid.size());
    }
    return direction == PatchDirection.DENOISING
        ? new SweepResult(sweep, ofSource, ofBase, values)
        : new SweepResult(sweep, ofBase, ofSource, values);
  }

  private static boolean readsSource(Change change) {
    return switch (change) {
      case Change.Patch _, Change.PatchAlong _, Change.Resample _ -> true;
      default -> false;
    };
  }

  private RunResult run(Tokens tokens, Set<HookPoint> points) {
    return model.run(Run.of(tokens).caching(only(points)));
  }

  private static CacheFilter only(Set<HookPoint> points) {
    return CacheFilter.only(points.toArray(HookPoint[]::new));
  }

  private Set<HookPoint> points(Predicate<Change> reads) {
    return interventions.stream()
        .filter(intervention -> reads.test(intervention.change()))
        .map(intervention -> intervention.site().point())
        .collect(Collectors.toSet());
  }

  private NaiveMeans means() {
    var everywhere = points(change -> isMean(change, Change.Over.EVERYTHING));
    var byTemplate = points(change -> isMean(change, Change.Over.TEMPLATE_AND_POSITION));
    var points = new HashSet<>(everywhere);
    points.addAll(byTemplate);
    var reference = sweep.reference();
    var tokens = InterventionRun.source(reference, sweep.direction());
    var means = new NaiveMeans(reference, tokens, sweep.prompts());
    if (!points.isEmpty()) {
      var request = Run.of(tokens).caching(only(points)).returning(Run.Returns.NOTHING);
      var cache = model.run(request).cache();
      everywhere.forEach(point -> means.addEverywhere(point, cache.get(point)));
      byTemplate.forEach(point -> means.addByTemplate(point, cache.get(point)));
    }
    return means;
  }

  private static boolean isMean(Change change, Change.Over over) {
    return change instanceof Change.Mean mean && mean.over() == over;
  }
}
