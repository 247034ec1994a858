package dev.loupe.report.study;

import dev.loupe.lens.attribution.Contributor;
import dev.loupe.lens.sweep.BackupHeads;
import dev.loupe.lens.sweep.PatchSite;
import dev.loupe.lens.sweep.SweepResult;
import dev.loupe.model.Provenance;
import dev.loupe.report.CircuitGraph;
import dev.loupe.report.CircuitGraph.Edge;
import dev.loupe.report.CircuitGraph.Kind;
import dev.loupe.report.CircuitGraph.Node;
import dev.loupe.study.behaviour.BehaviourCircuit;
import dev.loupe.study.behaviour.BehaviourFindings;
import dev.loupe.study.behaviour.PathLevel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Say what the analysis of a behaviour found, with its numbers, and draw it. */
final class BehaviourWords {
  private static final int NAMED = 3;

  private final BehaviourFindings found;
  private final BehaviourSweeps sweeps;

  BehaviourWords(Provenance model, BehaviourFindings found) {
    this.found = found;
    sweeps = new BehaviourSweeps(model, found.prompts());
  }

  List<String> conclusions() {
    var all = new ArrayList<String>();
    var of = found.baselines();
    all.add(
        "The logit difference is `"
            + Told.signed(of.logitDifference().clean().mean())
            + "` on clean prompts and `"
            + Told.signed(of.logitDifference().corrupted().mean())
            + "` on corrupted ones; the answer is the likeliest token after `"
            + Told.percent(of.accuracy().clean().mean())
            + "` of the clean prompts.");
    all.add(layers());
    all.add(moves());
    writers().ifPresent(all::add);
    all.add(knockOut());
    all.add(backup());
    found.paths().forEach(level -> all.add(path(level)));
    return all;
  }

  private String layers() {
    var strongest =
        found.layers().strongest(part -> !(part instanceof Contributor.Bias), NAMED).stream()
            .map(part -> "`" + part.contributor() + "` " + Told.signed(part.value().mean()))
            .collect(Collectors.joining(", "));
    return "Of the "
        + Told.signed(found.layers().total().mean())
        + " logits of the answer these parts add or take most themselves: "
        + strongest
        + ".";
  }

  /** Say at which position the residual stream carries most, layer by layer. */
  private String moves() {
    var stream = found.stream(PatchSite.RESID_PRE);
    int layers = stream.axes().getFirst().size();
    int positions = stream.axes().getLast().size();
    var parts = new ArrayList<String>();
    int begun = 0;
    for (int layer = 0; layer < layers; layer++) {
      int here = most(stream, layer, positions);
      if (layer + 1 < layers && most(stream, layer + 1, positions) == here) {
        continue;
      }
      parts.add(
          "`"
              + sweeps.position(stream, here)
              + "` before "
              + (begun == layer ? "layer " + layer : "layers " + begun + " to " + layer)
              + " (recovery "
              + range(stream, positions, here, begun, layer)
              + ")");
      begun = layer + 1;
    }
    return "The single position whose residual stream brings most of the answer back is "
        + String.join(", ", parts)
        + ".";
  }

  private static String range(SweepResult stream, int positions, int at, int from, int to) {
    var first = Told.signed(stream.recovery(from * positions + at).mean());
    var last = Told.signed(stream.recovery(to * positions + at).mean());
    return from == to ? last : first + " to " + last;
  }

  private static int most(SweepResult stream, int layer, int positions) {
    int most = 0;
    for (int p = 1; p < positions; p++) {
      if (stream.recovery(layer * positions + p).mean()
          > stream.recovery(layer * positions + most).mean()) {
        most = p;
      }
    }
    return most;
  }

  private Optional<String> writers() {
    var writers = found.writers();
    if (writers.isEmpty()) {
      return Optional.empty();
    }
    int half = 1;
    while (writers.get(half - 1).share() < .5) {
      half++;
    }
    return Optional.of(
        "The heads that write most are "
            + writers.stream()
                .limit(NAMED)
                .map(writer ->
                    writer.head() + " (`" + Told.percent(writer.loss().mean()) + "` of the gap)")
                .collect(Collectors.joining(", "))
            + "; "
            + (half == 1 ? "one head writes" : half + " heads write")
            + " half of what all write.");
  }

  private String knockOut() {
    var out = found.knockOut();
    return "Without "
        + Told.names(out.heads())
        + " (z at END set to 0) the logit difference goes from `"
        + Told.signed(out.logitDifference().clean().mean())
        + "` to `"
        + Told.signed(out.logitDifference().value(0).mean())
        + "`, and top-1 goes from `"
        + Told.percent(out.accuracy().clean().mean())
        + "` to `"
        + Told.percent(out.accuracy().value(0).mean())
        + "`.";
  }

