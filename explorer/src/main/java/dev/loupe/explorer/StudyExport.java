package dev.loupe.explorer;

import dev.loupe.lens.PatchDirection;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Token;
import dev.loupe.model.WeightProcessing;
import dev.loupe.study.interventions.GivenPrompt;
import dev.loupe.study.interventions.Interventions;
import dev.loupe.study.run.ModelSpec;
import dev.loupe.study.run.StudySpec;
import java.util.List;
import java.util.Locale;

/** Writes what the page shows as a study that gives the same numbers anywhere. */
final class StudyExport {
  private StudyExport() {}

  /**
   * Returns the specification.
   *
   * @throws BadQuestion if the study would have nothing to measure
   */
  static String yaml(HookedTransformer model, Asked asked) {
    asked.requireAnswer();
    var question = asked.question();
    var prompt =
        GivenPrompt.of(
            question.clean(),
            asked.isPaired() ? question.corrupted() : "",
            asked.answer().map(Token::text).orElseThrow(),
            asked.wrong().map(Token::text).orElse(""),
            question.positions());
    try {
      var study =
          Interventions.of(
              List.of(prompt),
              question.metric().toString(),
              question.direction() == PatchDirection.NOISING ? "clean" : "corrupted",
              question.interventions());
      return new StudySpec(model(model), study).yaml();
    } catch (IllegalArgumentException e) {
      throw Question.bad("interventions", e);
    }
  }

  private static ModelSpec model(HookedTransformer model) {
    var provenance = model.provenance();
    var named = ModelSpec.named(provenance.model());
    return new ModelSpec(
        named.name(),
        provenance.revision().isEmpty() ? named.revision() : provenance.revision(),
        provenance.dtype().toLowerCase(Locale.ROOT),
        provenance.processing().equals(WeightProcessing.none()),
        named.device(),
        named.ignoreConfig());
  }
}
