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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Path patching (Wang et al., 2022, "Interpretability in the Wild", section 3.1): what a sender
 * does to the metric along the paths to its receivers that no other head carries.
 *
 * <p>The base prompt is run with the sender's output taken from the source run and the z of all
 * other heads as in the base run; what the receivers then read is recorded. In a second run of the
 * base prompt only the receivers are given what was recorded, at all of their positions and
 * whatever other receivers do before them; all that follows is computed. Noising, which is what the
 * paper does, puts corrupted values into the clean run.
 *
 * @param senders in every cell patches of heads' z or of whole MLP outputs, at any positions; a
 *     sender has no path to what is computed before it, and so no effect there
 * @param receivers at least one
 * @param prompts the prompts
 * @param direction which run is the base
 * @param metric what is measured
 * @param recompute what adapts on the way from sender to receiver; all else is as in the base run
 */
public record PathPatching(
    Grid senders,
    Set<Receiver> receivers,
    PromptPairs prompts,
    PatchDirection direction,
    Metric metric,
    Set<Recompute> recompute) {

  /** What lies on the way from a sender to its receivers and may be computed anew. */
  public enum Recompute {
    /** MLPs: paths lead through them, as in the paper. */
    MLPS,
    /** What norms divide by, those of MLPs on the way and of receivers. */
    NORMS
  }

  /** Copies the sets; refuses a path that ends nowhere and senders of other kinds. */
  public PathPatching {
    receivers = Set.copyOf(receivers);
    recompute = Set.copyOf(recompute);
    if (receivers.isEmpty()) {
      throw new IllegalArgumentException("no receivers: expected at least one to end the paths in");
    }
    for (int cell = 0; cell < senders.size(); cell++) {
      senders.cell(cell).forEach(PathPatching::requireSender);
    }
  }

  private static void requireSender(Intervention sender) {
    var site = sender.site();
    boolean head = site.point().kind() == Kind.Z && site.part() instanceof Site.Part.Head;
    boolean mlp = site.point().kind() == Kind.MLP_OUT && site.part() instanceof Site.Part.Whole;
    if (!(sender.change() instanceof Change.Patch) || !(head || mlp)) {
      throw new IllegalArgumentException(
          "sender "
              + sender.change().getClass().getSimpleName()
              + " of "
              + site
              + ": expected the patch of a head's z or of a whole hook_mlp_out");
    }
  }

  // ---- Making one

  /** Returns every head of a model as a sender at some positions, by layer and head. */
  public static Grid heads(ModelConfig config, At at) {
    return Grid.of(
        List.of(Axis.numbered("layer", config.nLayers()), Axis.numbered("head", config.nHeads())),
        c -> List.of(Intervention.patch(Site.z(new Head(c.getFirst(), c.getLast())).at(at))));
  }

  /** Returns every MLP of a model as a sender at some positions, by layer. */
  public static Grid mlps(ModelConfig config, At at) {
    return Grid.of(
        List.of(Axis.numbered("layer", config.nLayers())),
        c -> List.of(Intervention.patch(mlp(c.getFirst()).at(at))));
  }

  /** Returns the output of an MLP, as a sender. */
  public static Site mlp(int layer) {
    return Site.of(HookPoint.mlpOut(layer));
  }

  /** Begins with the senders of a grid; MLPs and norms on the way are recomputed. */
  public static Builder from(Grid senders) {
    return new Builder(senders, Set.of(), Set.of(Recompute.values()));
  }

  /**
   * Begins with the direct path from one sender to one receiver, a single edge: heads, MLPs and
   * norms are all as in the base run.
   *
   * @param sender a head's z or an MLP's output
   */
  public static Builder edge(Site sender, Receiver receiver) {
    var axis = new Axis("edge", List.of(sender + " -> " + receiver));
    var cell = List.of(Intervention.patch(sender));
    return new Builder(Grid.of(axis, List.of(cell)), Set.of(receiver), Set.of());
  }

  /** A path patching in the making; a value, like what it makes. */
  public static final class Builder {
    private final Grid senders;
    private final Set<Receiver> receivers;
    private final Set<Recompute> recompute;

    private Builder(Grid senders, Set<Receiver> receivers, Set<Recompute> recompute) {
      this.senders = senders;
      this.receivers = receivers;
      this.recompute = recompute;
    }

    /** Returns this with more receivers. */
    public Builder to(Receiver... more) {
      var all = new LinkedHashSet<>(receivers);
      all.addAll(List.of(more));
      return new Builder(senders, all, recompute);
    }

    /** Returns this recomputing these on the way, and nothing else. */
    public Builder recomputing(Recompute... these) {
      return new Builder(senders, receivers, Set.of(these));
    }

    /** Makes it of corrupted values in the clean run, as in the paper. */
    public PathPatching noising(PromptPairs prompts, Metric metric) {
      return new PathPatching(
          senders, receivers, prompts, PatchDirection.NOISING, metric, recompute);
    }

    /** Makes it of clean values in the corrupted run. */
    public PathPatching denoising(PromptPairs prompts, Metric metric) {
      return new PathPatching(
          senders, receivers, prompts, PatchDirection.DENOISING, metric, recompute);
    }
  }

  // ---- Running it

  /**
   * Carries it out. It may be interrupted, and goes on from where it was in a folder that the
   * options name.
   *
   * @throws IllegalArgumentException if a sender, a receiver or the prompts do not suit the model
   * @throws IllegalStateException if the metric is not a finite number somewhere
   * @throws SweepInterruptedException if the thread is interrupted; it carries what was computed
   */
  public SweepResult run(HookedTransformer model, SweepOptions options, Progress progress) {
    requireIn(model.config());
    return PathPatchingRun.of(this, model, options, progress);
  }

  /**
   * Says how it would be carried out, without computing anything.
   *
   * @throws IllegalArgumentException if a sender, a receiver or the prompts do not suit the model
   */
  public PathPlan plan(HookedTransformer model, SweepOptions options) {
    requireIn(model.config());
    return PathPatchingRun.plan(this, model, options);
  }

  void requireIn(ModelConfig config) {
    for (int cell = 0; cell < senders.size(); cell++) {
      senders.cell(cell).forEach(sender -> sender.site().requireIn(config));
    }
    receivers.forEach(receiver -> receiver.requireIn(config));
  }

  boolean recomputes(Recompute what) {
    return recompute.contains(what);
  }

  /** Returns this on other prompts. */
  PathPatching on(PromptPairs others) {
    return new PathPatching(senders, receivers, others, direction, metric, recompute);
  }

  /** Returns the senders as the sweep that results are labelled by. */
  Sweep sweep() {
    return Sweep.of(senders, prompts, direction, metric);
  }
}
