package dev.loupe.cli;

import dev.loupe.circuit.Circuit;
import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.Filling;
import dev.loupe.circuit.WriteBudget;
import dev.loupe.circuit.graph.EdgeScores;
import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.graph.NodeScores;
import dev.loupe.circuit.graph.Pruning;
import dev.loupe.circuit.graph.Ranking;
import dev.loupe.circuit.graph.Selection;
import dev.loupe.circuit.run.EdgeRun;
import dev.loupe.circuit.score.Acdc;
import dev.loupe.lens.Metric;
import dev.loupe.lens.Progress;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.ModelConfig;
import dev.loupe.study.circuits.CircuitFindings.Chosen;
import dev.loupe.study.circuits.CircuitScores;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** Which of the scored edges or nodes are the circuit. */
final class ChoiceOptions {
  @Option(names = "--edges", paramLabel = "N", description = "The N edges of highest score.")
  private Optional<Integer> edges = Optional.empty();

  @Option(
      names = "--greedy",
      paramLabel = "N",
      description =
          "N edges grown from the logits, the highest score first, so that no node dangles.")
  private Optional<Integer> greedy = Optional.empty();

  @Option(
      names = "--threshold",
      paramLabel = "X",
      description =
          "The edges, or of --method node the nodes, that score X or more; of acdc what an edge must"
              + " change to stay, in units of the metric.")
  private Optional<Double> threshold = Optional.empty();

  @Option(
      names = "--budget",
      paramLabel = "WIDTH",
      description =
          "The nodes of highest score that fit a write budget, and the edges between them: standard"
              + " (7/12 of the model), dimensions such as 11200, or a share such as 60%% (the"
              + " default: standard).")
  private Optional<String> budget = Optional.empty();

  @ArgGroup private RankingOption ranking = new RankingOption();

  @Option(
      names = "--prune",
      description = "Take out edges that lie on no path from the input to the logits.")
  private boolean prune;

  @Option(
      names = "--minimal",
      paramLabel = "X",
      description =
          "Take out edges that the circuit does not need: each is tried, the lowest score first, and"
              + " goes where the metric loses less than X, or with --absolute changes by less.")
  private Optional<Double> minimal = Optional.empty();

  /** Refuses what no model could make right. */
  void check(LoupeCommand command, CircuitMethod method, Metric metric) {
    var given = new ArrayList<String>();
    edges.ifPresent(_ -> given.add("--edges"));
    greedy.ifPresent(_ -> given.add("--greedy"));
    threshold.ifPresent(_ -> given.add("--threshold"));
    budget.ifPresent(_ -> given.add("--budget"));
    if (given.size() > 1) {
      throw command.wrongUsage(
          String.join(" and ", given)
              + ": a circuit is chosen by one of --edges, --greedy, --threshold and --budget");
    }
    if (ranking() == Ranking.SIGNED
        && !(method instanceof CircuitMethod.Search)
        && (metric == StandardMetric.KL_DIVERGENCE
            || metric == StandardMetric.LOSS
            || metric == StandardMetric.RANK)) {
      throw command.wrongUsage(
          "--signed takes what raises the "
              + metric.label()
              + ", which what helps lowers: leave it out");
    }
    if (method instanceof CircuitMethod.Search && threshold.isEmpty()) {
      throw command.wrongUsage(
          (given.isEmpty() ? "" : given.getFirst() + ": ")
              + "acdc chooses by --threshold X, in units of the metric");
    }
    if (method instanceof CircuitMethod.Nodes && (edges.isPresent() || greedy.isPresent())) {
      throw command.wrongUsage(
          given.getFirst() + ": --method node scores no edges; take --budget or --threshold");
    }
    if (!(method instanceof CircuitMethod.Search)) {
      threshold.ifPresent(
          least -> command.asked("--threshold", () -> new Selection.Threshold(least, ranking())));
    }
    if (minimal.isPresent() && !method.scoresEdges()) {
      throw command.wrongUsage(
          "--minimal takes out edges by their scores, and --method %s has none before it chooses"
              .formatted(method));
    }
    minimal.ifPresent(least -> command.asked("--minimal", () -> acdc(metric, least)));
    edges.ifPresent(n -> command.asked("--edges", () -> new Selection.TopEdges(n, ranking())));
    greedy.ifPresent(n -> command.asked("--greedy", () -> new Selection.Greedy(n, ranking())));
    var _ = command.asked("--budget", this::budget);
  }

  /** Refuses what this model cannot give, before it is scored. */
  void check(LoupeCommand command, ModelConfig config) {
    int all = GraphShape.of(config).edges();
    Stream.of(edges, greedy)
        .flatMap(Optional::stream)
        .filter(n -> n > all)
        .forEach(n -> {
          throw command.wrongUsage(n + " edges: this model has " + all);
        });
    if (edges.isEmpty() && greedy.isEmpty() && threshold.isEmpty()) {
      var _ = command.asked("--budget", () -> Selection.Budget.of(budget(), config, ranking()));
    }
  }

