package dev.loupe.lens.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.lens.Answers;
import dev.loupe.lens.At;
import dev.loupe.lens.Change;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.RandomModels;
import dev.loupe.model.Tokens;
import dev.loupe.model.WeightProcessing;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What plans count, counted by hand: 3 layers of 4 heads, a prompt of 6 tokens that differs at 2.
 */
class PlanTest {
  private final HookedTransformer model =
      RandomModels.model(RandomModels.family("gpt2"), 1, WeightProcessing.none());
  private final PromptPairs pairs =
      PromptPairs.of(
          Tokens.of(new long[] {1, 2, 3, 4, 5, 6}),
          Tokens.of(new long[] {1, 2, 9, 4, 5, 6}),
          Answers.of(new long[] {7}, new long[] {8}));

  @AfterEach
  void close() {
    model.close();
  }

  private Plan plan(Grid grid) {
    return Sweep.of(grid, pairs, PatchDirection.DENOISING, StandardMetric.LOGIT_DIFFERENCE)
        .plan(model, SweepOptions.standard());
  }

  private Grid heads(At at) {
    return new Patching(model.config(), pairs).heads(Kind.Z, at);
  }

  @Test
  void aPatchAtTheLastPositionTakesOneRowALayer() {
    // Base and source run: 2 x 6 x 3. A head of layer 0, 1, 2: its own MLP and 2, 1, 0 blocks.
    var plan = plan(heads(At.END));
    assertThat(plan.rows()).isEqualTo(36 + 4 * (3 + 2 + 1));
    assertThat(plan.naiveRows()).isEqualTo((12 + 2) * 6 * 3);
    assertThat(plan.unchanged()).isZero();
  }

  @Test
  void aPatchEverywhereTakesTheRowsFromTheFirstDifference() {
    // Four positions from 2 on; in the last layer only the last of them is read.
    assertThat(plan(heads(At.all())).rows()).isEqualTo(36 + 4 * (4 + 8 + (4 + 4) + 1));
  }

  @Test
  void aPatchBeforeTheFirstDifferenceTakesNothing() {
    var plan = plan(heads(At.index(1)));
    assertThat(plan.rows()).isEqualTo(36);
    assertThat(plan.unchanged()).isEqualTo(12);
    assertThat(plan.chunks()).isZero();
  }

  @Test
  void functionsTakeWholeRunsThatShareTheirBase() {
    var custom =
        List.of(
            new Intervention(Site.of(HookPoint.residPre(1)), new Change.Custom("same", x -> x)));
    var grid = Grid.of(Axis.numbered("cell", 20), Collections.nCopies(20, custom));
    var plan = plan(grid);
    // Two groups, each with a base and a source run.
    assertThat(plan.chunks()).isEqualTo(2);
    assertThat(plan.rows()).isEqualTo(36 + (20 + 4) * 6 * 3);
  }
}
