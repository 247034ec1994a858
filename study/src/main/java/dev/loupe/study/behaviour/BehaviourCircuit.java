package dev.loupe.study.behaviour;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The parts that were found to carry a behaviour, and what passes between them.
 *
 * @param heads by layer and index: those that paths were followed to or from, and those that were
 *     knocked out
 * @param paths from head to head, the share of the gap that is lost on each
 * @param written by head, the share that is lost on its paths to the logits
 * @param writtenByMlp the same by layer of the MLP
 */
public record BehaviourCircuit(
    List<Head> heads,
    List<PathLevel.Edge> paths,
    Map<Head, Estimate> written,
    Map<Integer, Estimate> writtenByMlp) {
  /** Copies the collections, order kept. */
  public BehaviourCircuit {
    heads = List.copyOf(heads);
    paths = List.copyOf(paths);
    written = Collections.unmodifiableMap(new LinkedHashMap<>(written));
    writtenByMlp = Collections.unmodifiableMap(new LinkedHashMap<>(writtenByMlp));
  }

  /** Returns that of findings: paths and writing below their least share are left out. */
  public static BehaviourCircuit of(BehaviourFindings found) {
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
    var toLogits = found.toLogits().heads();
    int width = toLogits.axes().getLast().size();
    for (var head : heads) {
      keep(written, head, toLogits.loss(head.layer() * width + head.index()), found.least());
    }
    var byMlp = new LinkedHashMap<Integer, Estimate>();
    var mlps = found.toLogits().mlps();
    for (int layer = 0; layer < mlps.size(); layer++) {
      keep(byMlp, layer, mlps.loss(layer), found.least());
    }
    return new BehaviourCircuit(List.copyOf(heads), paths, written, byMlp);
  }

  private static <T> void keep(Map<T, Estimate> into, T node, Estimate loss, double least) {
    if (Math.abs(loss.mean()) >= least) {
      into.put(node, loss);
    }
  }

  /** Returns the layers of the MLPs that write into the logits. */
  public List<Integer> mlps() {
    return List.copyOf(writtenByMlp.keySet());
  }
}