  private String backup() {
    var out = found.knockOut();
    var growing =
        out.backup().top(out.backup().heads().size()).stream()
            .filter(head -> !out.heads().contains(head.head()))
            .filter(BehaviourWords::grows)
            .limit(NAMED)
            .map(head ->
                head.head()
                    + " (`"
                    + Told.signed(head.before().mean())
                    + "` to `"
                    + Told.signed(head.after().mean())
                    + "` logits)")
            .toList();
    return growing.isEmpty()
        ? "No head stands in for them: none adds more afterwards by more than two standard errors."
        : "These heads add more afterwards, as backups do: " + String.join(", ", growing) + ".";
  }

  private static boolean grows(BackupHeads.Contribution head) {
    return head.growth().mean() > 2 * head.growth().standardError() && head.growth().mean() > .01;
  }

  private String path(PathLevel level) {
    var strongest =
        level
            .edges()
            .sorted(Comparator.comparingDouble(edge -> -Math.abs(edge.loss().mean())))
            .limit(NAMED)
            .map(edge ->
                edge.sender()
                    + " → "
                    + edge.receiver()
                    + " (`"
                    + Told.percent(edge.loss().mean())
                    + "`)")
            .toList();
    return "Level "
        + level.number()
        + ": "
        + (strongest.isEmpty()
            ? "no head's paths to "
                + Told.names(level.heads())
                + " carry as much as `"
                + Told.percent(found.least())
                + "` of the gap."
            : "of single paths into "
                + Told.names(level.heads())
                + " the strongest are "
                + String.join(", ", strongest)
                + " of the gap.");
  }

  // ---- The circuit

  CircuitGraph graph(int layers) {
    var circuit = BehaviourCircuit.of(found);
    var nodes = new ArrayList<Node>();
    var edges = new ArrayList<Edge>();
    for (var head : circuit.heads()) {
      var adds =
          found
              .heads()
              .of(new Contributor.OfHead(head))
              .map(value -> "adds " + value + " logits directly")
              .orElse("");
      nodes.add(
          new Node(
              HeadIds.of(head),
              head.layer(),
              Kind.HEAD,
              circuit.written().containsKey(head) ? "writes the answer" : "feeds other heads",
              adds));
    }
    circuit
        .writtenByMlp()
        .forEach((layer, loss) -> {
          nodes.add(new Node("m" + layer, layer, Kind.MLP, "MLP", "path to the logits: " + loss));
          edges.add(new Edge("m" + layer, "logits", loss.mean(), "lost share " + loss));
        });
    nodes.add(new Node("logits", layers, Kind.LOGITS, "", "the answer at END"));
    circuit
        .written()
        .forEach((head, loss) ->
            edges.add(new Edge(HeadIds.of(head), "logits", loss.mean(), "lost share " + loss)));
    edges.addAll(between(circuit.paths()));
    return new CircuitGraph("What was found to carry the answer", layers, nodes, edges);
  }

  /** Return one edge between two heads: the strongest of its inputs, all of them in words. */
  private static List<Edge> between(List<PathLevel.Edge> paths) {
    record Ends(String from, String to) {}
    var strongest = new LinkedHashMap<Ends, Double>();
    var words = new LinkedHashMap<Ends, List<String>>();
    for (var path : paths) {
      for (var into : path.into()) {
        var ends = new Ends(HeadIds.of(path.sender()), HeadIds.of(into));
        double loss = path.loss().mean();
        strongest.merge(ends, loss, (a, b) -> Math.abs(a) < Math.abs(b) ? b : a);
        words
            .computeIfAbsent(ends, _ -> new ArrayList<>())
            .add(path.receiver() + " " + path.loss());
      }
    }
    var edges = new ArrayList<Edge>();
    strongest.forEach((ends, loss) ->
        edges.add(
            new Edge(
                ends.from(),
                ends.to(),
                loss,
                "lost share: " + String.join("; ", words.getOrDefault(ends, List.of())))));
    return edges;
  }

  String reading() {
    return "`a2.h4` is L2H4, `m3` the MLP of layer 3. An edge is the share of the gap that is lost where that path alone carries corrupted"
        + " values: from head to head into its q, k or v (the strongest of them), from heads and"
        + " MLPs to the logits through no other head. Shares below "
        + Told.percent(found.least())
        + " are left out, and paths that were not asked for, such as those from heads to MLPs, are"
        + " not drawn.";
  }
}
