package dev.loupe.lens.sweep;

import dev.loupe.lens.At;
import dev.loupe.lens.Change;
import dev.loupe.lens.Head;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.Metric;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.ModelConfig;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How components are knocked out of the clean run: heads by their z, MLPs by what they add, neurons
 * by what the output matrix reads of them.
 *
 * @param prompts the clean prompts and the corrupted ones that values are taken from
 * @param metric what is measured
 * @param change zero, a mean, or resampling
 * @param at which positions are ablated
 * @param reference the pairs whose corrupted prompts means are taken over
 */
public record Ablation(
    PromptPairs prompts, Metric metric, Change change, At at, PromptPairs reference) {

  /** Refuses changes that knock nothing out. */
  public Ablation {
    switch (change) {
      case Change.Zero _, Change.Mean _, Change.Resample _ -> {}
      default ->
          throw new IllegalArgumentException(
              "ablation by " + change + ": expected zero, a mean, or resampling");
    }
  }

  /** Returns the ablation by zero, at every position. */
  public static Ablation zero(PromptPairs prompts, Metric metric) {
    return new Ablation(prompts, metric, new Change.Zero(), At.all(), prompts);
  }

  /** Returns the ablation by means over the corrupted prompts, at every position. */
  public static Ablation mean(PromptPairs prompts, Metric metric, Change.Over over) {
    return new Ablation(prompts, metric, new Change.Mean(over), At.all(), prompts);
  }

  /** Returns the ablation by the values of another corrupted prompt, at every position. */
  public static Ablation resample(PromptPairs prompts, Metric metric, long seed) {
    return new Ablation(prompts, metric, new Change.Resample(seed), At.all(), prompts);
  }

  /** Returns this ablation at other positions. */
  public Ablation at(At positions) {
    return new Ablation(prompts, metric, change, positions, reference);
  }

  /** Returns this ablation with means over the corrupted prompts of other pairs. */
  public Ablation meansOver(PromptPairs pairs) {
    return new Ablation(prompts, metric, change, at, pairs);
  }

  // ---- Components

  /** Returns every head of a model. */
  public static List<Site> heads(ModelConfig config) {
    return IntStream.range(0, config.nLayers() * config.nHeads())
        .mapToObj(i -> Site.z(new Head(i / config.nHeads(), i % config.nHeads())))
        .toList();
  }

  /** Returns every MLP of a model. */
  public static List<Site> mlps(ModelConfig config) {
    return IntStream.range(0, config.nLayers()).mapToObj(PathPatching::mlp).toList();
  }

  /** Returns a neuron. */
  public static Site neuron(int layer, int index) {
    return Site.neuron(HookPoint.mlpPost(layer), index);
  }

  /** Returns the heads and MLPs of a model that are not among {@code kept}. */
  public static List<Site> allBut(ModelConfig config, Collection<Site> kept) {
    var all = new ArrayList<>(heads(config));
    all.addAll(mlps(config));
    for (var site : kept) {
      if (!all.contains(site)) {
        throw new IllegalArgumentException(
            "component "
                + site
                + " to be kept: expected a head's z or a whole hook_mlp_out, at"
                + " every position, of this model");
      }
    }
    all.removeAll(kept);
    return all;
  }

  // ---- Sweeps

  /** Returns the sweep that knocks out each head alone, by layer and head. */
  public Sweep eachHead(ModelConfig config) {
    return sweep(
        Grid.of(
            PathPatching.heads(config, at).axes(),
            c -> interventions(List.of(Site.z(new Head(c.getFirst(), c.getLast()))))));
  }

  /** Returns the sweep that knocks out each MLP alone, by layer. */
  public Sweep eachMlp(ModelConfig config) {
    return sweep(
        Grid.of(
            PathPatching.mlps(config, at).axes(),
            c -> interventions(List.of(PathPatching.mlp(c.getFirst())))));
  }

  /** Returns the sweep that knocks out each of some components alone, along an axis of them. */
  public Sweep each(List<Site> components) {
    var axis = new Axis("component", components.stream().map(Ablation::label).toList());
    return sweep(
        Grid.of(axis, components.stream().map(site -> interventions(List.of(site))).toList()));
  }

  /** Returns the sweep of one cell that knocks out components together. */
  public Sweep together(Collection<Site> components) {
    var axis = new Axis("ablated", List.of("together"));
    return sweep(Grid.of(axis, List.of(interventions(components))));
  }

  private Sweep sweep(Grid grid) {
    return new Sweep(grid, prompts, PatchDirection.NOISING, metric, reference);
  }

  private List<Intervention> interventions(Collection<Site> components) {
    return components.stream()
        .map(Ablation::requireComponent)
        .map(site -> new Intervention(site.at(at), change))
        .toList();
  }

  private static Site requireComponent(Site site) {
    label(site);
    return site;
  }

  private static String label(Site site) {
    var point = site.point();
    return switch (site.part()) {
      case Site.Part.Head head when point.kind() == Kind.Z ->
          new Head(point.layer(), head.index()).toString();
      case Site.Part.Neuron neuron when point.kind() == Kind.MLP_POST ->
          "L" + point.layer() + "N" + neuron.index();
      case Site.Part.Whole _ when point.kind() == Kind.MLP_OUT -> "MLP " + point.layer();
      default ->
          throw new IllegalArgumentException(
              "component "
                  + site
                  + ": expected a head's z, a whole hook_mlp_out or a neuron of mlp.hook_post");
    };
  }

  // ---- Running it

  /**
   * Knocks components out together.
   *
   * @throws IllegalArgumentException if the model lacks one, or it is no head, MLP or neuron
   * @throws SweepInterruptedException if the thread is interrupted
   */
  public KnockOut knockOut(
      HookedTransformer model,
      Collection<Site> components,
      SweepOptions options,
      Progress progress) {
    return KnockOut.of(together(components).run(model, options, progress));
  }

  /**
   * Knocks out all heads and MLPs but some: what is left is what these do alone.
   *
   * @throws IllegalArgumentException if the model lacks one of those kept, or it is a neuron
   * @throws SweepInterruptedException if the thread is interrupted
   */
  public KnockOut everythingElse(
      HookedTransformer model, Collection<Site> kept, SweepOptions options, Progress progress) {
    return knockOut(model, allBut(model.config(), kept), options, progress);
  }

  /**
   * Measures what every head adds to the logit difference directly, at the last token, before and
   * after components are knocked out together. Each run has the scale of its own final norm.
   *
   * @throws IllegalArgumentException if the model lacks one, or a prompt has no wrong answer
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  public BackupHeads backupHeads(
      HookedTransformer model,
      Collection<Site> components,
      SweepOptions options,
      Progress progress) {
    return new HeadAttribution(model, together(components)).run(options, progress);
  }
}
