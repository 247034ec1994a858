package dev.loupe.study.verify;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.study.StudyContext;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** Carries out computations on one model, each once, on prompts that are made once. */
final class Calculator {
  private final PublishedFigures figures;
  private final Subject subject;
  private final StudyContext context;
  private final Map<String, PromptPairs> prompts = new HashMap<>();
  private final Map<Computation, Map<String, Estimate>> done = new HashMap<>();
  private final Map<Computation.Repeated, Map<String, Map<String, Estimate>>> repeated =
      new HashMap<>();

  Calculator(PublishedFigures figures, Subject subject, StudyContext context) {
    this.figures = figures;
    this.subject = subject;
    this.context = context;
  }

  /**
   * Carries one out.
   *
   * @return numbers by the labels that the computation says
   * @throws IllegalArgumentException if it does not suit the model
   * @throws IllegalStateException if the model does not show what it needs
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  Map<String, Estimate> of(Computation computation) {
    var known = done.get(computation);
    if (known == null) {
      known = compute(computation);
      done.put(computation, known);
    }
    return known;
  }

  private Map<String, Estimate> compute(Computation computation) {
    var model = subject.model();
    return switch (computation) {
      case Computation.Shape _ -> subject.shape();
      case Computation.TokenIds tokens -> TextFigures.ids(model, tokens);
      case Computation.NextToken next -> TextFigures.next(model, next);
      case Computation.Behaviour behaviour ->
          AnswerFigures.behaviour(model, pairs(behaviour.prompts()));
      case Computation.Lens lens -> AnswerFigures.lens(model, pairs(lens.prompts()));
      case Computation.Direct direct ->
          AnswerFigures.direct(model, pairs(direct.prompts()), direct.heads());
      case Computation.Patch patch -> sweeps(patch.prompts()).patch(patch);
      case Computation.Estimated estimated -> sweeps(estimated.prompts()).estimated(estimated);
      case Computation.Paths paths -> sweeps(paths.prompts()).paths(paths);
      case Computation.KnockOut out -> sweeps(out.prompts()).knockOut(out);
      case Computation.Backup backup -> sweeps(backup.prompts()).backup(backup);
      case Computation.Repeated score -> repeated(score);
      case Computation.OfStudy study -> StudyFigures.of(study.study(), context);
    };
  }

  private SweepFigures sweeps(String name) {
    return new SweepFigures(
        subject.model(), pairs(name), context.sweep("figures-" + done.size()), Progress.none());
  }

  private PromptPairs pairs(String name) {
    var made = prompts.get(name);
    if (made == null) {
      var set = figures.prompts().get(name);
      if (set == null) {
        throw new IllegalArgumentException("no prompts " + name);
      }
      made = set.pairs(subject.model());
      prompts.put(name, made);
    }
    return made;
  }

  /** Takes all scores of the same sequences from one run. */
  private Map<String, Estimate> repeated(Computation.Repeated score) {
    var any =
        new Computation.Repeated(
            "previous",
            score.length(),
            score.sequences(),
            score.first(),
            score.last(),
            score.seed());
    var scores = repeated.get(any);
    if (scores == null) {
      scores = TextFigures.repeated(subject.model(), any);
      repeated.put(any, scores);
    }
    return scores.getOrDefault(score.score(), new LinkedHashMap<>());
  }
}
