package dev.loupe.study.interventions;

import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.sweep.InterventionRun;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Run;
import dev.loupe.model.RunResult;
import dev.loupe.model.Tokens;
import dev.loupe.study.TokenNames;
import dev.loupe.study.interventions.NextTokens.Next;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Reads which tokens are likeliest after the first prompts. */
final class NextTokensReader {
  /** How many prompts are read at most. */
  static final int MOST = 20;

  private final HookedTransformer model;
  private final PromptPairs pairs;
  private final Interventions study;
  private final TokenNames names;

  NextTokensReader(HookedTransformer model, PromptPairs pairs, Interventions study) {
    this.model = model;
    // Means and other prompts' values are of all prompts, whichever are shown.
    boolean readsOthers = study.interventions().stream().anyMatch(GivenIntervention::readsOthers);
    this.pairs = readsOthers ? pairs : pairs.rows(0, Math.min(MOST, pairs.size()));
    this.study = study;
    names = new TokenNames(model);
  }

  /** Reads three runs of the same prompts. */
  List<NextTokens> read(Progress progress) {
    try (var _ = TensorScope.open()) {
      var clean = run(pairs.clean());
      progress.at(1, 3);
      var corrupted = study.isCorrupted() ? run(pairs.corrupted()) : clean;
      progress.at(2, 3);
      var intervened =
          InterventionRun.of(model, pairs, study.patching(), clean, corrupted)
              .run(study.all(), CacheFilter.none(), Run.Returns.LAST_LOGITS);
      progress.at(3, 3);
      var ofClean = likeliest(clean.output());
      var ofCorrupted = study.isCorrupted() ? likeliest(corrupted.output()) : ofClean;
      var ofIntervened = likeliest(intervened.output());
      return IntStream.range(0, ofClean.size())
          .mapToObj(row ->
              new NextTokens(
                  ofClean.get(row),
                  study.isCorrupted() ? ofCorrupted.get(row) : List.of(),
                  ofIntervened.get(row)))
          .toList();
    }
  }

  private RunResult run(Tokens tokens) {
    var points =
        study.all().stream()
            .map(intervention -> intervention.site().point())
            .distinct()
            .toArray(HookPoint[]::new);
    return model.run(
        Run.of(tokens).returning(Run.Returns.LAST_LOGITS).caching(CacheFilter.only(points)));
  }

  /** Returns the likeliest tokens by row of logits, [prompt, d_vocab]. */
  private List<List<Next>> likeliest(Tensor last) {
    var logits = last.narrow(0, 0, Math.min(MOST, last.size(0))).widened();
    int count = Math.toIntExact(Math.min(study.top(), logits.size(1)));
    var top = logits.topK(count, 1);
    long[] ids = top.indices().toLongs();
    double[] values = top.values().toDoubles();
    double[] probabilities = logits.softmax(1).gather(1, top.indices()).toDoubles();
    var rows = new ArrayList<List<Next>>();
    for (int row = 0; row < logits.size(0); row++) {
      var next = new ArrayList<Next>();
      for (int i = row * count; i < (row + 1) * count; i++) {
        next.add(new Next(names.of(ids[i]), probabilities[i], values[i]));
      }
      rows.add(next);
    }
    return rows;
  }
}
