package dev.loupe.lens.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.loupe.lens.Answers;
import dev.loupe.lens.At;
import dev.loupe.lens.Head;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.sweep.PathPatching.Recompute;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.RandomModels;
import dev.loupe.model.Tokens;
import dev.loupe.model.WeightProcessing;
import org.junit.jupiter.api.Test;

/** Counts by hand, of 2 prompts of 5 tokens in a model of 3 layers and 4 heads. */
class PathPlanTest {
  private static final PromptPairs PROMPTS =
      PromptPairs.of(
          Tokens.of(new long[] {3, 5, 2, 8, 1}, new long[] {4, 4, 9, 7, 6}),
          Tokens.of(new long[] {3, 6, 2, 9, 1}, new long[] {1, 4, 8, 7, 6}),
          Answers.of(new long[] {1, 4}, new long[] {2, 5}));
  private static final SweepOptions ONE = SweepOptions.standard().withThreads(1);

  private static PathPlan plan(StandardMetric metric, Recompute[] recomputed, Receiver... to) {
    try (var model = model()) {
      return PathPatching.from(PathPatching.heads(model.config(), At.all()))
          .to(to)
          .recomputing(recomputed)
          .noising(PROMPTS, metric)
          .plan(model, ONE);
    }
  }

  private static HookedTransformer model() {
    return RandomModels.model(RandomModels.family("gpt2"), 1, WeightProcessing.none());
  }

  private static PathPlan plan(Receiver... to) {
    return plan(StandardMetric.LOGIT_DIFFERENCE, Recompute.values(), to);
  }

  @Test
  void pathsToAQueryAreRowsThroughMlpsAndSecondRunsOfOneRow() {
    var plan = plan(Receiver.q(new Head(2, 1)).at(At.END));
    // Both runs of 10 tokens in 3 layers.
    assertThat(plan.baseRows()).isEqualTo(60);
    // Layer 2 comes after the query. Of 2 prompts 4 heads go through two MLPs, 4 through one.
    assertThat(plan.unchanged()).isEqualTo(8);
    assertThat(plan.mlpRows()).isEqualTo(24);
    // The last token of 8 cells and 2 prompts in the last layer.
    assertThat(plan.secondRuns()).isEqualTo(16);
    assertThat(plan.secondRows()).isEqualTo(16);
    assertThat(plan.rows()).isEqualTo(100);
    // Two passes for each of 12 cells, and two more.
    assertThat(plan.naiveRows()).isEqualTo(26 * 30);
    assertThat(plan.chunks()).isEqualTo(1);
    var config = RandomModels.family("gpt2");
    double head = 2.0 * config.dModel() * config.dHead();
    double mlp = 4.0 * config.dModel() * config.dMlp();
    // q, k, v and o of 4 heads, scores and what they weigh of 5 positions.
    double block = 16 * head + 4 * 4 * 5 * config.dHead() + mlp;
    double answers = 2.0 * config.dModel() * 4;
    double baseRuns = 60 * block + 4 * answers;
    // 8 heads through W_O at 2 places; the 4 queries of 16 rows.
    double first = 8 * 2 * head + 24 * mlp + 16 * 4 * head;
    assertThat(plan.flops()).isEqualTo(baseRuns + first + 16 * block + 16 * answers);
    double pass = 2 * 5 * (3 * block + 2.0 * config.dModel() * config.dVocab());
    assertThat(plan.naiveFlops()).isEqualTo(26 * pass);
    assertThat(plan.explain())
        .contains(
            "between senders and receivers: 24 rows of MLPs alone",
            "second runs: 16 rows of blocks, for 16 cells x prompts",
            "rows: 100 of 780 of the naive way (12.8 %), two whole passes a cell",
            "chunks: 1 in 1 blocks of prompts, 1 at a time");
  }

  @Test
  void pathsToTheEndNeedNoSecondRun() {
    var end = plan(Receiver.finalResidual());
    assertThat(end.secondRuns()).isZero();
    assertThat(end.unchanged()).isZero();
    // 4 heads of 2 prompts through 3, 2 and 1 MLPs.
    assertThat(end.mlpRows()).isEqualTo(48);
    assertThat(end.explain()).anyMatch(line -> line.startsWith("second runs: none"));
    var direct =
        plan(StandardMetric.LOGIT_DIFFERENCE, new Recompute[] {}, Receiver.finalResidual());
    assertThat(direct.rows()).isEqualTo(60);
    // What the metric reads is recorded, whatever the second run would give.
    assertThat(plan(Receiver.finalResidual(), Receiver.mlp(1)).secondRuns()).isZero();
  }

  @Test
  void secondRunsBeginWhereTheFirstReceiverDiffers() {
    // Nothing differs before position 1 of one prompt and 0 of the other, and 3 is the first named.
    var late = plan(Receiver.mlp(1).at(At.range(3, 4)), Receiver.k(new Head(2, 0)).at(At.END));
    // 8 heads of layers 0 and 1 reach the MLP of layer 1; two rows in layers 1 and 2.
    assertThat(late.secondRuns()).isEqualTo(16);
    assertThat(late.secondRows()).isEqualTo(16 * 2 * 2);
    // Through the MLP of layer 0 at both positions for 4 heads, and the receiving MLP for 8; to k
    // at the last one through that of layer 1 again.
    assertThat(late.mlpRows()).isEqualTo(4 * 2 * 2 + 8 * 2 * 2 + 8 * 2);
  }

  @Test
  void metricsThatReadEverythingAreUnembeddedWhereItMayDiffer() {
    var end = plan(StandardMetric.LOSS, new Recompute[] {}, Receiver.finalResidual());
    var config = RandomModels.family("gpt2");
    double head = 2.0 * config.dModel() * config.dHead();
    double block = 16 * head + 4 * 4 * 5 * config.dHead() + 4.0 * config.dModel() * config.dMlp();
    double logits = 2.0 * config.dModel() * config.dVocab();
    // The prompts differ from positions 1 and 0 on: 4 + 5 places of each of 12 heads.
    assertThat(end.flops())
        .isEqualTo(60 * block + 2 * 10 * logits + 12 * 9 * head + 12 * 10 * logits);
  }

  @Test
  void whatDoesNotSuitTheModelIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> plan(Receiver.q(new Head(3, 0))))
        .withMessageContaining("3");
  }
}
