package dev.loupe.cli;

import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.graph.ScoredGraph;
import dev.loupe.circuit.graph.Selection;
import dev.loupe.circuit.run.CircuitEvaluation;
import dev.loupe.circuit.run.EdgeRun;
import dev.loupe.circuit.run.Granularity;
import dev.loupe.circuit.run.Measured;
import dev.loupe.circuit.run.Minimality;
import dev.loupe.circuit.run.RandomCircuits;
import dev.loupe.report.EvaluationPage;
import dev.loupe.study.PromptRow;
import dev.loupe.study.circuits.CircuitFile;
import dev.loupe.study.circuits.EvaluationFindings;
import dev.loupe.study.circuits.EvaluationFindings.Curve;
import dev.loupe.study.circuits.EvaluationFindings.Result;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Says whether what a file names is the circuit. */
@Command(
    name = "evaluate",
    description = "Run a circuit with all else ablated: is it the circuit?",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    sortOptions = false,
    versionProvider = Version.class,
    footer = {
      "",
      "Faithfulness is (m(circuit) - m(all ablated)) / (m(whole model) - m(all ablated)), of the means"
          + " over prompts: 1 does as the whole model. Completeness is the same of the model without"
          + " the circuit: near 0 where nothing was missed. Random circuits of the same size say what"
          + " that is worth. Of a file with scores of edges there is the curve over sizes, with CPR"
          + " and CMD as MIB defines them. All positions are ablated.",
      "",
      "Examples:",
      "  loupe circuit evaluate runs/circuit-find-demo-.../circuit.json --model demo --task ioi",
      "  loupe circuit evaluate wang-2022-ioi --model gpt2 --task ioi --corrupt-with abc \\",
      "    --with mean",
      "  loupe circuit evaluate circuit.json --model gpt2 --task ioi --minimality"
    })
final class CircuitEvaluateCommand extends LoupeCommand {
  private static final int RANDOM = 50;
  private static final long SEED = 0;

  @Parameters(
      index = "0",
      paramLabel = "CIRCUIT",
      description =
          "A graph in the form of EAP-IG and MIB, a list of nodes, or " + CircuitFile.IOI + ".")
  private String file = "";

  @Mixin private ModelOption model = new ModelOption();

  @Mixin private PairOptions prompts = new PairOptions();

  @Mixin private AblationOptions ablation = new AblationOptions();

  @Option(
      names = "--granularity",
      paramLabel = "WHAT",
      description =
          "What is ablated outside: edge, node (heads and MLPs) or head (heads alone) (default: edge"
              + " of a graph, node of a list of nodes, head of a list of heads alone).")
  private Optional<String> granularity = Optional.empty();

  @Option(
      names = "--random",
      paramLabel = "N",
      description =
          "How many random circuits of the same size are run, 0 for none (default: "
              + RANDOM
              + ").")
  private Optional<Integer> random = Optional.empty();

  @Option(
      names = "--random-seed",
      paramLabel = "SEED",
      description =
          "Of the draws of random circuits; the same gives the same (default: " + SEED + ").")
  private Optional<Long> randomSeed = Optional.empty();

  @Option(
      names = "--minimality",
      description = "Take out each part of the circuit alone: what is it needed for?")
  private boolean minimality;

  @Option(names = "--no-curve", description = "Leave out the curve over sizes.")
  private boolean noCurve;

  @Option(
      names = "--curve",
      paramLabel = "HOW",
      description =
          "How the circuits of the curve are chosen, as find does it: edges (those of highest score)"
              + " or greedy (grown from the logits, so that no node dangles) (default: edges).")
  private Optional<String> curve = Optional.empty();

  @ArgGroup private RankingOption ranking = new RankingOption();

  @Mixin private ReadingOutput output = new ReadingOutput();

  @Override
  void run() throws IOException {
    prompts.check(this, ablation.needsCorrupted());
    ablation.check(this, prompts.hasWrong());
    granularity.ifPresent(text -> asked("--granularity", () -> Granularity.parse(text)));
    if (random.orElse(0) < 0) {
      throw wrongUsage("--random " + random.orElse(0) + ": expected 0 or more");
    }
    if (randomSeed.isPresent() && random.orElse(RANDOM) == 0) {
      throw wrongUsage("--random-seed goes with random circuits, and --random 0 draws none");
    }
    if (curve.isPresent() && noCurve) {
      throw wrongUsage("--curve and --no-curve: expected one of them");
    }
    var _ = selection(1);
    var circuit = CircuitFile.read(file);
    if (curve.isPresent() && circuit.graph().isEmpty()) {
      throw wrongUsage("--curve: " + file + " has no scores of edges");
    }
    boolean hasScores = circuit.graph().isPresent();
    if (circuit.nodes().nodes().isEmpty() && (!hasScores || noCurve)) {
      throw wrongUsage(
          file + " names no node" + (hasScores ? " and --no-curve leaves nothing to run" : ""));
    }
    var target = output.target();
    try (var transformer = model.load(this)) {
      var edges = asked(() -> circuit.edges(GraphShape.of(transformer.config())));
      var level = level(circuit);
      var batch = prompts.read(transformer, this);
      var rows = PromptRow.of(batch.pairs(), transformer);
      head(transformer, batch.description(), batch.notes(), rows.getFirst());
      out().println();
      out().flush();
      long start = System.nanoTime();
      var to =
          target.orElseGet(() ->
              new ResultTarget(
                  RunFacts.usualFolder("circuit-evaluate", transformer), ResultTarget.Form.FOLDER));
      var numbers =
          new KeptWork(this, to)
              .run(journal -> {
                try (var run =
                    asked(() ->
                        EdgeRun.of(
                            transformer,
                            batch.pairs(),
                            ablation.metric(),
                            ablation.corruption(),
                            journal))) {
                  return numbers(asked(() -> new CircuitEvaluation(run, level)), circuit, edges);
                }
              });
      var findings =
          new EvaluationFindings(
              transformer.provenance(),
              circuit,
              edges,
              numbers.measured(),
              numbers.result(),
              numbers.curve(),
              rows,
              notes(batch, circuit, level),
              (System.nanoTime() - start) / 1e9);
      var page = new EvaluationPage(findings);
      keepWhileSaving();
      CircuitOutput.show(this, page.highlights());
      var again = again();
      ReadingOutput.write(
          this,
          transformer,
          "circuit-evaluate",
          Optional.of(to),
          RunFacts.of(batch.facts(), again),
          findings.json(),
          facts -> page.page(again, facts));
      to.deleteUnfinished();
    }
  }

