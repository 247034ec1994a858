package dev.loupe.report;

import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.sweep.SweepResult;
import dev.loupe.study.SweepFindings;
import java.util.stream.Collectors;

/** Say in sentences what a sweep does, and how its charts are read. */
final class SweepWords {
  private final SweepFindings findings;
  private final SweepResult result;
  private final SweepEffect effect;

  SweepWords(SweepFindings findings) {
    this.findings = findings;
    result = findings.result();
    effect = SweepEffect.of(findings);
  }

  /** Return the heading of the page. */
  String title() {
    return subject() + " in " + findings.model().model();
  }

  /** Name the experiment, and so its direction. */
  private String subject() {
    return switch (findings.kind()) {
      case PATCHING -> capitalised(result.direction().toString()) + " " + findings.what();
      case PATH_PATCHING ->
          "Path patching, " + result.direction() + ": " + findings.what().replace("->", "→");
      case ABLATION -> "Ablation of " + findings.what();
      case ABLATION_OF_THE_REST -> "Ablation of all but " + findings.what();
    };
  }

  /** Return what is done in every cell. */
  String summary() {
    if (!findings.kind().isPatching()) {
      return "In the run on clean prompts "
          + (findings.kind() == SweepFindings.Kind.ABLATION_OF_THE_REST
              ? "everything but these parts is"
              : "these parts are")
          + " put out of action; the "
          + effect.metric()
          + " says what is left of the behaviour.";
    }
    if (isPaths()) {
      return paths();
    }
    return result.direction() == PatchDirection.DENOISING
        ? "Denoising: each cell puts activations of the clean run into the corrupted run; the "
            + effect.metric()
            + " says how much of the behaviour that brings back."
        : "Noising: each cell puts activations of the corrupted run into the clean run; the "
            + effect.metric()
            + " says how much of the behaviour that breaks.";
  }

  private String paths() {
    boolean denoising = result.direction() == PatchDirection.DENOISING;
    String base = denoising ? "corrupted" : "clean";
    return "Each cell is a sender: the receivers of the %s run are given what they would read"
            .formatted(base)
        + " if the sender's output came from the %s run and all other heads stayed as they are."
            .formatted(denoising ? "clean" : "corrupted")
        + " The "
        + effect.metric()
        + " says how much of the behaviour that "
        + (denoising ? "brings back." : "breaks.");
  }

  /** Return what all charts show. */
  String chart() {
    return isPaths()
        ? capitalised(effect.title()) + " by sender"
        : subject() + ", " + effect.title();
  }

  private boolean isPaths() {
    return findings.kind() == SweepFindings.Kind.PATH_PATCHING;
  }

  /** Return how to read the charts. */
  String reading() {
    String axes =
        result.axes().size() < 2
            ? ""
            : " Axes of the whole grid, in order: `" + size().replace(" x ", "` x `") + "`.";
    String cells = " Single cells need not add up, as later layers react to earlier ones." + axes;
    if (isPaths()) {
      return readingPaths() + axes;
    }
    return switch (effect.form()) {
      case RECOVERY ->
          "Blue cells carry the behaviour: with their clean activations the corrupted run moves"
              + " towards the clean one. Red cells work against it. Recovery is (patched -"
              + " corrupted) / (clean - corrupted)."
              + cells;
      case LOSS ->
          "Blue cells are needed for the behaviour: with their corrupted activations the clean run"
              + " moves towards the corrupted one. Red cells work against it. Loss is (clean -"
              + " patched) / (clean - corrupted)."
              + cells;
      case CHANGE ->
          "Red cells lower the "
              + effect.metric()
              + ", blue ones raise it. All values are"
              + " differences from the run that nothing is changed in."
              + cells;
      case LEFT ->
          "Each value is the " + effect.metric() + " with all else put out of action." + axes;
    };
  }

  private String readingPaths() {
    String rest =
        " A sender that comes after all receivers has no path to them, and no effect. Senders need"
            + " not add up, as what follows the receivers reacts to them.";
    return switch (effect.form()) {
      case LOSS ->
          "Blue senders carry the behaviour along their paths to the receivers: with corrupted"
              + " values on these the clean run moves towards the corrupted one. Red senders work"
              + " against it. Loss is (clean - patched) / (clean - corrupted)."
              + rest;
      case RECOVERY ->
          "Blue senders carry the behaviour along their paths to the receivers: with clean values"
              + " on these the corrupted run moves towards the clean one. Red senders work against"
              + " it. Recovery is (patched - corrupted) / (clean - corrupted)."
              + rest;
      case CHANGE, LEFT ->
          "Red senders lower the %s along their paths to the receivers, blue ones raise it."
                  .formatted(effect.metric())
              + " All values are differences from the run that nothing is changed in."
              + rest;
    };
  }

  /** Return the size of the grid: {@code 12 (layer) x 12 (head)}. */
  String size() {
    return result.axes().stream()
        .map(axis -> axis.size() + " (" + axis.name() + ")")
        .collect(Collectors.joining(" x "));
  }

  private static String capitalised(String text) {
    return Character.toUpperCase(text.charAt(0)) + text.substring(1);
  }
}
