package dev.loupe.circuit.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.circuit.graph.Edge;
import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.run.EdgePlan.Group;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class EdgePlanTest {
  private static final GraphShape SHAPE = new GraphShape(3, 2, false, 8);

  private static EdgeSet edges(String... edges) {
    return EdgeSet.of(SHAPE, Stream.of(edges).mapToInt(edge -> SHAPE.number(Edge.parse(edge))));
  }

  private static EdgePlan plan(EdgeSet... circuits) {
    return EdgePlan.of(SHAPE, false, List.of(circuits));
  }

  private static int versions(EdgePlan plan, boolean everyPosition) {
    return plan.sources().stream()
        .map(place -> place.of(everyPosition))
        .map(Group::versions)
        .mapToInt(List::size)
        .sum();
  }

  @Test
  void wholeAndEmptyModelsNeedNothing() {
    var plan = plan(EdgeSet.all(SHAPE), EdgeSet.none(SHAPE));
    assertThat(plan.columns(false)).isZero();
    assertThat(plan.readings()).allMatch(EdgePlan.Reading::isPlain).hasSizeGreaterThan(1);
  }

  @Test
  void onlyWhatComesAfterARemovedEdgeIsComputed() {
    var all = EdgeSet.all(SHAPE);
    var ofLogits = plan(all.without(edges("a1.h0->logits")));
    assertThat(versions(ofLogits, true) + versions(ofLogits, false)).isZero();
    assertThat(ofLogits.columns(true)).isZero();
    assertThat(ofLogits.columns(false)).isEqualTo(1);
    var ofLast = plan(all.without(edges("a1.h0->a2.h1<q>")));
    assertThat(versions(ofLast, true)).isZero();
    assertThat(versions(ofLast, false)).isEqualTo(2);
    assertThat(ofLast.columns(true)).isZero();
    var ofKeys = plan(all.without(edges("input->a2.h1<k>")));
    assertThat(versions(ofKeys, true)).isZero();
    assertThat(ofKeys.columns(true)).isEqualTo(1);
    var ofFirst = plan(all.without(edges("input->a0.h0<v>")));
    assertThat(versions(ofFirst, true)).isEqualTo(1 + 1 + 2 + 1);
    assertThat(versions(ofFirst, false)).isEqualTo(2 + 1);
  }

  @Test
  void circuitsShareWhatTheyHaveInCommon() {
    var common = edges("input->a0.h0<v>", "a0.h0->m1", "m1->logits", "input->m2", "a0.h0->m2");
    var plan = plan(common, common.with(edges("m2->logits")), common.with(edges("m1->m2")));
    assertThat(plan.logits()).hasSize(3);
    assertThat(plan.logits().get(0)).isEqualTo(plan.logits().get(2));
    // a0.h0, m1, and m2 where it leads to the logits.
    assertThat(versions(plan, true)).isEqualTo(0);
    assertThat(versions(plan, false)).isEqualTo(3);
  }

  @Test
  void everyPositionIsComputedWhereKeysOrAllLogitsReadIt() {
    var circuit = edges("input->a0.h0<v>", "a0.h0->a1.h1<k>", "a1.h1->logits");
    assertThat(versions(plan(circuit), true)).isEqualTo(1);
    assertThat(versions(plan(circuit), false)).isEqualTo(1);
    var every = EdgePlan.of(SHAPE, true, List.of(circuit));
    assertThat(versions(every, true)).isEqualTo(2);
    assertThat(versions(every, false)).isZero();
  }

  @Test
  void whatDoesNotLeadFromTheInputToTheLogitsIsLeftOut() {
    var dangling = edges("input->a0.h0<v>", "a0.h0->m1", "a1.h0->logits", "m0->a1.h0<q>");
    assertThat(plan(dangling).columns(false)).isZero();
    var all =
        EdgeSet.of(
            SHAPE, IntStream.range(0, SHAPE.edges()).filter(edge -> SHAPE.sourceOf(edge) > 0));
    assertThat(plan(all).readings().get(plan(all).logits().getFirst()).isPlain()).isTrue();
  }
}
