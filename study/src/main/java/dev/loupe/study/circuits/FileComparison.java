package dev.loupe.study.circuits;

import dev.loupe.circuit.CircuitComparison;
import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.graph.EdgeScores;
import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.GraphComparison;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.graph.NodeScores;
import dev.loupe.circuit.graph.RankCorrelation;
import dev.loupe.circuit.graph.Ranking;
import dev.loupe.circuit.graph.Roc;
import dev.loupe.circuit.graph.ScoredGraph;
import dev.loupe.study.circuits.ComparisonFindings.Pair;
import dev.loupe.study.circuits.ComparisonFindings.Scores;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** Compares two files of circuits by all that both hold. */
final class FileComparison {
  private final CircuitFile here;
  private final CircuitFile there;
  private final Ranking ranking;
  private final boolean headsAlone;
  private final List<String> notes = new ArrayList<>();

  FileComparison(CircuitFile here, CircuitFile there, Ranking ranking) {
    this.here = here;
    this.there = there;
    this.ranking = ranking;
    headsAlone = there.graph().isEmpty() && there.heads().size() == there.nodes().nodes().size();
  }

  ComparisonFindings compare() {
    var shape = shape();
    if (headsAlone && !here.heads().equals(here.nodes().nodes())) {
      notes.add(
          there.name()
              + " names heads alone and says nothing of MLPs and the input: only heads are"
              + " compared.");
    }
    var edges = both(CircuitFile::graph).filter(FileComparison::haveCircuits);
    var nodeScores = shape.flatMap(of -> here.nodeScores().flatMap(mine -> nodes(of, mine)));
    var edgeScores = both(CircuitFile::graph).flatMap(this::edges);
    return new ComparisonFindings(
        here,
        there,
        headsAlone ? "heads" : "nodes",
        CircuitComparison.of(
            headsAlone ? here.heads() : here.nodes().nodes(), there.nodes().nodes(), Map.of()),
        edges.map(two -> GraphComparison.of(two.getFirst(), two.getLast())),
        ranking,
        edgeScores,
        nodeScores,
        there.published(),
        notes);
  }

  /** Returns the shape of the model; empty where neither file says it. */
  private Optional<GraphShape> shape() {
    var shapes = both(CircuitFile::shape);
    shapes.ifPresent(two -> {
      try {
        two.getFirst().requireSame(two.getLast());
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "%s and %s are of different models: %s"
                .formatted(here.name(), there.name(), e.getMessage()),
            e);
      }
    });
    var shape = here.shape().or(there::shape);
    shape.ifPresent(of -> {
      for (var file : List.of(here, there)) {
        try {
          file.nodes().nodes().forEach(of::number);
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException(file.name() + ": " + e.getMessage(), e);
        }
      }
    });
    return shape;
  }

  private <T> Optional<List<T>> both(Function<CircuitFile, Optional<T>> part) {
    return part.apply(here).flatMap(mine -> part.apply(there).map(other -> List.of(mine, other)));
  }

  private static boolean haveCircuits(List<ScoredGraph> two) {
    return two.stream().allMatch(graph -> graph.edges().size() > 0);
  }

  private Optional<Scores> edges(List<ScoredGraph> two) {
    EdgeScores mine = two.getFirst().scores();
    EdgeScores other = two.getLast().scores();
    EdgeSet wanted = two.getLast().edges();
    var shape = mine.shape();
    boolean parts = wanted.size() > 0 && wanted.size() < shape.edges();
    return Optional.of(
        new Scores(
            parts ? Optional.of(Roc.of(mine, wanted, ranking)) : Optional.empty(),
            Optional.of(RankCorrelation.of(mine, other, ranking)),
            IntStream.range(0, shape.edges())
                .mapToObj(edge ->
                    new Pair(shape.edge(edge).toString(), mine.score(edge), other.score(edge)))
                .toList()));
  }

  private Optional<Scores> nodes(GraphShape shape, NodeScores mine) {
    var among =
        IntStream.range(0, shape.sources())
            .mapToObj(shape::source)
            .filter(node -> !headsAlone || node instanceof CircuitNode.OfHead)
            .toList();
    int wanted = there.nodes().nodes().size();
    boolean parts = wanted > 0 && wanted < among.size();
    var roc =
        parts
            ? Optional.of(Roc.of(mine, among, there.nodes().nodes(), ranking))
            : Optional.<Roc>empty();
    var other = there.nodeScores();
    if (roc.isEmpty() && other.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new Scores(
            roc,
            other.map(theirs ->
                RankCorrelation.of(ranked(among, mine::score), ranked(among, theirs::score))),
            other
                .map(theirs ->
                    among.stream()
                        .map(
                            node -> new Pair(node.toString(), mine.score(node), theirs.score(node)))
                        .toList())
                .orElseGet(List::of)));
  }

  private double[] ranked(List<CircuitNode> among, ToDoubleFunction<CircuitNode> score) {
    return among.stream().mapToDouble(node -> ranking.of(score.applyAsDouble(node))).toArray();
  }
}
