package dev.loupe.study.ioi;

import dev.loupe.circuit.ReferenceCircuit;
import dev.loupe.lens.At;
import dev.loupe.lens.Head;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.sweep.Patching;
import dev.loupe.lens.sweep.PathPatching;
import dev.loupe.lens.sweep.Receiver;
import dev.loupe.lens.sweep.Sweep;
import dev.loupe.lens.sweep.SweepResult;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.study.HeadValues;
import dev.loupe.study.PromptRow;
import dev.loupe.study.Study;
import dev.loupe.study.StudyContext;
import dev.loupe.task.Corruption;
import dev.loupe.task.TaskData;
import java.util.Arrays;
import java.util.Map;

/**
 * Finds the heads that raise and lower the indirect object in two ways, as around Figure 3b of Wang
 * et al. (2022). Through all paths: each head's z at all positions is taken from the clean run into
 * the corrupted one. Through the direct path alone, as in the paper: the corrupted value of a head
 * is put into the clean run and reaches the final residual stream through MLPs, no other head.
 *
 * @param prompts the prompts; in the paper corrupted by three other names
 * @param top how many heads of either sign are listed
 */
public record IoiPathPatching(IoiPrompts prompts, int top) implements Study {
  private static final int USUAL_TOP = 10;

  /** Refuses lists of no heads. */
  public IoiPathPatching {
    if (top < 1) {
      throw new IllegalArgumentException(
          "top " + top + ": expected 1 or more heads of either sign");
    }
  }

  /** Returns the usual options. */
  public static IoiPathPatching standard() {
    var usual = IoiPrompts.generated(Corruption.ABC);
    return new IoiPathPatching(
        new IoiPrompts(
            usual.count(),
            usual.seed(),
            usual.corruption(),
            usual.file(),
            "abc_counterfactual",
            usual.bos()),
        USUAL_TOP);
  }

  @Override
  public String name() {
    return "ioi-path-patching";
  }

  @Override
  public String question() {
    return "Which heads raise and lower the answer, through all paths and through the direct one?";
  }

  @Override
  public IoiPathPatchingFindings run(StudyContext context) {
    return run(context, prompts.read(context));
  }

  /**
   * Carries it out on prompts that are there already, in the place of its own.
   *
   * @throws IllegalStateException if the model does not tell clean from corrupted prompts
   */
  public IoiPathPatchingFindings run(StudyContext context, TaskData data) {
    var model = context.model();
    var pairs = data.pairs();
    var all = allPaths(context, pairs);
    if (!all.hasGap()) {
      throw new IllegalStateException(
          "the clean logit difference "
              + all.clean()
              + " equals the corrupted "
              + all.corrupted()
              + ": there is no drop to compare with; this model does not tell the two apart");
    }
    var direct = directPath(context, pairs);
    double[] clean = all.cleanByPrompt();
    return new IoiPathPatchingFindings(
        this,
        model.provenance(),
        data.corruption(),
        PromptRow.of(pairs, model),
        data.notes(),
        Arrays.stream(clean).filter(d -> d > 0).count() / (double) clean.length,
        all.clean(),
        all.corrupted(),
        HeadValues.changes(all),
        HeadValues.changes(direct),
        paper(context));
  }

  private static SweepResult allPaths(StudyContext context, PromptPairs pairs) {
    var model = context.model();
    var grid = new Patching(model.config(), pairs).heads(Kind.Z, At.all());
    return Sweep.of(grid, pairs, PatchDirection.DENOISING, StandardMetric.LOGIT_DIFFERENCE)
        .run(model, context.sweep("heads"), context.stage("patching heads at all positions"));
  }

  private static SweepResult directPath(StudyContext context, PromptPairs pairs) {
    var model = context.model();
    // Other heads are held, so what a sender does at earlier positions never reaches the last one.
    return PathPatching.from(PathPatching.heads(model.config(), At.END))
        .to(Receiver.finalResidual().at(At.END))
        .noising(pairs, StandardMetric.LOGIT_DIFFERENCE)
        .run(model, context.sweep("paths"), context.stage("patching paths into the logits"));
  }

  private static Map<Head, String> paper(StudyContext context) {
    var paper = ReferenceCircuit.ioi();
    return paper.suits(context.model().config()) ? paper.byHead() : Map.of();
  }
}
