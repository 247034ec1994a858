package dev.loupe.circuit.graph;

import dev.loupe.circuit.Candidate;
import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.Filling;
import dev.loupe.circuit.WriteBudget;
import dev.loupe.circuit.WriteCosts;
import dev.loupe.lens.Estimate;
import dev.loupe.model.ModelConfig;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How a circuit is chosen by scores. Of equal scores the edge or node that comes first in the model
 * is taken first. What the published tools do after choosing, taking out the edges that hang, is
 * {@link Pruning}.
 */
public sealed interface Selection {
  /**
   * The edges of highest score.
   *
   * @param n how many
   * @param ranking what makes a score high
   */
  record TopEdges(int n, Ranking ranking) implements Selection {
    /** Refuses a negative number. */
    public TopEdges {
      requireCount(n);
    }

    @Override
    public EdgeSet of(EdgeScores scores) {
      requireAtMost(n, scores.shape());
      return EdgeSet.of(scores.shape(), Arrays.stream(ranking.order(scores.values())).limit(n));
    }

    @Override
    public String toString() {
      return "the %d edges of highest %s score".formatted(n, ranking);
    }
  }

  /**
   * The edges that score so much at least.
   *
   * @param least in units of the score
   * @param ranking whether the score or its magnitude is meant
   */
  record Threshold(double least, Ranking ranking) implements Selection {
    /** Refuses what is no number. */
    public Threshold {
      if (!Double.isFinite(least)) {
        throw new IllegalArgumentException("threshold " + least + ": expected a number");
      }
    }

    @Override
    public EdgeSet of(EdgeScores scores) {
      double[] ranked = ranking.of(scores.values());
      return EdgeSet.of(
          scores.shape(), IntStream.range(0, ranked.length).filter(edge -> ranked[edge] >= least));
    }

    @Override
    public String toString() {
      return "the edges of %s score %s or more".formatted(ranking, least);
    }
  }

  /**
   * Edges grown from the logits: again and again the one of highest score among those into the
   * logits and into nodes that an edge taken before leaves, as the greedy selection of EAP-IG
   * (Hanna et al. 2024) does. In the end edges that nothing of the input comes to are taken out, so
   * that no node dangles: there may be fewer than asked for.
   *
   * @param n how many edges are taken before that
   * @param ranking what makes a score high
   */
  record Greedy(int n, Ranking ranking) implements Selection {
    /** Refuses a negative number. */
    public Greedy {
      requireCount(n);
    }

    @Override
    public EdgeSet of(EdgeScores scores) {
      requireAtMost(n, scores.shape());
      return Pruning.of(GreedyGrowth.from(scores, ranking, n));
    }

    @Override
    public String toString() {
      return "%d edges grown from the logits by %s score".formatted(n, ranking);
    }
  }

  /**
   * The nodes of highest score that fit a write budget, and every edge between them and from them
   * to the logits. The input is taken first, as without it a circuit computes nothing of the
   * prompt; one that does not fit any more is passed over for later ones that do.
   *
   * @param width how many dimensions the nodes may write together
   * @param costs what nodes write
   * @param ranking what makes a score high; by it the scores of the edges that leave a node are
   *     added up too
   */
  record Budget(int width, WriteCosts costs, Ranking ranking) implements Selection {
    /** Refuses a budget that the input does not fit. */
    public Budget {
      if (width < costs.input()) {
        throw new IllegalArgumentException(
            "write budget %d: expected %d or more, as the input alone writes that"
                .formatted(width, costs.input()));
      }
    }

    /** Returns that of a model. */
    public static Budget of(WriteBudget budget, ModelConfig config, Ranking ranking) {
      return new Budget(budget.in(config), WriteCosts.of(config), ranking);
    }

    /** Returns how the budget is filled, node by node. */
    public Filling filling(NodeScores scores) {
      List<Candidate> candidates = new ArrayList<>();
      candidates.add(candidate(scores, CircuitNode.input(), "input"));
      scores
          .ranked(ranking)
          .forEach(node -> candidates.add(candidate(scores, node, ranking + " score")));
      return Filling.of(costs, width).with(candidates);
    }

    private static Candidate candidate(NodeScores scores, CircuitNode node, String reason) {
      return new Candidate(node, reason, Estimate.of(scores.score(node)));
    }

    /** Returns the edges between the nodes that nodes' own scores choose. */
    public EdgeSet of(NodeScores scores) {
      return EdgeSet.between(scores.shape(), filling(scores).circuit().nodes());
    }

    @Override
    public EdgeSet of(EdgeScores scores) {
      return of(NodeScores.leaving(scores, ranking));
    }

    @Override
    public String toString() {
      return "the nodes of highest %s score that write %d dimensions or fewer"
          .formatted(ranking, width);
    }
  }

  /**
   * Returns how many edges a share of a graph's is, rounded down, as MIB counts.
   *
   * @param share from 0 to 1
   * @throws IllegalArgumentException if it is no share
   */
  static int edges(GraphShape shape, double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException("share " + share + " of the edges: expected 0 to 1");
    }
    // In decimals, as .29 * 100 is 28.999... in binary.
    return BigDecimal.valueOf(share).multiply(BigDecimal.valueOf(shape.edges())).intValue();
  }

  /**
   * Chooses.
   *
   * @throws IllegalArgumentException if the graph has fewer edges than asked for
   */
  EdgeSet of(EdgeScores scores);

  private static void requireCount(int n) {
    if (n < 0) {
      throw new IllegalArgumentException(n + " edges: expected 0 or more");
    }
  }

  private static void requireAtMost(int n, GraphShape shape) {
    if (n > shape.edges()) {
      throw new IllegalArgumentException("%d edges: this model has %d".formatted(n, shape.edges()));
    }
  }
}
