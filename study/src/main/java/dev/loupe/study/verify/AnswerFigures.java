package dev.loupe.study.verify;

import dev.loupe.lens.At;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Interruption;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.SameLength;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.attribution.DirectAttribution;
import dev.loupe.lens.logitlens.LogitLens;
import dev.loupe.lens.logitlens.LogitLensOptions;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.NormScale;
import dev.loupe.model.Run;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.TensorScope;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Figures of what becomes of the answer where nothing is changed. */
final class AnswerFigures {
  private AnswerFigures() {}

  static Map<String, Estimate> behaviour(HookedTransformer model, PromptPairs pairs) {
    var clean = new double[pairs.size()];
    var probability = new double[pairs.size()];
    measure(model, pairs, pairs.clean(), StandardMetric.LOGIT_DIFFERENCE, clean);
    measure(model, pairs, pairs.clean(), StandardMetric.PROBABILITY, probability);
    var corrupted = new double[pairs.size()];
    measure(model, pairs, pairs.corrupted(), StandardMetric.LOGIT_DIFFERENCE, corrupted);
    var found = new LinkedHashMap<String, Estimate>();
    found.put("clean", Estimate.of(clean));
    found.put("corrupted", Estimate.of(corrupted));
    found.put("preferred", Estimate.of(Arrays.stream(clean).map(d -> d > 0 ? 1 : 0).toArray()));
    found.put("probability", Estimate.of(probability));
    for (int i = 0; i < clean.length; i++) {
      found.put("prompt " + (i + 1), Estimate.of(clean[i]));
    }
    return found;
  }

  private static void measure(
      HookedTransformer model,
      PromptPairs pairs,
      Tokens side,
      StandardMetric metric,
      double[] into) {
    for (int[] rows : SameLength.batches(side)) {
      Interruption.check("prompts were run");
      try (var _ = TensorScope.open()) {
        var run = Run.of(SameLength.unpadded(side, rows)).returning(Run.Returns.LAST_LOGITS);
        double[] values = metric.ofLogits(model.run(run).output(), pairs.answers().rows(rows));
        for (int i = 0; i < rows.length; i++) {
          into[rows[i]] = values[i];
        }
      }
    }
  }

  static Map<String, Estimate> lens(HookedTransformer model, PromptPairs pairs) {
    var curves =
        new LogitLens(model, new LogitLensOptions(NormScale.CACHED, true))
            .curves(
                pairs, List.of(At.END), List.of(StandardMetric.LOGIT_DIFFERENCE), Progress.none());
    var found = new LinkedHashMap<String, Estimate>();
    for (var layer : curves.layers()) {
      found.put(layer, curves.of(At.END, StandardMetric.LOGIT_DIFFERENCE, layer));
    }
    return found;
  }

  static Map<String, Estimate> direct(HookedTransformer model, PromptPairs pairs, boolean heads) {
    var attribution = DirectAttribution.of(model, pairs);
    var parts = heads ? attribution.byHead(Progress.none()) : attribution.byLayer(Progress.none());
    var found = new LinkedHashMap<String, Estimate>();
    for (var part : parts.parts()) {
      var name = part.contributor().toString();
      if (!heads || name.matches("L\\d+H\\d+")) {
        found.put(name, part.value());
      }
    }
    return found;
  }
}
