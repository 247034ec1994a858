package dev.loupe.demo;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.study.ioi.IoiPatchingFindings;
import java.util.List;
import java.util.Locale;

/**
 * What a demo model can do, measured on texts whose pairs of words were held out of its training,
 * and how it does it.
 *
 * @param sentences indirect objects over subjects, over all templates
 * @param templates the same by template
 * @param example on {@value DemoModelEvaluation#EXAMPLE}
 * @param syllogisms the right descriptor over its opposite
 * @param years spans of years
 * @param repeatedWords in which share of the second half of a repeated sequence, its first word
 *     aside, the likeliest token is the right one
 * @param remarks in which share a sincere remark is followed by "happy" rather than "annoyed", and
 *     a sarcastic one the other way round
 * @param circuit the heads that carry the indirect object, by the study that {@code loupe ioi} runs
 * @param duplicates what the heads do where the subject comes again
 */
public record DemoModelFigures(
    Choice sentences,
    List<TemplateFigures> templates,
    ExampleFigures example,
    Choice syllogisms,
    YearFigures years,
    double repeatedWords,
    double remarks,
    IoiPatchingFindings circuit,
    DuplicateFigures duplicates) {

  /** Copies the list. */
  public DemoModelFigures {
    templates = List.copyOf(templates);
  }

  /** Returns what it can do, a line each. */
  public List<String> summary() {
    return List.of(
        String.format(
            Locale.ROOT,
            "indirect objects   IO over S in %.1f %% of %d held-out prompts, logit difference %s",
            100 * sentences.accuracy(),
            sentences.logitDifference().n(),
            sentences.logitDifference()),
        String.format(Locale.ROOT, "syllogisms         %.1f %%", 100 * syllogisms.accuracy()),
        String.format(
            Locale.ROOT,
            "greater-than       %.1f %%, probability difference %.2f",
            100 * years.accuracy(),
            years.massDifference()),
        String.format(Locale.ROOT, "repeated words     %.1f %%", 100 * repeatedWords),
        String.format(Locale.ROOT, "remarks            %.1f %%", 100 * remarks),
        "circuit            %s; without them %s of %s"
            .formatted(circuit.knockedOut(), circuit.afterKnockOut(), circuit.effects().clean()));
  }

  /**
   * A choice between a right and a wrong token.
   *
   * @param accuracy in which share of prompts the right one is likelier
   * @param topAccuracy in which share no token is likelier than the right one
   * @param logitDifference right less wrong
   */
  public record Choice(double accuracy, double topAccuracy, Estimate logitDifference) {}

  /**
   * The choice on prompts of one template.
   *
   * @param template with its slots
   * @param choice the figures
   */
  public record TemplateFigures(String template, Choice choice) {}

  /**
   * The answer to one prompt.
   *
   * @param logitDifference " Mary" less " John"
   * @param top the likeliest token
   */
  public record ExampleFigures(double logitDifference, String top) {}

  /**
   * Answers to spans of years.
   *
   * @param accuracy in which share the likeliest two digits are above those of the first year
   * @param massDifference the probability of two digits above less that of the others, a mean
   * @param prompts how many
   */
  public record YearFigures(double accuracy, double massDifference, int prompts) {}

  /**
   * What the heads do at S2.
   *
   * @param stranger the logit difference where S1 is another name, so that S2 repeats nothing
   * @param uncut the share of the clean logit difference that is left if no head may look from S2
   *     to S1
   * @param uncutNext the same for the token after S1
   * @param heads by layer and head
   */
  public record DuplicateFigures(
      Estimate stranger, double uncut, double uncutNext, List<DuplicateHead> heads) {
    /** Copies the list. */
    public DuplicateFigures {
      heads = List.copyOf(heads);
    }
  }

  /**
   * What one head does at S2.
   *
   * @param head the head
   * @param toS1 its attention from S2 to S1
   * @param toNext its attention from S2 to the token after S1
   * @param toSelf its attention from S2 to S2 itself
   * @param recovery of the name swap, if its z at S2 is taken from the clean run
   * @param loss which share of the clean logit difference is lost if its z at S2 is taken from the
   *     run where S1 is another name
   */
  public record DuplicateHead(
      Head head, double toS1, double toNext, double toSelf, double recovery, double loss) {}
}
