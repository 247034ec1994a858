package dev.loupe.bench;

import dev.loupe.lens.At;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.gradient.AttributionMethod;
import dev.loupe.lens.gradient.AttributionPatching;
import dev.loupe.lens.sweep.Grid;
import dev.loupe.lens.sweep.Patching;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.LoadOptions;
import dev.loupe.model.Run;
import dev.loupe.tensor.TensorScope;
import java.util.List;
import java.util.Locale;

/**
 * Measures attribution patching in forward passes, on a model of GPT-2 small's shape: 8 prompts of
 * 16 tokens, every site of {@link Patching} by position, and every neuron at the last.
 */
final class GradientBench {
  private static final int PROMPTS = 8;

  private GradientBench() {}

  /** Prints what each method takes beside one forward pass over the same prompts. */
  static void run() {
    try (var model =
        HookedTransformer.load(Gpt2Small.folder().toString(), LoadOptions.standard())) {
      var prompts = SweepBench.Corruption.NAMES.prompts(PROMPTS);
      var patching = new Patching(model.config(), prompts);
      var blocks = List.of(patching.getActPatchBlockEvery());
      var all =
          List.of(
              patching.getActPatchAttnHeadByPosEvery(),
              patching.getActPatchBlockEvery(),
              patching.neurons(At.END));
      double pass = Timing.middle(3, () -> forward(model, prompts));
      System.out.printf(Locale.ROOT, "a forward pass that gives the last logits: %.3f s%n", pass);
      for (var method :
          List.of(
              new AttributionMethod.Plain(),
              new AttributionMethod.QkFix(),
              new AttributionMethod.AtpStar(),
              new AttributionMethod.IntegratedInputs(8))) {
        print(model, prompts, method, all, pass);
      }
      print(model, prompts, new AttributionMethod.IntegratedActivations(8), blocks, pass);
    }
  }

  private static void print(
      HookedTransformer model,
      PromptPairs prompts,
      AttributionMethod method,
      List<Grid> grids,
      double pass) {
    var attribution =
        AttributionPatching.of(
            prompts, PatchDirection.DENOISING, StandardMetric.LOGIT_DIFFERENCE, method);
    double seconds = Timing.middle(3, () -> attribution.run(model, grids, Progress.none()));
    System.out.printf(
        Locale.ROOT,
        "%-16s %,7d cells: %6.2f s = %5.1f forward passes%n",
        method,
        grids.stream().mapToInt(Grid::size).sum(),
        seconds,
        seconds / pass);
  }

  /** Runs the clean prompts up to the logits of their last tokens. */
  static void forward(HookedTransformer model, PromptPairs prompts) {
    try (var _ = TensorScope.open()) {
      model.run(Run.of(prompts.clean()).returning(Run.Returns.LAST_LOGITS));
    }
  }
}
