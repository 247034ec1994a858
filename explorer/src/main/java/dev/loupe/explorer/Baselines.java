package dev.loupe.explorer;

import dev.loupe.lens.Change;
import dev.loupe.lens.Intervention;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Prompt;
import dev.loupe.model.Run;
import dev.loupe.model.RunResult;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.TensorScope;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Runs of prompts as they are, which a click need not make again; those used last are kept, as many
 * as the memory allows. Not for several threads at once: whoever has the model has these.
 */
final class Baselines implements AutoCloseable {
  // What the views read, and what interventions mostly ask for.
  private static final Set<Kind> KEPT =
      EnumSet.of(
          Kind.EMBED,
          Kind.POS_EMBED,
          Kind.RESID_PRE,
          Kind.RESID_MID,
          Kind.RESID_POST,
          Kind.ATTN_OUT,
          Kind.MLP_OUT,
          Kind.Q,
          Kind.K,
          Kind.V,
          Kind.Z,
          Kind.PATTERN,
          Kind.LN_FINAL_SCALE);

  private final HookedTransformer model;
  private final long memory;
  private final LinkedHashMap<Key, Baseline> held = new LinkedHashMap<>(16, .75f, true);

  /**
   * Prepares a model, which must stay open.
   *
   * @param memory how many bytes may be held, but for the runs that are being looked at
   */
  Baselines(HookedTransformer model, long memory) {
    this.model = model;
    this.memory = memory;
  }

  private record Key(List<Long> clean, List<Long> corrupted, Set<String> more) {}

  /**
   * The runs of a question's prompts, [1, ...] each.
   *
   * @param corrupted that of the corrupted prompt, which may be of another length
   * @param forwardMillis what one plain forward pass of the clean prompt took
   */
  record Baseline(RunResult clean, Optional<RunResult> corrupted, double forwardMillis) {
    private long bytes() {
      return bytes(clean) + corrupted.map(Baseline::bytes).orElse(0L);
    }

    private static long bytes(RunResult run) {
      return run.cache().bytes() + run.output().bytes();
    }

    private void free() {
      free(clean);
      corrupted.ifPresent(Baseline::free);
    }

    private static void free(RunResult run) {
      run.output().free();
      run.cache().points().forEach(point -> run.cache().get(point).free());
    }
  }

  /** Returns what runs of the page's questions keep. */
  static CacheFilter kept(Set<HookPoint> more) {
    return CacheFilter.where(point -> KEPT.contains(point.kind()) || more.contains(point));
  }

  /** Returns the runs of a question; they stay as they are until the next is asked for. */
  Baseline of(Asked asked) {
    var more = more(asked.question().interventions());
    var names = new TreeSet<String>();
    more.forEach(point -> names.add(point.toString()));
    var key =
        new Key(asked.clean().ids(), asked.corrupted().map(Prompt::ids).orElse(List.of()), names);
    var known = held.get(key);
    if (known != null) {
      return known;
    }
    var made = run(asked, kept(more));
    held.put(key, made);
    evict();
    return made;
  }

  /** Returns points that interventions ask for beside those that are kept anyway. */
  private static Set<HookPoint> more(List<Intervention> interventions) {
    var more = new HashSet<HookPoint>();
    for (var intervention : interventions) {
      var point = intervention.site().point();
      boolean reads =
          switch (intervention.change()) {
            case Change.Zero _,
                Change.Scale _,
                Change.Add _,
                Change.ProjectOut _,
                Change.Custom _ ->
                false;
            default -> true;
          };
      if (reads && !KEPT.contains(point.kind())) {
        more.add(point);
      }
    }
    return more;
  }

  private Baseline run(Asked asked, CacheFilter filter) {
    var clean = Tokens.of(asked.clean().idArray());
    try (var _ = TensorScope.open()) {
      var ofClean = model.runWithCache(clean, filter);
      var ofCorrupted =
          asked.corrupted().map(prompt -> model.runWithCache(Tokens.of(prompt.idArray()), filter));
      long start = System.nanoTime();
      model.run(Run.of(clean));
      double millis = (System.nanoTime() - start) / 1e6;
      return new Baseline(unscoped(ofClean), ofCorrupted.map(Baselines::unscoped), millis);
    }
  }

  private static RunResult unscoped(RunResult run) {
    return new RunResult(
        run.result().map(TensorScope::unscoped),
        run.cache().map((_, tensor) -> TensorScope.unscoped(tensor)));
  }

  private void evict() {
    long bytes = held.values().stream().mapToLong(Baseline::bytes).sum();
    var oldest = held.values().iterator();
    while (bytes > memory && held.size() > 1) {
      var baseline = oldest.next();
      bytes -= baseline.bytes();
      oldest.remove();
      baseline.free();
    }
  }

  @Override
  public void close() {
    held.values().forEach(Baseline::free);
    held.clear();
  }
}
