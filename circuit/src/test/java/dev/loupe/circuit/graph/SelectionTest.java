package dev.loupe.circuit.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.WriteBudget;
import dev.loupe.circuit.WriteCosts;
import dev.loupe.model.RandomModels;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class SelectionTest {
  private static final GraphShape SHAPE = new GraphShape(2, 2, false, 8);

  @Property(tries = 200)
  void choosesAsTheSlowWay(@ForAll long seed) {
    var random = new Random(seed);
    var shape = RandomGraphs.shape(random);
    var scores = RandomGraphs.scores(shape, random);
    int n = random.nextInt(shape.edges() + 1);
    for (var ranking : Ranking.values()) {
      var all = new HashSet<Integer>();
      IntStream.range(0, shape.edges()).forEach(all::add);
      assertThat(new Selection.TopEdges(n, ranking).of(scores))
          .isEqualTo(best(scores, ranking, n, all, false));
      var greedy = new Selection.Greedy(n, ranking).of(scores);
      assertThat(greedy)
          .isEqualTo(RandomGraphs.pruned(best(scores, ranking, n, into(shape, -1), true)));
      double least = random.nextInt(20) / 8.0 - 1;
      var above = new Selection.Threshold(least, ranking).of(scores);
      for (int edge = 0; edge < shape.edges(); edge++) {
        double score = scores.score(edge);
        boolean high = (ranking == Ranking.ABSOLUTE ? Math.abs(score) : score) >= least;
        assertThat(above.has(edge)).isEqualTo(high);
      }
    }
  }

  /** Looks at all edges within reach again and again; with growth the source's come within it. */
  private static EdgeSet best(
      EdgeScores scores, Ranking ranking, int n, Set<Integer> within, boolean grows) {
    var shape = scores.shape();
    var taken = new HashSet<Integer>();
    for (int i = 0; i < n; i++) {
      int best = -1;
      for (int edge = 0; edge < shape.edges(); edge++) {
        if (within.contains(edge) && !taken.contains(edge)) {
          double score = ranking.of(scores.score(edge));
          if (best < 0 || score > ranking.of(scores.score(best))) {
            best = edge;
          }
        }
      }
      taken.add(best);
      if (grows && shape.sourceOf(best) > 0) {
        within.addAll(into(shape, shape.sourceOf(best)));
      }
    }
    return EdgeSet.of(shape, taken.stream().mapToInt(edge -> edge));
  }

  private static Set<Integer> into(GraphShape shape, int owner) {
    var edges = new HashSet<Integer>();
    IntStream.range(0, shape.edges())
        .filter(edge -> EdgeSet.owner(shape, shape.targetOf(edge)) == owner)
        .forEach(edges::add);
    return edges;
  }

  @Property(tries = 300)
  void pruningLeavesWhatLiesOnAPath(@ForAll long seed) {
    var random = new Random(seed);
    var edges = RandomGraphs.edges(RandomGraphs.shape(random), random);
    var left = Pruning.of(edges);
    assertThat(left).isEqualTo(RandomGraphs.pruned(edges));
    assertThat(Pruning.of(left)).isEqualTo(left);
    assertThat(Pruning.of(EdgeSet.all(edges.shape()))).isEqualTo(EdgeSet.all(edges.shape()));
  }

  @Test
  void pruningTakesOutWhatHangs() {
    var circuit =
        RandomGraphs.parse(
            SHAPE,
            "input->a0.h0<v>",
            "a0.h0->a1.h1<k>",
            "a1.h1->logits",
            "a0.h1->a1.h1<q>",
            "a0.h0->m0",
            "m1->logits");
    assertThat(Pruning.of(circuit))
        .isEqualTo(
            RandomGraphs.parse(SHAPE, "input->a0.h0<v>", "a0.h0->a1.h1<k>", "a1.h1->logits"));
    assertThat(Pruning.of(RandomGraphs.parse(SHAPE, "a1.h1->logits")).size()).isZero();
  }

  @Test
  void theBudgetTakesTheInputAndThenTheBestThatFit() {
    var costs = new WriteCosts(4, 8, 8);
    // input, a0.h0, a0.h1, m0, a1.h0, a1.h1, m1
    var scores = NodeScores.of(SHAPE, new double[] {0, 3, -5, 4, 2, 1, -6});
    var absolute = new Selection.Budget(20, costs, Ranking.ABSOLUTE);
    assertThat(absolute.filling(scores).circuit().nodes()).isEqualTo(nodes("input", "a0.h1", "m1"));
    assertThat(absolute.of(scores))
        .isEqualTo(EdgeSet.between(SHAPE, nodes("input", "a0.h1", "m1")));
    assertThat(new Selection.Budget(23, costs, Ranking.SIGNED).filling(scores).circuit().nodes())
        .isEqualTo(nodes("input", "a0.h0", "m0"));
    assertThat(Pruning.of(absolute.of(scores))).isEqualTo(absolute.of(scores));

    var edges = RandomGraphs.scores(SHAPE, new Random(1));
    assertThat(absolute.of(edges))
        .isEqualTo(absolute.of(NodeScores.leaving(edges, Ranking.ABSOLUTE)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Selection.Budget(7, costs, Ranking.ABSOLUTE))
        .withMessageContaining("write budget 7: expected 8 or more");
    var config = RandomModels.family("gpt2");
    assertThat(Selection.Budget.of(WriteBudget.parse("100 %"), config, Ranking.ABSOLUTE).width())
        .isEqualTo(WriteCosts.of(config).of(CircuitNode.all(config)));
  }

  private static List<CircuitNode> nodes(String... names) {
    return List.of(names).stream().map(CircuitNode::parse).toList();
  }

  @Test
  void nodesAreScoredByTheEdgesThatLeaveThem() {
    var edges = RandomGraphs.scores(SHAPE, new Random(7));
    for (var ranking : Ranking.values()) {
      var nodes = NodeScores.leaving(edges, ranking);
      var sums = new double[SHAPE.sources()];
      for (int edge = 0; edge < SHAPE.edges(); edge++) {
        sums[SHAPE.sourceOf(edge)] += ranking.of(edges.score(edge));
      }
      assertThat(nodes.values()).containsExactly(sums);
      assertThat(nodes.score(CircuitNode.mlp(1))).isEqualTo(sums[6]);
    }
    var scores = NodeScores.of(SHAPE, new double[] {0, 3, -5, 3, 2, -0.0, -6});
    assertThat(scores.ranked(Ranking.SIGNED))
        .isEqualTo(nodes("a0.h0", "m0", "a1.h0", "input", "a1.h1", "a0.h1", "m1"));
    assertThat(scores.ranked(Ranking.ABSOLUTE))
        .isEqualTo(nodes("m1", "a0.h1", "a0.h0", "m0", "a1.h0", "input", "a1.h1"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NodeScores.of(SHAPE, new double[] {0, 3, -5, Double.NaN, 2, 1, -6}))
        .withMessageContaining("m0 is NaN");
  }

  @Test
  void sharesOfEdgesAreRoundedDown() {
    var gpt2 = new GraphShape(12, 12, false, 768);
    assertThat(Selection.edges(gpt2, .001)).isEqualTo(32);
    assertThat(Selection.edges(gpt2, .5)).isEqualTo(16_245);
    assertThat(Selection.edges(gpt2, 1)).isEqualTo(32_491);
    assertThat(Selection.edges(gpt2, 0)).isZero();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Selection.edges(gpt2, 1.1))
        .withMessageContaining("share 1.1");
    assertThatIllegalArgumentException().isThrownBy(() -> Selection.edges(gpt2, Double.NaN));
  }

  @Test
  void whatCannotBeChosenIsSaid() {
    var scores = RandomGraphs.scores(SHAPE, new Random(1));
    for (var each :
        List.of(
            new Selection.TopEdges(10_000, Ranking.SIGNED),
            new Selection.Greedy(10_000, Ranking.SIGNED))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> each.of(scores))
          .withMessage("10000 edges: this model has " + SHAPE.edges());
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Selection.Greedy(-1, Ranking.SIGNED))
        .withMessageContaining("-1 edges");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Selection.Threshold(Double.NaN, Ranking.SIGNED))
        .withMessageContaining("threshold NaN");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Ranking.parse("both"))
        .withMessageContaining("expected absolute or signed");
    assertThat(Ranking.parse(Ranking.ABSOLUTE.toString())).isEqualTo(Ranking.ABSOLUTE);
    assertThat(new Selection.TopEdges(5, Ranking.ABSOLUTE))
        .hasToString("the 5 edges of highest absolute score");
  }
}
