package dev.loupe.lens.sweep;

import dev.loupe.lens.At;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.Metric.Reads;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Readout;
import dev.loupe.lens.Site;
import dev.loupe.lens.sweep.PathPatching.Recompute;
import dev.loupe.model.ActivationCache;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.model.Run;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.stream.LongStream;

/**
 * Path patching by two whole forward passes a cell, everything that is frozen being put back by a
 * hook: slow, obvious, and what {@link PathPatching} is held to.
 */
public final class NaivePathPatching {
  private final PathPatching patching;
  private final HookedTransformer model;
  private final PromptPairs prompts;
  private final Tokens tokens;
  private final ActivationCache base;
  private final ActivationCache source;
  private final Tensor baseLogits;
  private final Tensor sourceLogits;

  /**
   * Carries out a path patching.
   *
   * @throws IllegalArgumentException if a sender, a receiver or the prompts do not suit the model
   * @throws CancellationException if the thread is interrupted
   */
  public static SweepResult run(PathPatching patching, HookedTransformer model, Progress progress) {
    patching.requireIn(model.config());
    try (var _ = TensorScope.open()) {
      return new NaivePathPatching(patching, model).run(progress);
    }
  }

  private NaivePathPatching(PathPatching patching, HookedTransformer model) {
    this.patching = patching;
    this.model = model;
    prompts = patching.prompts();
    boolean noising = patching.direction() == PatchDirection.NOISING;
    tokens = noising ? prompts.clean() : prompts.corrupted();
    var frozen =
        CacheFilter.kinds(
            Kind.Z, Kind.MLP_OUT, Kind.LN1_SCALE, Kind.LN2_SCALE, Kind.LN_FINAL_SCALE);
    var baseRun = model.runWithCache(tokens, frozen);
    base = baseRun.cache();
    baseLogits = baseRun.output();
    var sourceRun =
        model.runWithCache(
            noising ? prompts.corrupted() : prompts.clean(),
            CacheFilter.kinds(Kind.Z, Kind.MLP_OUT));
    source = sourceRun.cache();
    sourceLogits = sourceRun.output();
  }

  private SweepResult run(Progress progress) {
    boolean noising = patching.direction() == PatchDirection.NOISING;
    double[] ofBase = metric(baseLogits, tokens);
    double[] ofSource = metric(sourceLogits, noising ? prompts.corrupted() : prompts.clean());
    int cells = patching.senders().size();
    var values = new CellValues(cells, prompts.size());
    for (int cell = 0; cell < cells; cell++) {
      if (Thread.currentThread().isInterrupted()) {
        throw new CancellationException("interrupted after " + cell + " of " + cells);
      }
      try (var _ = TensorScope.open()) {
        var recorded = recorded(patching.senders().cell(cell));
        double[] metric = metric(model.runWithHooks(tokens, received(recorded)), tokens);
        for (int row = 0; row < metric.length; row++) {
          values.set(cell, row, metric[row]);
        }
      }
      progress.at(cell + 1, cells);
    }
    return new SweepResult(
        patching.sweep(), noising ? ofBase : ofSource, noising ? ofSource : ofBase, values);
  }

  /** The first run: the senders patched, all else frozen; returns what receivers compute. */
  private ActivationCache recorded(List<Intervention> senders) {
    var hooks = Hooks.none();
    for (int layer = 0; layer < model.config().nLayers(); layer++) {
      hooks = frozen(hooks, HookPoint.z(layer));
      if (!patching.recomputes(Recompute.MLPS)) {
        hooks = frozen(hooks, HookPoint.mlpOut(layer));
      }
      if (!patching.recomputes(Recompute.NORMS)) {
        hooks = frozen(hooks, new HookPoint(Kind.LN1_SCALE, layer));
        hooks = frozen(hooks, new HookPoint(Kind.LN2_SCALE, layer));
      }
    }
    if (!patching.recomputes(Recompute.NORMS)) {
      hooks = frozen(hooks, HookPoint.of(Kind.LN_FINAL_SCALE));
    }
    for (var sender : senders) {
      var site = sender.site();
      var from = source.get(site.point());
      hooks = hooks.replace(site.point(), (value, _) -> put(value, site.part(), site.at(), from));
    }
    var points = patching.receivers().stream().map(NaivePathPatching::computed).distinct();
    var filter = CacheFilter.only(points.toArray(HookPoint[]::new));
    return model.run(Run.of(tokens).withHooks(hooks).caching(filter)).cache();
  }

  private Hooks frozen(Hooks hooks, HookPoint point) {
    return hooks.replace(point, (_, at) -> base.get(at));
  }

  /** The second run: the receivers have what they computed in the first. */
  private Hooks received(ActivationCache recorded) {
    var hooks = Hooks.none();
    for (var receiver : patching.receivers()) {
      var point = computed(receiver);
      Site.Part part =
          receiver instanceof Receiver.HeadInput input
              ? new Site.Part.Head(input.head().index())
              : new Site.Part.Whole();
      var from = recorded.get(point);
      hooks = hooks.replace(point, (value, _) -> put(value, part, receiver.at(), from));
    }
    return hooks;
  }

  // The first thing that is computed of what a receiver reads, its norm included; of an MLP its
  // neurons, as its output may be frozen.
  private static HookPoint computed(Receiver receiver) {
    return switch (receiver) {
      case Receiver.HeadInput input ->
          switch (input.role()) {
            case QUERY -> HookPoint.q(input.head().layer());
            case KEY -> HookPoint.k(input.head().layer());
            case VALUE -> HookPoint.v(input.head().layer());
          };
      case Receiver.Mlp mlp -> HookPoint.mlpPost(mlp.layer());
      case Receiver.FinalResidual _ -> HookPoint.of(Kind.LN_FINAL_NORMALIZED);
    };
  }

  /** Returns an activation with that of another run in its place, for one part and positions. */
  private Tensor put(Tensor value, Site.Part part, At at, Tensor from) {
    int heads = part instanceof Site.Part.Head ? (int) value.size(2) : 1;
    int head = part instanceof Site.Part.Head h ? h.index() : 0;
    int length = tokens.length();
    var mask = new boolean[tokens.batch() * length * heads];
    for (int row = 0; row < tokens.batch(); row++) {
      for (int position : prompts.positions(at, row)) {
        mask[(row * length + tokens.start(row) + position) * heads + head] = true;
      }
    }
    long[] shape = {tokens.batch(), length, heads, 1};
    var chosen = Tensors.of(mask, value.dim() == 4 ? shape : Arrays.copyOf(shape, 3));
    return Tensors.where(chosen.to(value.device()), from, value);
  }

  /** Returns the metric of every prompt of a run, each read by itself. */
  private double[] metric(Tensor logits, Tokens read) {
    var values = new double[prompts.size()];
    for (int row = 0; row < values.length; row++) {
      long[] ids = read.row(row);
      var ofBase = own(baseLogits, row, ids.length);
      var readout =
          new Readout(
              own(logits, row, ids.length).unsqueeze(0),
              List.of(),
              prompts.answers().rows(row),
              List.of(LongStream.of(ids).boxed().toList()),
              0,
              Optional.of(new Readout.Base(ofBase)));
      values[row] = patching.metric().of(readout).item();
    }
    return values;
  }

  // [1, d_vocab] of the last token or [1, pos, d_vocab], without pads.
  private Tensor own(Tensor logits, int row, int length) {
    var rows = logits.narrow(0, row, 1).narrow(1, tokens.start(row), length);
    return patching.metric().reads() == Reads.EVERY ? rows : rows.select(1, length - 1);
  }
}
