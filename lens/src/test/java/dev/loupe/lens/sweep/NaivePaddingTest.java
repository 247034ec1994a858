package dev.loupe.lens.sweep;

import static dev.loupe.lens.sweep.SweepFixtures.METRIC;
import static dev.loupe.lens.sweep.SweepFixtures.NARROW;
import static dev.loupe.lens.sweep.SweepFixtures.PATTERN;
import static dev.loupe.lens.sweep.SweepFixtures.RESID;
import static dev.loupe.lens.sweep.SweepFixtures.SCORES;
import static dev.loupe.lens.sweep.SweepFixtures.WIDE;
import static dev.loupe.lens.sweep.SweepFixtures.Z;
import static dev.loupe.lens.sweep.SweepFixtures.model;
import static dev.loupe.lens.sweep.SweepFixtures.pairs;
import static dev.loupe.lens.sweep.SweepFixtures.sweep;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.lens.At;
import dev.loupe.lens.Change;
import dev.loupe.lens.Change.Over;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.PaddingSide;
import dev.loupe.model.Tokens;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A prompt gives the same in any batch, whatever is done to it. */
class NaivePaddingTest {
  private static List<List<Intervention>> ofEveryKind() {
    var patches =
        Stream.of(
            Site.head(Z, 2),
            Site.of(RESID).at(At.index(5)),
            Site.of(RESID).at(At.index(-2)),
            Site.of(RESID).at(At.named("S")),
            Site.head(PATTERN, 1).at(At.END).from(At.range(1, 3)),
            Site.of(SCORES),
            Site.head(HookPoint.v(0), 0).at(At.END));
    var changes =
        Stream.of(
            Intervention.mean(Site.head(Z, 2), Over.EVERYTHING),
            Intervention.mean(Site.of(RESID).at(At.index(4)), Over.TEMPLATE_AND_POSITION),
            Intervention.mean(Site.of(PATTERN).at(At.END), Over.TEMPLATE_AND_POSITION),
            new Intervention(Site.head(Z, 2).at(At.END), new Change.Add(NARROW, 2)),
            new Intervention(Site.of(RESID), new Change.PatchAlong(WIDE)),
            new Intervention(Site.head(SCORES, 3), new Change.Scale(0)),
            new Intervention(Site.of(PATTERN).from(At.named("S")), new Change.Scale(2)));
    return Stream.concat(patches.map(Intervention::patch), changes).map(List::of).toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neo", "gpt_neox", "llama", "mistral"})
  void aPaddedPromptGivesWhatItGivesAlone(String family) {
    try (var model = model(family)) {
      for (var metric : List.of(METRIC, StandardMetric.KL_DIVERGENCE, StandardMetric.LOSS)) {
        for (var side : PaddingSide.values()) {
          var padded = pairs(side, 4, 7, 4, 6);
          var sweep =
              new Sweep(
                  sweep(padded, ofEveryKind()).grid(),
                  padded,
                  PatchDirection.DENOISING,
                  metric,
                  padded);
          var together = NaiveSweep.run(sweep, model, Progress.none());
          for (int row = 0; row < 4; row++) {
            requireEqualAlone(sweep, model, together, row);
          }
        }
      }
    }
  }

  private static void requireEqualAlone(
      Sweep sweep, HookedTransformer model, SweepResult together, int row) {
    var pairs = sweep.prompts();
    var one = alone(pairs, row);
    for (int cell = 0; cell < sweep.grid().size(); cell++) {
      var interventions =
          sweep.grid().cell(cell).stream()
              .filter(i -> one.positions(i.site().at(), 0).length > 0)
              .filter(i -> one.positions(i.site().sources(), 0).length > 0)
              .toList();
      var alone =
          NaiveSweep.run(
              new Sweep(
                  Grid.of(Axis.numbered("cell", 1), List.of(interventions)),
                  one,
                  sweep.direction(),
                  sweep.metric(),
                  pairs),
              model,
              Progress.none());
      assertThat(together.byPrompt(cell)[row])
          .as("%s of row %d", sweep.grid().cell(cell), row)
          .isCloseTo(alone.byPrompt(0)[0], within(1e-10));
      assertThat(together.cleanByPrompt()[row]).isCloseTo(alone.cleanByPrompt()[0], within(1e-10));
    }
  }

  private static PromptPairs alone(PromptPairs pairs, int row) {
    return new PromptPairs(
        Tokens.of(pairs.clean().row(row)),
        Tokens.of(pairs.corrupted().row(row)),
        pairs.answers().rows(row),
        Map.of("S", List.of(pairs.positions(At.named("S"), row)[0])),
        List.of(pairs.templates().get(row)));
  }

  @Test
  void aPartnerIsTheSameOnWhicheverSidePadsStand() {
    try (var model = model("gpt2")) {
      var resample = new Intervention(Site.of(RESID), new Change.Resample(7));
      var values =
          Stream.of(PaddingSide.values())
              .map(side -> sweep(pairs(side, 4, 7, 4, 6), List.of(List.of(resample))))
              .map(sweep -> NaiveSweep.run(sweep, model, Progress.none()))
              .toList();
      var left = values.getFirst();
      assertThat(left.byPrompt(0)).containsExactly(values.getLast().byPrompt(0), within(1e-12));
      // Of the two rows of 4 tokens each gets the other's residual stream; the rest their own.
      double[] clean = left.cleanByPrompt();
      assertThat(left.byPrompt(0)[1]).isCloseTo(clean[1], within(1e-12));
      assertThat(left.byPrompt(0)[3]).isCloseTo(clean[3], within(1e-12));
      assertThat(left.byPrompt(0)[0]).isNotCloseTo(clean[0], within(1e-6));
    }
  }
}
