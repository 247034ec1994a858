package dev.loupe.circuit.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.circuit.CircuitNode;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class GraphComparisonTest {
  private static final GraphShape SHAPE = new GraphShape(2, 2, false, 8);

  @Test
  void edgesAndNodesAreCounted() {
    var here =
        RandomGraphs.parse(SHAPE, "input->a0.h0<v>", "a0.h0->m1", "m1->logits", "m0->logits");
    var there = RandomGraphs.parse(SHAPE, "input->a0.h0<v>", "a0.h0->a1.h0<q>", "a1.h0->logits");
    var found = GraphComparison.of(here, there);
    assertThat(found.both()).isEqualTo(RandomGraphs.parse(SHAPE, "input->a0.h0<v>"));
    assertThat(found.onlyHere().size()).isEqualTo(3);
    assertThat(found.onlyThere().size()).isEqualTo(2);
    assertThat(found.jaccard()).isCloseTo(1 / 6.0, within(1e-15));
    assertThat(found.precision()).isEqualTo(.25);
    assertThat(found.recall()).isCloseTo(1 / 3.0, within(1e-15));
    assertThat(found.nodes().matching())
        .containsExactly(CircuitNode.input(), CircuitNode.parse("a0.h0"));
    assertThat(found.nodes().precision()).isEqualTo(.5);
    assertThat(found.nodes().recall()).isCloseTo(2 / 3.0, within(1e-15));
    assertThat(GraphComparison.of(here, here).jaccard()).isEqualTo(1);
    assertThat(GraphComparison.of(EdgeSet.none(SHAPE), EdgeSet.none(SHAPE)).jaccard()).isNaN();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GraphComparison.of(here, EdgeSet.none(new GraphShape(2, 2, true, 8))))
        .withMessageContaining("expected the same shape");
  }

  @Property(tries = 300)
  void areaIsTheChanceThatOneOfTheReferenceScoresMore(
      @ForAll long seed, @ForAll @IntRange(min = 2, max = 60) int n) {
    var random = new Random(seed);
    double[] scores = RandomGraphs.values(n, random);
    var positive = new boolean[n];
    IntStream.range(0, n).forEach(i -> positive[i] = random.nextBoolean());
    double wins = 0;
    long pairs = 0;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        if (positive[i] && !positive[j]) {
          pairs++;
          wins += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? .5 : 0;
        }
      }
    }
    Assume.that(pairs > 0);
    var roc = Roc.of(scores, i -> positive[i]);
    assertThat(roc.auc()).isCloseTo(wins / pairs, within(1e-12));
    assertThat(roc.points().getFirst()).isEqualTo(new Roc.Point(Double.POSITIVE_INFINITY, 0, 0));
    var last = roc.points().getLast();
    assertThat(roc.truePositiveRate(last)).isEqualTo(1);
    assertThat(roc.falsePositiveRate(last)).isEqualTo(1);
    for (var point : roc.points()) {
      long hits =
          IntStream.range(0, n).filter(i -> positive[i] && scores[i] >= point.threshold()).count();
      long taken = IntStream.range(0, n).filter(i -> scores[i] >= point.threshold()).count();
      assertThat(point.truePositives()).isEqualTo((int) hits);
      assertThat(point.falsePositives()).isEqualTo((int) (taken - hits));
    }
  }

  @Test
  void edgesAndNodesAreToldApart() {
    var random = new Random(5);
    var scores = RandomGraphs.scores(SHAPE, random);
    var best = new Selection.TopEdges(20, Ranking.ABSOLUTE).of(scores);
    double least = best.numbers().mapToDouble(e -> Math.abs(scores.score(e))).min().orElseThrow();
    var reference = new Selection.Threshold(least, Ranking.ABSOLUTE).of(scores);
    assertThat(Roc.of(scores, reference, Ranking.ABSOLUTE).auc()).isEqualTo(1);
    assertThat(Roc.of(scores, EdgeSet.all(SHAPE).without(reference), Ranking.ABSOLUTE).auc())
        .isZero();

    var nodes = NodeScores.of(SHAPE, new double[] {9, 3, -5, 4, 2, 1, -6});
    var heads = List.of("a0.h0", "a0.h1", "a1.h0", "a1.h1").stream().map(CircuitNode::parse);
    var among = heads.toList();
    var wanted = List.of(CircuitNode.parse("a0.h1"));
    assertThat(Roc.of(nodes, among, wanted, Ranking.ABSOLUTE).auc()).isEqualTo(1);
    assertThat(Roc.of(nodes, among, wanted, Ranking.SIGNED).auc()).isZero();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Roc.of(nodes, among, List.of(CircuitNode.mlp(0)), Ranking.SIGNED))
        .withMessageContaining("node m0 of the reference is not among the 4 nodes");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Roc.of(scores, EdgeSet.all(SHAPE), Ranking.SIGNED))
        .withMessageContaining("needs both");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Roc.of(new double[] {1, Double.NaN}, i -> i == 0))
        .withMessageContaining("NaN");
  }

  @Property(tries = 300)
  void kendallCountsPairs(@ForAll long seed, @ForAll @IntRange(max = 40) int n) {
    var random = new Random(seed);
    double[] a = RandomGraphs.values(n, random);
    double[] b = RandomGraphs.values(n, random);
    if (random.nextBoolean()) {
      IntStream.range(0, n).filter(_ -> random.nextInt(3) > 0).forEach(i -> b[i] = a[i]);
    }
    IntStream.range(0, n)
        .filter(i -> a[i] == 0)
        .forEach(i -> a[i] = random.nextBoolean() ? 0. : -0.);
    long agree = 0;
    long untiedA = 0;
    long untiedB = 0;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < i; j++) {
        double both = Math.signum(a[i] - a[j]) * Math.signum(b[i] - b[j]);
        agree += (long) both;
        untiedA += a[i] == a[j] ? 0 : 1;
        untiedB += b[i] == b[j] ? 0 : 1;
      }
    }
    var found = RankCorrelation.of(a, b);
    if (untiedA == 0 || untiedB == 0) {
      assertThat(found.kendall()).isNaN();
      assertThat(found.spearman()).isNaN();
    } else {
      double slow = agree / Math.sqrt((double) untiedA * untiedB);
      assertThat(found.kendall()).isCloseTo(slow, within(1e-12));
    }
    assertThat(found.n()).isEqualTo(n);
  }

  @Test
  void ranksAreCompared() {
    var found = RankCorrelation.of(new double[] {1, 2, 3, 4}, new double[] {1, 20, 15, 400});
    assertThat(found.spearman()).isCloseTo(.8, within(1e-12));
    assertThat(found.kendall()).isCloseTo(2 / 3.0, within(1e-12));
    var random = new Random(2);
    var scores = RandomGraphs.scores(SHAPE, random);
    double[] opposite =
        IntStream.range(0, SHAPE.edges()).mapToDouble(e -> -scores.score(e)).toArray();
    var other = EdgeScores.of(SHAPE, opposite);
    assertThat(RankCorrelation.of(scores, other, Ranking.SIGNED).kendall())
        .isCloseTo(-1, within(1e-12));
    assertThat(RankCorrelation.of(scores, other, Ranking.ABSOLUTE).spearman())
        .isCloseTo(1, within(1e-12));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RankCorrelation.of(new double[2], new double[3]))
        .withMessageContaining("2 scores beside 3");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RankCorrelation.of(new double[2], new double[] {Double.NaN, 1}))
        .withMessageContaining("NaN");
  }
}
