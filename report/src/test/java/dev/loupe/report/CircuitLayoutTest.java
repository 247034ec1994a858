package dev.loupe.report;

import static dev.loupe.report.SampleCircuits.edge;
import static dev.loupe.report.SampleCircuits.head;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.report.CircuitGraph.Node;
import dev.loupe.report.CircuitLayout.Box;
import dev.loupe.report.CircuitLayout.Point;
import dev.loupe.report.RowPlacement.Link;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CircuitLayoutTest {
  private static final double HEIGHT = CircuitRows.NODE_HEIGHT;

  static Stream<CircuitGraph> graphs() {
    return Stream.of(
        SampleCircuits.ten(),
        SampleCircuits.gpt2(0),
        SampleCircuits.gpt2(20),
        SampleCircuits.gpt2(70),
        SampleCircuits.whole(0),
        SampleCircuits.whole(400),
        wide(),
        new CircuitGraph("one", 1, List.of(head(0, 0, "")), List.of()));
  }

  /** Return a layer of 32 heads, each of which the next layer's first one reads. */
  private static CircuitGraph wide() {
    List<Node> nodes =
        Stream.concat(
                IntStream.range(0, 32).mapToObj(h -> head(0, h, "a")), Stream.of(head(1, 0, "b")))
            .toList();
    return new CircuitGraph(
        "wide",
        40,
        nodes,
        nodes.stream().limit(32).map(node -> edge(node.id(), "a1.h0", 1)).toList());
  }

  @ParameterizedTest
  @MethodSource("graphs")
  void nodesDoNotOverlapAndStayInside(CircuitGraph graph) {
    CircuitLayout layout = CircuitLayout.of(graph);
    List<Box> boxes = layout.boxes();
    for (int i = 0; i < boxes.size(); i++) {
      Box box = boxes.get(i);
      assertThat(box.x() - box.width() / 2).isGreaterThanOrEqualTo(CircuitLayout.LEFT - 1e-6);
      assertThat(box.x() + box.width() / 2).isLessThanOrEqualTo(layout.width() + 1e-6);
      assertThat(box.y() - HEIGHT / 2).isNotNegative();
      assertThat(box.y() + HEIGHT / 2).isLessThanOrEqualTo(layout.rows().height());
      for (int j = 0; j < i; j++) {
        Box other = boxes.get(j);
        boolean apart =
            Math.abs(box.y() - other.y()) >= HEIGHT + 2
                || Math.abs(box.x() - other.x()) >= (box.width() + other.width()) / 2 + 2;
        assertThat(apart).as("%d and %d", i, j).isTrue();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("graphs")
  void edgesRiseFromNodeToNode(CircuitGraph graph) {
    CircuitLayout layout = CircuitLayout.of(graph);
    Map<String, Integer> places = graph.places();
    for (int i = 0; i < graph.edges().size(); i++) {
      List<Point> route = layout.routes().get(i);
      Box from = layout.boxes().get(places.getOrDefault(graph.edges().get(i).from(), -1));
      Box to = layout.boxes().get(places.getOrDefault(graph.edges().get(i).to(), -1));
      assertThat(route.getFirst().y()).isEqualTo(from.y() - HEIGHT / 2);
      assertThat(route.getLast().y()).isEqualTo(to.y() + HEIGHT / 2);
      assertThat(route.getFirst().x()).isCloseTo(from.x(), within(from.width() / 2));
      assertThat(route.getLast().x()).isCloseTo(to.x(), within(to.width() / 2));
      for (int point = 1; point < route.size(); point++) {
        assertThat(route.get(point).y()).isLessThan(route.get(point - 1).y());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("graphs")
  void theSameGraphIsLaidOutTheSame(CircuitGraph graph) {
    CircuitLayout first = CircuitLayout.of(graph);
    CircuitLayout again = CircuitLayout.of(graph);
    assertThat(again.boxes()).isEqualTo(first.boxes());
    assertThat(again.routes()).isEqualTo(first.routes());
  }

  @ParameterizedTest
  @MethodSource("graphs")
  void layersRiseInTheirBands(CircuitGraph graph) {
    CircuitLayout layout = CircuitLayout.of(graph);
    double above = 0;
    int next = graph.layers() - 1;
    for (CircuitRows.Band band : layout.rows().bands()) {
      assertThat(band.last()).isEqualTo(next);
      assertThat(band.top()).isGreaterThanOrEqualTo(above);
      above = band.top() + band.height();
      next = band.first() - 1;
      for (int i = 0; i < graph.nodes().size(); i++) {
        double y = layout.boxes().get(i).y();
        boolean within = y > band.top() && y < above;
        int layer = graph.nodes().get(i).layer();
        assertThat(within).isEqualTo(layer >= band.first() && layer <= band.last());
      }
    }
    assertThat(next).as("every layer has a band").isEqualTo(-1);
  }

  @Test
  void manyEmptyLayersAreOneThinGap() {
    CircuitLayout layout = CircuitLayout.of(SampleCircuits.ten());
    CircuitRows.Band top = layout.rows().bands().getFirst();
    assertThat(List.of(top.first(), top.last())).containsExactly(11, 23);
    assertThat(top.used()).isFalse();
    assertThat(layout.rows().height()).isLessThan(800);
    assertThat(layout.width()).as("fits a telephone").isLessThan(358);
  }

  @Test
  void longEdgesGoBetweenNodes() {
    for (CircuitGraph graph : List.of(SampleCircuits.ten(), SampleCircuits.gpt2(40))) {
      goesBetween(CircuitLayout.of(graph));
    }
  }

  private static void goesBetween(CircuitLayout layout) {
    assertThat(layout.routes()).anyMatch(route -> route.size() > 2);
    for (List<Point> route : layout.routes()) {
      for (Point way : route.subList(1, route.size() - 1)) {
        assertThat(layout.boxes())
            .allMatch(box ->
                Math.abs(box.y() - way.y()) > 1 || Math.abs(box.x() - way.x()) > box.width() / 2);
      }
    }
  }

  @Test
  void namesAreShortWhereALayerHasMany() {
    assertThat(CircuitLayout.of(SampleCircuits.whole(0)).rows().names())
        .contains("h11", "m3")
        .doesNotContain("a9.h6");
    assertThat(CircuitLayout.of(SampleCircuits.ten()).rows().names()).contains("a9.h6");
  }

  @Test
  void crossingsThatNeedNotBeAreUndone() {
    // A ladder whose upper rows were named in reverse.
    List<List<Integer>> rows =
        List.of(List.of(0, 1, 2, 3), List.of(7, 6, 5, 4), List.of(9, 8, 11, 10));
    List<Link> links = IntStream.range(0, 8).mapToObj(i -> new Link(i, i + 4)).toList();
    double[] widths = new double[12];
    Arrays.fill(widths, 10);
    double[] middles = RowPlacement.middles(rows, widths, links, 100);
    Map<Integer, Double> column = new HashMap<>();
    for (int i = 0; i < 12; i++) {
      double middle = middles[i];
      assertThat(column.computeIfAbsent(i % 4, _ -> middle)).isCloseTo(middle, within(5.0));
    }
    assertThat(column.values().stream().distinct()).hasSize(4);
  }
}
