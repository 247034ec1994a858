package dev.loupe.study.behaviour;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.attribution.Contributor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The parts that were found to carry a behaviour, and what passes between them.
 *
 * @param heads by layer and index: those that paths were followed to or from, and those that were
 *     knocked out
 * @param mlps by layer: those that write a tenth of the answer or more, for or against it
 * @param paths from head to head, the share of the gap that is lost on each
 * @param written into the logits directly by head, in logits
 * @param writtenByMlp the same by layer of the MLP
 */
public record BehaviourCircuit(
    List<Head> heads,
    List<Integer> mlps,
    List<PathLevel.Edge> paths,
    Map<Head, Estimate> written,
    Map<Integer, Estimate> writtenByMlp) {
  private static final double LEAST_MLP = .1;

  /** Returns that of findings: paths and writing below their least share are left out. */
  public static BehaviourCircuit of(BehaviourFindings found) {
    double total = Math.abs(found.heads().total().mean());
    var paths =
        found.paths().stream()
            .flatMap(PathLevel::edges)
            .filter(edge -> Math.abs(edge.loss().mean()) >= found.least())
            .toList();
    Set<Head> heads =
        new TreeSet<>(Comparator.comparingInt(Head::layer).thenComparingInt(Head::index));
    found.paths().forEach(level -> heads.addAll(level.heads()));
    paths.forEach(edge -> heads.add(edge.sender()));
    heads.addAll(found.knockOut().heads());
    var written = new LinkedHashMap<Head, Estimate>();
    var byMlp = new LinkedHashMap<Integer, Estimate>();
    var mlps = new LinkedHashSet<Integer>();
    for (var part : found.heads().parts()) {
      double size = Math.abs(part.value().mean());
      switch (part.contributor()) {
        case Contributor.OfHead(var head) when heads.contains(head) -> {
          if (size >= found.least() * total) {
            written.put(head, part.value());
          }
        }
        case Contributor.MlpOut(int layer) when size >= LEAST_MLP * total -> {
          mlps.add(layer);
          byMlp.put(layer, part.value());
        }
        default -> {}
      }
    }
    return new BehaviourCircuit(
        new ArrayList<>(heads), new ArrayList<>(mlps), paths, written, byMlp);
  }
}
