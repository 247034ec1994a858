package dev.loupe.study.interventions;

import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Run;
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
    this.pairs = pairs;
    this.study = study;
    names = new TokenNames(model);
  }

  List<NextTokens> read(Progress progress) {
    int rows = Math.min(MOST, pairs.size());
    var clean = plain(pairs.clean().rows(0, rows));
    progress.at(1, 3);
    var corrupted =
        study.isCorrupted() ? plain(pairs.corrupted().rows(0, rows)) : List.<List<Next>>of();
    progress.at(2, 3);
    var intervened = intervened(rows);
    progress.at(3, 3);
    return IntStream.range(0, rows)
        .mapToObj(row ->
            new NextTokens(
                clean.get(row),
                corrupted.isEmpty() ? List.of() : corrupted.get(row),
                intervened.get(row)))
        .toList();
  }

  private List<List<Next>> plain(Tokens tokens) {
    try (var _ = TensorScope.open()) {
      return likeliest(model.run(Run.of(tokens).returning(Run.Returns.LAST_LOGITS)).output());
    }
  }

  private List<List<Next>> intervened(int rows) {
    return plain(pairs.clean().rows(0, rows));
  }

  /** Returns the likeliest tokens by row of logits, [prompt, d_vocab]. */
  private List<List<Next>> likeliest(Tensor last) {
    var logits = last.widened();
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
