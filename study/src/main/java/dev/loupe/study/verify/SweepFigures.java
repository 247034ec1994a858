package dev.loupe.study.verify;

import dev.loupe.lens.At;
import dev.loupe.lens.Change;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.gradient.AttributionPatching;
import dev.loupe.lens.sweep.Ablation;
import dev.loupe.lens.sweep.Grid;
import dev.loupe.lens.sweep.PatchSite;
import dev.loupe.lens.sweep.Patching;
import dev.loupe.lens.sweep.PathPatching;
import dev.loupe.lens.sweep.Receiver;
import dev.loupe.lens.sweep.Sweep;
import dev.loupe.lens.sweep.SweepOptions;
import dev.loupe.lens.sweep.SweepResult;
import dev.loupe.model.HookedTransformer;
import dev.loupe.study.HeadName;
import dev.loupe.study.verify.Computation.Patch;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/** Figures of what becomes of the answer where something is changed. */
record SweepFigures(
    HookedTransformer model, PromptPairs pairs, SweepOptions options, Progress progress) {

  Map<String, Estimate> patch(Patch how) {
    var grid = grid(how.site(), how.at());
    var result =
        Sweep.of(grid, pairs, PatchDirection.DENOISING, StandardMetric.LOGIT_DIFFERENCE)
            .run(model, options, progress);
    if (how.unit().equals("recovery")) {
      return cells(grid, how::label, result::recovery);
    }
    var found = new LinkedHashMap<String, Estimate>();
    found.put("clean", result.clean());
    found.put("corrupted", result.corrupted());
    found.putAll(cells(grid, how::label, cell -> change(result, cell, result.corruptedByPrompt())));
    return found;
  }

  Map<String, Estimate> estimated(Computation.Estimated how) {
    var grid = grid(how.site(), how.at());
    var result =
        AttributionPatching.of(pairs, PatchDirection.DENOISING, StandardMetric.LOGIT_DIFFERENCE)
            .run(model, grid, progress);
    double gap = result.clean().mean() - result.corrupted().mean();
    if (Math.abs(gap) < 1e-6) {
      throw new IllegalStateException(
          "this model does not tell clean from corrupted prompts: there is nothing to recover");
    }
    return cells(grid, how::label, cell -> result.change(cell).scaled(1 / gap));
  }

  Map<String, Estimate> paths(Computation.Paths how) {
    var grid = PathPatching.heads(model.config(), At.parse(how.from()));
    var result =
        PathPatching.from(grid)
            .to(receivers(how).toArray(Receiver[]::new))
            .noising(pairs, StandardMetric.LOGIT_DIFFERENCE)
            .run(model, options, progress);
    return cells(
        grid,
        (row, column) -> new Head(row, column).toString(),
        cell -> change(result, cell, result.cleanByPrompt()));
  }

  private static List<Receiver> receivers(Computation.Paths how) {
    var at = At.parse(how.at());
    if (how.to().equals("logits")) {
      return List.of(Receiver.finalResidual().at(at));
    }
    return HeadName.parse(how.heads()).stream()
        .map(head ->
            switch (how.to()) {
              case "q" -> Receiver.q(head);
              case "k" -> Receiver.k(head);
              default -> Receiver.v(head);
            })
        .map(receiver -> receiver.at(at))
        .toList();
  }

  Map<String, Estimate> knockOut(Computation.KnockOut how) {
    var ablation =
        new Ablation(
            pairs, StandardMetric.LOGIT_DIFFERENCE, new Change.Zero(), List.of(At.parse(how.at())));
    var result =
        ablation.sets(Map.of("together", sites(how.heads()))).run(model, options, progress);
    return Map.of("logit difference", result.value(0));
  }

  Map<String, Estimate> backup(Computation.Backup how) {
    var ablation =
        new Ablation(
            pairs,
            StandardMetric.LOGIT_DIFFERENCE,
            new Change.Mean(Change.Over.TEMPLATE_AND_POSITION),
            List.of(At.END));
    var found = new LinkedHashMap<String, Estimate>();
    ablation
        .backupHeads(model, sites(how.heads()), options, progress)
        .heads()
        .forEach(head -> found.put(head.head().toString(), head.growth()));
    return found;
  }

  private static List<Site> sites(List<String> heads) {
    return HeadName.parse(heads).stream().map(Site::z).toList();
  }

  private Grid grid(String site, String at) {
    var patching = new Patching(model.config(), pairs);
    var parsed = PatchSite.parse(site);
    if (!at.equals(Patch.EACH)) {
      return patching.heads(parsed.kind(), At.parse(at));
    }
    return switch (parsed) {
      case RESID_PRE -> patching.getActPatchResidPre();
      case RESID_MID -> patching.getActPatchResidMid();
      case ATTN_OUT -> patching.getActPatchAttnOut();
      case MLP_OUT -> patching.getActPatchMlpOut();
      default -> throw new IllegalArgumentException(site + " by position: no such figure");
    };
  }

  @FunctionalInterface
  private interface Label {
    String of(int row, int column);
  }

  private static Map<String, Estimate> cells(Grid grid, Label label, IntFunction<Estimate> value) {
    var found = new LinkedHashMap<String, Estimate>();
    for (int cell = 0; cell < grid.size(); cell++) {
      var at = grid.coordinates(cell);
      found.put(label.of(at.getFirst(), at.getLast()), value.apply(cell));
    }
    return found;
  }

  private static Estimate change(SweepResult result, int cell, double[] base) {
    double[] values = result.byPrompt(cell);
    for (int i = 0; i < values.length; i++) {
      values[i] -= base[i];
    }
    return Estimate.of(values);
  }
}
