package dev.loupe.cli;

import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.graph.ScoredGraph;
import dev.loupe.circuit.graph.Selection;
import dev.loupe.circuit.run.CircuitEvaluation;
import dev.loupe.circuit.run.EdgeRun;
import dev.loupe.circuit.run.Granularity;
import dev.loupe.circuit.run.Minimality;
import dev.loupe.circuit.run.RandomCircuits;
import dev.loupe.model.HookedTransformer;
import dev.loupe.report.EvaluationPage;
import dev.loupe.report.PromptLines;
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
      names = "--minimality",
      description = "Take out each part of the circuit alone: what is it needed for?")
  private boolean minimality;

  @Option(names = "--no-curve", description = "Leave out the curve over sizes.")
  private boolean noCurve;

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
    var circuit = CircuitFile.read(file);
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
      head(transformer, batch, rows.getFirst());
      long start = System.nanoTime();
      EvaluationFindings findings;
      try (var run =
          asked(() ->
              EdgeRun.of(transformer, batch.pairs(), ablation.metric(), ablation.corruption()))) {
        var evaluation = asked(() -> new CircuitEvaluation(run, level));
        Optional<Result> result =
            circuit.nodes().nodes().isEmpty()
                ? Optional.empty()
                : Optional.of(result(evaluation, edges));
        findings =
            new EvaluationFindings(
                transformer.provenance(),
                circuit,
                edges,
                evaluation.measured(),
                result,
                noCurve ? Optional.empty() : circuit.graph().map(graph -> curve(evaluation, graph)),
                rows,
                notes(batch, circuit, level),
                (System.nanoTime() - start) / 1e9);
      }
      var page = new EvaluationPage(findings);
      CircuitOutput.show(this, page.highlights());
      var again = again();
      ReadingOutput.write(
          this,
          transformer,
          "circuit-evaluate",
          target,
          RunFacts.of(batch.facts(), again),
          findings.json(),
          facts -> page.page(again, facts));
    }
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
        drawn = Optional.of(evaluation.random(edges, random.orElse(RANDOM), SEED, bar));
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

  private Curve curve(CircuitEvaluation evaluation, ScoredGraph graph) {
    var by = ranking.ranking();
    try (var bar = SweepBar.of(this, "curve")) {
      return new Curve(
          by,
          "the edges of highest %s score".formatted(by),
          evaluation.curve(n -> new Selection.TopEdges(n, by).of(graph.scores()), bar));
    }
  }

  private void head(HookedTransformer transformer, PromptBatch batch, PromptRow first) {
    head(transformer, batch.description());
    batch.notes().forEach(this::note);
    out().println(tokenLine("  clean      ", first.clean()));
    if (!first.clean().equals(first.corrupted())) {
      out().println(tokenLine("  corrupted  ", first.corrupted()));
    }
    out().println("  " + Texts.harmless(PromptLines.answers(first)));
    out().println();
    out().flush();
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
        + (minimality ? " --minimality" : "")
        + (noCurve ? " --no-curve" : "")
        + ranking.typed();
  }
}
