package dev.loupe.lens.sweep;

import dev.loupe.lens.Change;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.Metric;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.PromptPairs;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.model.Run;
import dev.loupe.model.RunResult;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.Tensor;
import java.util.List;

/**
 * Whole forward passes with interventions, of which any activation can be kept: what a sweep gives
 * a metric of, to be looked into. The clean and the corrupted run are made once; their tensors must
 * stay, so use it in the scope that holds them.
 */
public final class InterventionRun {
  private final HookedTransformer model;
  private final PromptPairs pairs;
  private final PatchDirection direction;
  private final RunResult base;
  private final RunResult source;
  private final NaiveMeans means;

  private InterventionRun(
      HookedTransformer model,
      PromptPairs pairs,
      PatchDirection direction,
      RunResult base,
      RunResult source,
      NaiveMeans means) {
    this.model = model;
    this.pairs = pairs;
    this.direction = direction;
    this.base = base;
    this.source = source;
    this.means = means;
  }

  /**
   * Prepares interventions in prompts that were run.
   *
   * @param direction which of the runs is intervened in; the other is what patches and means are
   *     taken from
   * @param clean the run of the clean prompts, with all in its cache that interventions will ask
   *     for: what a frozen, patched or averaged site holds
   * @param corrupted that of the corrupted prompts
   */
  public static InterventionRun of(
      HookedTransformer model,
      PromptPairs pairs,
      PatchDirection direction,
      RunResult clean,
      RunResult corrupted) {
    boolean denoising = direction == PatchDirection.DENOISING;
    return of(
        model,
        pairs,
        direction,
        denoising ? corrupted : clean,
        denoising ? clean : corrupted,
        new NaiveMeans(pairs, source(pairs, direction), pairs));
  }

  static InterventionRun of(
      HookedTransformer model,
      PromptPairs pairs,
      PatchDirection direction,
      RunResult base,
      RunResult source,
      NaiveMeans means) {
    return new InterventionRun(model, pairs, direction, base, source, means);
  }

  /** Returns the prompts that are intervened in. */
  static Tokens base(PromptPairs pairs, PatchDirection direction) {
    return direction == PatchDirection.DENOISING ? pairs.corrupted() : pairs.clean();
  }

  /** Returns the prompts that values are taken from. */
  static Tokens source(PromptPairs pairs, PatchDirection direction) {
    return direction == PatchDirection.DENOISING ? pairs.clean() : pairs.corrupted();
  }

  /**
   * Runs the base prompts with interventions, one after the other.
   *
   * @param filter what is kept, as the interventions leave it
   * @return logits of every position, and what was kept
   * @throws IllegalArgumentException if an intervention does not suit the model or the prompts, or
   *     the caches of the runs lack what it asks for
   */
  public RunResult run(List<Intervention> interventions, CacheFilter filter) {
    return run(interventions, filter, Run.Returns.LOGITS);
  }

  /**
   * Runs the base prompts with interventions, giving something else.
   *
   * @return what {@code returns} says, and what was kept
   * @throws IllegalArgumentException as the other
   */
  public RunResult run(List<Intervention> interventions, CacheFilter filter, Run.Returns returns) {
    interventions.forEach(intervention -> intervention.requireFor(model.config(), pairs));
    interventions.forEach(this::addMean);
    interventions.forEach(means::requireFor);
    return model.run(
        Run.of(base(pairs, direction))
            .withHooks(hooks(interventions))
            .caching(filter)
            .returning(returns));
  }

  /**
   * Returns a metric of each prompt of a run.
   *
   * @param logits of every position, as {@link #run} gives them
   * @throws IllegalArgumentException if the metric does not suit the answers
   * @throws IllegalStateException if it is not a number somewhere
   */
  public double[] metric(Metric metric, Tensor logits) {
    return reading(metric).of("the run", logits, base(pairs, direction));
  }

  /** Returns a metric of each prompt of the run without interventions. */
  public double[] baseMetric(Metric metric) {
    return reading(metric).of("the base run", base.output(), base(pairs, direction));
  }

  /** Returns a metric of each prompt of the run that values are taken from. */
  public double[] sourceMetric(Metric metric) {
    return reading(metric).of("the source run", source.output(), source(pairs, direction));
  }

  private NaiveReading reading(Metric metric) {
    return new NaiveReading(metric, pairs.answers(), base(pairs, direction), base.output());
  }

  /** Returns hooks that carry out interventions which suit model and prompts. */
  Hooks hooks(List<Intervention> interventions) {
    return new NaiveHooks(pairs, source(pairs, direction), base.cache(), source.cache(), means)
        .of(interventions);
  }

  private void addMean(Intervention intervention) {
    var point = intervention.site().point();
    if (intervention.change() instanceof Change.Mean(var over) && !means.has(point, over)) {
      switch (over) {
        case EVERYTHING -> means.addEverywhere(point, source.cache().get(point));
        case TEMPLATE_AND_POSITION -> means.addByTemplate(point, source.cache().get(point));
      }
    }
  }
}
