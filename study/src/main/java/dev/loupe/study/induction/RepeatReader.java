package dev.loupe.study.induction;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.Interruption;
import dev.loupe.lens.Progress;
import dev.loupe.lens.SameLength;
import dev.loupe.lens.heads.RepeatedTokens;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.model.Run;
import dev.loupe.model.Tokens;
import dev.loupe.study.induction.InductionFindings.Half;
import dev.loupe.study.induction.InductionFindings.Halves;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Reads how well repeated tokens are predicted, with all heads or without some. */
final class RepeatReader {
  // A row of the vocabulary for each token, and its logarithms.
  private static final int TOKENS = 256;

  private final HookedTransformer model;
  private final RepeatedTokens repeated;
  private final Progress progress;

  RepeatReader(HookedTransformer model, RepeatedTokens repeated, Progress progress) {
    this.model = model;
    this.repeated = repeated;
    this.progress = progress;
  }

  /** Returns how both halves are predicted with z of heads at its mean over all tokens. */
  Halves read(List<Head> knockedOut) {
    var tokens = repeated.tokens();
    // [sequence][position of the token that is predicted, from 1]
    var losses = new double[tokens.batch()][];
    var hits = new double[tokens.batch()][];
    try (var _ = TensorScope.open()) {
      var hooks = hooks(knockedOut);
      int done = 0;
      for (int[] rows : SameLength.batches(tokens, length -> TOKENS / length)) {
        Interruption.check("sequences were read");
        try (var _ = TensorScope.open()) {
          read(hooks, losses, hits, rows);
        }
        done += rows.length;
        progress.at(done, tokens.batch());
      }
    }
    return new Halves(half(losses, hits, 0), half(losses, hits, repeated.length()));
  }

  private void read(Hooks hooks, double[][] losses, double[][] hits, int... rows) {
    var tokens = SameLength.unpadded(repeated.tokens(), rows);
    int next = tokens.length() - 1;
    var logits = model.run(Run.of(tokens).withHooks(hooks)).output().narrow(1, 0, next).widened();
    var ids = tokens.ids().narrow(1, 1, next).to(logits.device());
    double[] loss = logits.logSoftmax(-1).gather(2, ids.unsqueeze(-1)).squeeze(2).neg().toDoubles();
    double[] hit = logits.argmax(-1).eq(ids).to(logits.dtype()).toDoubles();
    for (int i = 0; i < rows.length; i++) {
      losses[rows[i]] = Arrays.copyOfRange(loss, i * next, (i + 1) * next);
      hits[rows[i]] = Arrays.copyOfRange(hit, i * next, (i + 1) * next);
    }
  }

  /**
   * Returns how the tokens of a half are predicted; those that repeat nothing yet, the first of
   * each half, do not count in its means.
   *
   * @param from where the half begins, counted from the first random token
   */
  private Half half(double[][] losses, double[][] hits, int from) {
    int first = repeated.first() + from;
    var byPosition = new ArrayList<Estimate>();
    for (int i = 0; i < repeated.length(); i++) {
      // Nothing stands before the very first token where there is no BOS.
      int at = first + i - 1;
      byPosition.add(
          at < 0
              ? Estimate.none()
              : Estimate.of(Arrays.stream(losses).mapToDouble(row -> row[at]).toArray()));
    }
    return new Half(byPosition, mean(losses, first), mean(hits, first));
  }

  private Estimate mean(double[][] values, int first) {
    return Estimate.of(
        Arrays.stream(values)
            .mapToDouble(row ->
                IntStream.range(first, first + repeated.length() - 1)
                    .mapToDouble(at -> row[at])
                    .average()
                    .orElseThrow())
            .toArray());
  }

  private Hooks hooks(List<Head> knockedOut) {
    var hooks = Hooks.none();
    if (knockedOut.isEmpty()) {
      return hooks;
    }
    var means = means(knockedOut);
    for (int i = 0; i < knockedOut.size(); i++) {
      var head = knockedOut.get(i);
      var mean = means.get(i);
      hooks =
          hooks.replace(
              HookPoint.z(head.layer()),
              (z, at) -> {
                var old = z.select(2, head.index());
                return z.withSelect(
                    2, head.index(), mean.to(z.dtype()).expand(old.shape()).contiguous());
              });
    }
    return hooks;
  }

  /** Returns the mean of z over all tokens of all sequences, [d_head] a head. */
  private List<Tensor> means(List<Head> heads) {
    var tokens = repeated.tokens();
    var sums = new ArrayList<Tensor>();
    for (int[] rows : SameLength.batches(tokens)) {
      Interruption.check("means were taken");
      try (var scope = TensorScope.open()) {
        var cache = model.run(zOf(SameLength.unpadded(tokens, rows))).cache();
        for (int i = 0; i < heads.size(); i++) {
          var head = heads.get(i);
          var z = cache.get(HookPoint.z(head.layer())).select(2, head.index());
          var sum = z.widened().sum(0, 1);
          if (sums.size() == i) {
            sums.add(scope.keep(sum));
          } else {
            sums.set(i, scope.keep(sums.get(i).add(sum)));
          }
        }
      }
    }
    double count = (double) tokens.batch() * tokens.length();
    return sums.stream().map(sum -> sum.div(count)).toList();
  }

  private static Run zOf(Tokens tokens) {
    return Run.of(tokens).caching(CacheFilter.kinds(Kind.Z)).returning(Run.Returns.NOTHING);
  }
}
