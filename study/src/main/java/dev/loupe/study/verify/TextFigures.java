package dev.loupe.study.verify;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.model.Bos;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.model.Run;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.SplittableRandom;

/** Figures of single texts and of random tokens. */
final class TextFigures {
  private TextFigures() {}

  static Map<String, Estimate> ids(HookedTransformer model, Computation.TokenIds tokens) {
    long[] ids = model.tokenizer().encode(tokens.text(), Bos.NONE);
    var found = new LinkedHashMap<String, Estimate>();
    for (int i = 0; i < ids.length; i++) {
      found.put(Integer.toString(i), Estimate.of((double) ids[i]));
    }
    return found;
  }

  static Map<String, Estimate> next(HookedTransformer model, Computation.NextToken next) {
    long token = model.toSingleToken(next.token());
    var prompt = Tokens.of(model.prompt(next.text(), Bos.PREPEND));
    try (var _ = TensorScope.open()) {
      var logits = model.run(Run.of(prompt).returning(Run.Returns.LAST_LOGITS)).output();
      var logit = logits.narrow(1, token, 1);
      var found = new LinkedHashMap<String, Estimate>();
      found.put("logit", Estimate.of(logit.item()));
      found.put("probability", Estimate.of(logits.softmax(-1).narrow(1, token, 1).item()));
      found.put("rank", Estimate.of(1 + logits.gt(logit).sum(-1).item()));
      return found;
    }
  }

  /**
   * Runs the sequences once.
   *
   * @return by score, by head
   */
  static Map<String, Map<String, Estimate>> repeated(
      HookedTransformer model, Computation.Repeated how) {
    var config = model.config();
    if (how.last() >= config.dVocab()) {
      throw new IllegalArgumentException(
          "needs a vocabulary of %d tokens; this model has %d"
              .formatted(how.last() + 1, config.dVocab()));
    }
    int n = how.length();
    var scores = new LinkedHashMap<String, Map<String, Estimate>>();
    scores.put("previous", new LinkedHashMap<>());
    scores.put("duplicate", new LinkedHashMap<>());
    scores.put("induction", new LinkedHashMap<>());
    Map<String, Integer> back = Map.of("previous", 1, "duplicate", n, "induction", n - 1);
    var hooks = Hooks.none();
    for (int layer = 0; layer < config.nLayers(); layer++) {
      hooks =
          hooks.read(
              HookPoint.pattern(layer),
              (pattern, at) ->
                  scores.forEach((score, byHead) ->
                      diagonal(pattern, back.getOrDefault(score, 0), at.layer(), byHead)));
    }
    try (var _ = TensorScope.open()) {
      var run = Run.of(sequences(how)).withHooks(hooks).returning(Run.Returns.NOTHING);
      var _ = model.run(run);
    }
    return scores;
  }

  /** Takes the mean of what every token sees so far back. pattern: [sequence, head, dest, src] */
  private static void diagonal(Tensor pattern, int back, int layer, Map<String, Estimate> into) {
    try (var _ = TensorScope.open()) {
      int heads = (int) pattern.size(1);
      int sequences = (int) pattern.size(0);
      double[] means = pattern.diagonal(-back, 2, 3).mean(2).toDoubles();
      for (int head = 0; head < heads; head++) {
        var bySequence = new double[sequences];
        for (int row = 0; row < sequences; row++) {
          bySequence[row] = means[row * heads + head];
        }
        into.put(new Head(layer, head).toString(), Estimate.of(bySequence));
      }
    }
  }

  private static Tokens sequences(Computation.Repeated how) {
    var random = new SplittableRandom(how.seed());
    var rows = new long[how.sequences()][2 * how.length()];
    for (long[] row : rows) {
      var drawn = new LinkedHashSet<Long>();
      while (drawn.size() < how.length()) {
        drawn.add((long) random.nextInt(how.first(), how.last() + 1));
      }
      int i = 0;
      for (long token : drawn) {
        row[i] = token;
        row[i + how.length()] = token;
        i++;
      }
    }
    return Tokens.of(rows);
  }
}
