package dev.loupe.study.verify;

import dev.loupe.lens.Interruption;
import dev.loupe.lens.Progress;
import dev.loupe.study.StudyContext;
import java.util.ArrayList;
import java.util.concurrent.CancellationException;

/** Recomputes published figures on a model and says which of them it reproduces. */
public final class Verification {
  private static final String INTERRUPTED = "interrupted before it";

  private final PublishedFigures published;
  private final Subject subject;
  private final Calculator calculator;

  private Verification(PublishedFigures published, Subject subject, StudyContext context) {
    this.published = published;
    this.subject = subject;
    calculator = new Calculator(published, subject, context);
  }

  /**
   * Goes through all figures. What does not suit the model counts as not run, with the reason; so
   * does what an interruption leaves, after which the thread is no longer interrupted.
   *
   * @param context for sweeps and studies; its model is the subject's
   * @param progress is told how many figures are done
   */
  public static VerificationFindings run(
      PublishedFigures published, Subject subject, StudyContext context, Progress progress) {
    return new Verification(published, subject, context).run(progress);
  }

  private VerificationFindings run(Progress progress) {
    var results = new ArrayList<FigureResult>();
    boolean complete = true;
    for (var figure : published.figures()) {
      Verdict verdict = new Verdict.NotRun(INTERRUPTED);
      if (complete) {
        try {
          Interruption.check("figures were computed");
          verdict = verdict(figure);
          progress.at(results.size() + 1L, published.figures().size());
        } catch (CancellationException e) {
          // What is interrupted cannot write files.
          boolean _ = Thread.interrupted();
          complete = false;
        }
      }
      results.add(new FigureResult(figure, verdict));
    }
    return new VerificationFindings(subject.model().provenance(), published, results, complete);
  }

  private Verdict verdict(Figure figure) {
    if (figure.work().isEmpty()) {
      return new Verdict.NotRun(figure.notRun());
    }
    var work = figure.work().get();
    var config = subject.model().config();
    if (work.computation().isByPart()
        && (config.nLayers() != published.layers() || config.nHeads() != published.heads())) {
      return new Verdict.NotRun(
          "needs %s; this model has %d x %d"
              .formatted(published.shape(), config.nLayers(), config.nHeads()));
    }
    try {
      return Comparing.of(figure.published(), calculator.of(work.computation()), work.comparison());
    } catch (CancellationException e) {
      throw e;
    } catch (IllegalArgumentException | IllegalStateException e) {
      return new Verdict.NotRun(String.valueOf(e.getMessage()));
    }
  }
}