  private WriteBudget budget() {
    return budget.map(WriteBudget::parse).orElseGet(WriteBudget::standard);
  }

  private Ranking ranking() {
    return ranking.ranking();
  }

  /**
   * Returns the search of ACDC.
   *
   * @throws IllegalArgumentException if the threshold is none
   */
  Acdc acdc(Metric metric) {
    return acdc(metric, threshold.orElseThrow());
  }

  private Acdc acdc(Metric metric, double least) {
    return new Acdc(
        metric, least, ranking.saysAbsolute() ? Acdc.Counted.CHANGE : Acdc.Counted.HARM);
  }

  /** Tells whether what a circuit does not need is taken out. */
  boolean isMinimal() {
    return minimal.isPresent();
  }

  /** Takes out of a circuit what it does not need. */
  Chosen minimal(EdgeRun run, Chosen chosen, EdgeScores scores, Progress progress) {
    double least = minimal.orElseThrow();
    var left =
        acdc(run.metric(), least).prune(run, chosen.edges(), scores, ranking(), progress).edges();
    return new Chosen(
        "%s, %d that change less than %s taken out"
            .formatted(chosen.rule(), chosen.edges().size() - left.size(), least),
        chosen.ranking(),
        left,
        left.nodes(),
        chosen.hanging(),
        chosen.filling(),
        chosen.acdc(),
        chosen.faithfulness());
  }

  /** Returns what ACDC chose. */
  Chosen chosen(Acdc by, Acdc.Found found) {
    return chosen(
        by.toString(), found.edges(), Optional.empty(), Optional.empty(), Optional.of(found));
  }

  /** Chooses by scores. */
  Chosen chosen(CircuitScores scores, ModelConfig config) {
    if (edges.isPresent()) {
      return chosen(new Selection.TopEdges(edges.get(), ranking()), scores);
    }
    if (greedy.isPresent()) {
      return chosen(new Selection.Greedy(greedy.get(), ranking()), scores);
    }
    if (threshold.isPresent()) {
      return scores.edges().isPresent()
          ? chosen(new Selection.Threshold(threshold.get(), ranking()), scores)
          : nodesFrom(threshold.get(), scores);
    }
    var selection = Selection.Budget.of(budget(), config, ranking());
    // By the sums of magnitudes where edges were scored and magnitudes count.
    var filling =
        scores
            .edges()
            .map(all -> selection.filling(NodeScores.leaving(all, ranking())))
            .orElseGet(() -> selection.filling(scores.nodes()));
    var nodes = filling.circuit();
    return chosen(
        selection.toString(),
        EdgeSet.between(scores.shape(), nodes.nodes()),
        Optional.of(nodes),
        Optional.of(filling),
        Optional.empty());
  }

  private Chosen chosen(Selection selection, CircuitScores scores) {
    return chosen(
        selection.toString(),
        selection.of(scores.edges().orElseThrow()),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  private Chosen nodesFrom(double least, CircuitScores scores) {
    var shape = scores.shape();
    var taken = new TreeSet<CircuitNode>(List.of(CircuitNode.input()));
    IntStream.range(0, shape.sources())
        .filter(source -> ranking().of(scores.nodes().score(source)) >= least)
        .forEach(source -> taken.add(shape.source(source)));
    return chosen(
        "the nodes of %s score %s or more, and the input".formatted(ranking(), least),
        EdgeSet.between(shape, taken),
        Optional.of(new Circuit(taken)),
        Optional.empty(),
        Optional.empty());
  }

  private Chosen chosen(
      String rule,
      EdgeSet all,
      Optional<Circuit> nodes,
      Optional<Filling> filling,
      Optional<Acdc.Found> acdc) {
    var left = prune ? Pruning.of(all) : all;
    return new Chosen(
        prune ? rule + ", those that hang taken out" : rule,
        ranking(),
        left,
        prune ? left.nodes() : nodes.orElseGet(left::nodes),
        prune ? Optional.of(all.size() - left.size()) : Optional.empty(),
        filling,
        acdc,
        Optional.empty());
  }

  /** Returns these options as a shell reads them. */
  String typed() {
    return edges.map(n -> " --edges " + n).orElse("")
        + greedy.map(n -> " --greedy " + n).orElse("")
        + threshold.map(x -> " --threshold " + x).orElse("")
        + budget.map(text -> " --budget " + Shell.quoted(text)).orElse("")
        + ranking.typed()
        + (prune ? " --prune" : "")
        + minimal.map(x -> " --minimal " + x).orElse("");
  }
}
