package dev.loupe.study.ioi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loupe.circuit.Circuit;
import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.WriteBudget;
import dev.loupe.circuit.WriteCosts;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.heads.AttentionScores;
import dev.loupe.model.RandomModels;
import dev.loupe.task.Corruption;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

/** What is taken into a circuit, on attention that is made up: 2 layers of 4 heads. */
class IoiCircuitFillTest {
  private static final WriteCosts COSTS = new WriteCosts(2, 8, 8);

  private static IoiCircuit study(int each, int candidates, boolean mlps) {
    return new IoiCircuit(
        IoiPrompts.generated(Corruption.ABC),
        each,
        each,
        each,
        candidates,
        WriteBudget.standard(),
        false,
        mlps,
        "",
        0,
        0,
        false);
  }

  private static AttentionScores attention() {
    return new AttentionScores(
        2,
        4,
        Arrays.stream(HeadClass.values()).map(HeadClass::attention).toList(),
        List.of(
            scores(.9, .1, .2, .3, .0, .0, .0, .0),
            scores(.95, .5, .0, .0, .4, .0, .0, .0),
            scores(.0, .0, .0, .0, .0, .8, .7, .6)));
  }

  private static List<Estimate> scores(double... values) {
    return DoubleStream.of(values).mapToObj(Estimate::of).toList();
  }

  @Test
  void topHeadsComeFirstThenTheNextBest() {
    var study = study(1, 3, true);
    var tops = study.tops(attention());
    assertThat(tops.stream().map(top -> top.of() + " " + top.head()))
        .containsExactly("duplicate token L0H0", "S-inhibition L0H0", "name mover L1H1");
    var filling = study.fill(attention(), tops, COSTS.withFreeInput(), 16 + 5 * 2);
    assertThat(filling.steps().stream().map(step -> step.candidate().node().toString()))
        .containsExactly("input", "m0", "m1", "a0.h0", "a1.h1", "a1.h2", "a1.h3", "a0.h1");
    // The head of two classes is of the one that it attends more for, and is taken once.
    assertThat(filling.steps().get(3).candidate().reason()).isEqualTo("S-inhibition");
    assertThat(filling.used()).isEqualTo(26);
    assertThat(IoiCircuitFindings.classes(tops, filling))
        .containsEntry(HeadClass.DUPLICATE_TOKEN, List.of())
        .containsEntry(HeadClass.S_INHIBITION, List.of(new Head(0, 0)))
        .containsEntry(HeadClass.NAME_MOVER, List.of(new Head(1, 1)));
    assertThat(study.notes(tops, filling))
        .singleElement()
        .asString()
        .contains("L0H0 is among the top heads of several classes (duplicate token, S-inhibition)");
  }

  @Test
  void onlyCandidatesFillTheBudget() {
    var study = study(1, 1, false);
    var filling = study.fill(attention(), study.tops(attention()), COSTS, 30);
    assertThat(filling.circuit().nodes().stream().map(CircuitNode::toString))
        .containsExactly("input", "a0.h0", "a1.h1");
    assertThat(filling.used()).isEqualTo(12);
    assertThat(study.notes(study.tops(attention()), filling))
        .anyMatch(note -> note.startsWith("18 of the write budget are left"));
  }

  @Test
  void saysWhatDidNotFit() {
    var study = study(2, 2, true);
    var tops = study.tops(attention());
    // The second MLP does not fit, nor does more than one head.
    var filling = study.fill(attention(), tops, COSTS.withFreeInput(), 11);
    assertThat(filling.circuit().nodes().stream().map(CircuitNode::toString))
        .containsExactly("input", "a0.h0", "m0");
    assertThat(study.notes(tops, filling))
        .anyMatch(note ->
            note.startsWith("Top heads and MLPs that did not fit")
                && note.contains("m1")
                && note.contains("a1.h1"));
  }

  @Test
  void theInputMustFitWhereItIsCounted() {
    var study = study(1, 1, true);
    var tops = study.tops(attention());
    assertThatThrownBy(() -> study.fill(attention(), tops, COSTS, 7))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("write_budget standard: 7")
        .hasMessageContaining("writes 8");
    assertThat(study.fill(attention(), tops, COSTS.withFreeInput(), 0).circuit().nodes())
        .containsExactly(CircuitNode.input());
  }

  @Test
  void optionsAreChecked() {
    assertThatThrownBy(() -> study(4, 3, true))
        .hasMessage("candidates 3: expected at least the 4 heads taken first");
    assertThatThrownBy(() -> study(-1, 3, true)).hasMessage("top_duplicate -1: expected 0 or more");
  }

  @Test
  void randomCircuitsWriteAsMuch() {
    var config = RandomModels.family("llama");
    var costs = WriteCosts.of(config);
    var like =
        new Circuit(
            List.of(
                CircuitNode.of(new Head(0, 1)),
                CircuitNode.of(new Head(2, 1)),
                CircuitNode.of(new Head(2, 3)),
                CircuitNode.mlp(1)));
    var random = new Random(3);
    var drawn = new HashSet<Circuit>();
    for (int i = 0; i < 10; i++) {
      var circuit = CircuitMeasurement.drawn(like, config, random).requireIn(config);
      assertThat(circuit.heads()).hasSize(3);
      assertThat(costs.of(circuit.nodes())).isEqualTo(costs.of(like.nodes()));
      drawn.add(circuit);
    }
    assertThat(drawn).hasSizeGreaterThan(5);
    assertThat(CircuitMeasurement.drawn(like, config, new Random(3)))
        .isEqualTo(CircuitMeasurement.drawn(like, config, new Random(3)));
  }
}
