package dev.loupe.circuit.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GraphShapeTest {
  @Test
  void gpt2SmallHasThePublishedSizes() {
    var shape = new GraphShape(12, 12, false, 768);
    assertThat(shape.nodes()).isEqualTo(158);
    assertThat(shape.edges()).isEqualTo(32_491);
    assertThat(shape.edge(0)).hasToString("input->a0.h0<q>");
    assertThat(shape.edge(32_490)).hasToString("m11->logits");
    assertThat(shape.edge(32_489)).hasToString("a11.h11->logits");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void numbersAndNamesAreTheSame(boolean parallel) {
    var shape = new GraphShape(3, 2, parallel, 8);
    int expected = 0;
    for (int target = 0; target < shape.targets(); target++) {
      assertThat(shape.number(shape.target(target))).isEqualTo(target);
      for (int source = 0; source < shape.sources(); source++) {
        assertThat(target >= shape.firstTarget(source)).isEqualTo(source < shape.reads(target));
      }
      expected += shape.reads(target);
    }
    assertThat(shape.edges()).isEqualTo(expected);
    for (int edge = 0; edge < shape.edges(); edge++) {
      assertThat(shape.number(Edge.parse(shape.edge(edge).toString()))).isEqualTo(edge);
    }
    for (int source = 0; source < shape.sources(); source++) {
      assertThat(shape.number(shape.source(source))).isEqualTo(source);
    }
    assertThat(EdgeSet.all(shape).nodes().nodes())
        .isEqualTo(IntStream.range(0, shape.sources()).mapToObj(shape::source).toList());
    assertThat(EdgeSet.between(shape, EdgeSet.all(shape).nodes().nodes()))
        .isEqualTo(EdgeSet.all(shape));
  }

  @Test
  void parallelBlocksHaveNoEdgeFromHeadsToTheirMlp() {
    var edge = Edge.parse("a1.h0->m1");
    assertThat(new GraphShape(2, 2, false, 8).number(edge)).isPositive();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new GraphShape(2, 2, true, 8).number(edge))
        .withMessageContaining("a1.h0->m1");
  }

  @Test
  void whatIsNoEdgeIsNamed() {
    var shape = new GraphShape(2, 2, false, 8);
    for (var text : new String[] {"a0.h1", "a0.h1->a1.h0", "x->m1", "a0.h1->a1.h0<z>", "m1->m"}) {
      assertThatIllegalArgumentException().isThrownBy(() -> Edge.parse(text));
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> shape.number(Edge.parse("m1->a1.h0<q>")))
        .withMessageContaining("m1->a1.h0<q>");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> shape.number(Edge.parse("a0.h2->m1")))
        .withMessageContaining("a0.h2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> shape.number(Edge.parse("m0->m2")))
        .withMessageContaining("m2");
  }
}