  /** What is measured of a circuit. */
  private record Numbers(Measured measured, Optional<Result> result, Optional<Curve> curve) {}

  private Numbers numbers(CircuitEvaluation evaluation, CircuitFile circuit, EdgeSet edges) {
    return new Numbers(
        evaluation.measured(),
        circuit.nodes().nodes().isEmpty()
            ? Optional.empty()
            : Optional.of(result(evaluation, edges)),
        noCurve ? Optional.empty() : circuit.graph().map(graph -> curve(evaluation, graph)));
  }

  private Granularity level(CircuitFile circuit) {
    if (granularity.isPresent()) {
      return Granularity.parse(granularity.get());
    }
    if (circuit.graph().isPresent()) {
      return Granularity.EDGE;
    }
    boolean headsAlone = circuit.nodes().heads().size() == circuit.nodes().nodes().size();
    return headsAlone ? Granularity.HEAD : Granularity.NODE;
  }

  private static List<String> notes(PromptBatch batch, CircuitFile circuit, Granularity level) {
    var notes = new ArrayList<>(batch.notes());
    if (circuit.nodes().nodes().isEmpty()) {
      notes.add(
          circuit.name() + " names no edge: only what its scores choose is run, for the curve.");
    }
    if (circuit.published().isPresent()) {
      notes.add(
          "Wang et al. (2022) ablate each head at all positions but those of its class; here a head"
              + " of the circuit is left at all positions.");
    }
    if (level != Granularity.EDGE && circuit.graph().isPresent()) {
      notes.add(
          "The file names edges; at the level of "
              + level
              + "s all edges are left between the nodes that these begin and end at.");
    }
    return notes;
  }

  private Result result(CircuitEvaluation evaluation, EdgeSet edges) {
    var faithfulness = evaluation.faithfulness(edges);
    var completeness = evaluation.completeness(edges);
    Optional<RandomCircuits> drawn = Optional.empty();
    if (random.orElse(RANDOM) > 0) {
      try (var bar = SweepBar.of(this, "random circuits")) {
        drawn =
            Optional.of(
                evaluation.random(edges, random.orElse(RANDOM), randomSeed.orElse(SEED), bar));
      }
    }
    Optional<Minimality> needed = Optional.empty();
    if (minimality) {
      try (var bar = SweepBar.of(this, "minimality")) {
        needed = Optional.of(evaluation.minimality(edges, bar));
      }
    }
    return new Result(faithfulness, completeness, drawn, needed);
  }

  /** Returns how a circuit of the curve is chosen. */
  private Selection selection(int edges) {
    var by = ranking.ranking();
    return switch (curve.orElse("edges")) {
      case "edges" -> new Selection.TopEdges(edges, by);
      case "greedy" -> new Selection.Greedy(edges, by);
      default -> throw wrongUsage("--curve " + curve.orElseThrow() + ": expected edges or greedy");
    };
  }

  private Curve curve(CircuitEvaluation evaluation, ScoredGraph graph) {
    var rule =
        selection(1) instanceof Selection.Greedy
            ? "so many edges grown from the logits by %s score, without those that hang"
            : "the edges of highest %s score";
    try (var bar = SweepBar.of(this, "curve")) {
      return new Curve(
          ranking.ranking(),
          rule.formatted(ranking.ranking()),
          evaluation.curve(n -> selection(n).of(graph.scores()), bar));
    }
  }

  private String again() {
    return "./loupe circuit evaluate "
        + Shell.quoted(file)
        + " --model "
        + Shell.quoted(model.name())
        + model.typed()
        + prompts.typed()
        + ablation.typed()
        + granularity.map(text -> " --granularity " + text).orElse("")
        + random.map(n -> " --random " + n).orElse("")
        + randomSeed.map(n -> " --random-seed " + n).orElse("")
        + (minimality ? " --minimality" : "")
        + curve.map(how -> " --curve " + how).orElse("")
        + (noCurve ? " --no-curve" : "")
        + ranking.typed();
  }
}
