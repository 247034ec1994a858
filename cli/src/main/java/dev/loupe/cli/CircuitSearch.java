package dev.loupe.cli;

import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.run.CircuitEvaluation;
import dev.loupe.circuit.run.EdgeRun;
import dev.loupe.circuit.run.Faithfulness;
import dev.loupe.circuit.run.Granularity;
import dev.loupe.circuit.run.RunJournal;
import dev.loupe.circuit.score.Acdc;
import dev.loupe.lens.PromptPairs;
import dev.loupe.model.HookedTransformer;
import dev.loupe.report.CircuitPage;
import dev.loupe.study.PromptRow;
import dev.loupe.study.circuits.CircuitFindings;
import dev.loupe.study.circuits.CircuitFindings.Chosen;
import dev.loupe.study.circuits.CircuitScores;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Scores edges and nodes, chooses a circuit where one is wanted, and writes both. */
abstract class CircuitSearch extends LoupeCommand {
  private final String name;

  @Mixin private ModelOption model = new ModelOption();

  @Mixin private PairOptions prompts = new PairOptions();

  @Mixin private MethodOptions how = new MethodOptions();

  @Mixin private AblationOptions ablation = new AblationOptions();

  @Option(
      names = {"-o", "--out"},
      paramLabel = "PATH",
      description =
          "A folder for report.html, result.json and circuit.json (the graph in the form of EAP-IG and"
              + " MIB), or one file: the graph where it ends in .json, the page where it ends in .html"
              + " (default: the folder runs/COMMAND-MODEL-TIME).")
  private Optional<Path> out = Optional.empty();

  /**
   * Creates a command.
   *
   * @param name what follows {@code loupe circuit}
   */
  CircuitSearch(String name) {
    this.name = name;
  }

  /** Returns how a circuit is chosen; empty where none is wanted. */
  abstract Optional<ChoiceOptions> choice();

  /** What was scored, and what was chosen by it. */
  private record Outcome(CircuitScores scores, Optional<Chosen> chosen, String description) {}

  @Override
  void run() throws IOException {
    var choice = choice();
    how.check(this);
    var method = how.method();
    boolean runs = !method.readsCleanAlone() || choice.filter(ChoiceOptions::isMinimal).isPresent();
    prompts.check(this, ablation.needsCorrupted() && runs);
    ablation.check(this, prompts.hasWrong());
    if (choice.isPresent()) {
      choice.get().check(this, method, ablation.metric());
    } else if (method instanceof CircuitMethod.Search) {
      throw wrongUsage(
          "acdc scores edges while it chooses: take `loupe circuit find --method acdc'");
    }
    Optional<ResultTarget> target =
        out.isPresent() ? Optional.of(ResultTarget.of(out.get(), false)) : Optional.empty();
    try (var transformer = model.load(this)) {
      choice.ifPresent(each -> each.check(this, transformer.config()));
      var batch = prompts.read(transformer, this);
      var rows = PromptRow.of(batch.pairs(), transformer);
      head(transformer, batch, rows.getFirst(), method);
      long start = System.nanoTime();
      var notes = new ArrayList<>(batch.notes());
      var to =
          target.orElseGet(() ->
              new ResultTarget(
                  RunFacts.usualFolder("circuit-" + name, transformer), ResultTarget.Form.FOLDER));
      var outcome =
          new KeptWork(this, to)
              .run(journal -> outcome(transformer, batch.pairs(), method, journal, notes));
      var chosen = outcome.chosen();
      var findings =
          new CircuitFindings(
              transformer.provenance(),
              method.toString(),
              outcome.description(),
              ablation.metric(),
              ablation.corruption(),
              outcome.scores(),
              chosen,
              rows,
              notes,
              (System.nanoTime() - start) / 1e9);
      var page = new CircuitPage(findings);
      CircuitOutput.show(this, page.highlights());
      write(transformer, batch, to, findings, page);
    }
  }

  private Outcome outcome(
      HookedTransformer transformer,
      PromptPairs pairs,
      CircuitMethod method,
      RunJournal journal,
      List<String> notes) {
    var found = asked(() -> scored(transformer, pairs, method, journal));
    return new Outcome(
        found.scores(),
        found
            .chosen()
            .map(each -> minimal(transformer, pairs, each, found.scores(), journal))
            .map(each -> measured(transformer, pairs, each, method, journal, notes)),
        found.description());
  }

  /** Takes out what the circuit does not need, where that is wanted. */
  private Chosen minimal(
      HookedTransformer transformer,
      PromptPairs pairs,
      Chosen chosen,
      CircuitScores scores,
      RunJournal journal) {
    var options = choice().orElseThrow();
    if (!options.isMinimal()) {
      return chosen;
    }
    try (var bar = SweepBar.of(this, "pruning");
        var run = run(transformer, pairs, journal)) {
      return asked(() -> options.minimal(run, chosen, scores.edges().orElseThrow(), bar));
    }
  }

  private Outcome scored(
      HookedTransformer transformer, PromptPairs pairs, CircuitMethod method, RunJournal journal) {
    try (var bar = SweepBar.of(this, "scoring")) {
      if (method instanceof CircuitMethod.Search) {
        var options = choice().orElseThrow();
        var acdc = options.acdc(ablation.metric());
        Acdc.Found found;
        try (var run = run(transformer, pairs, journal)) {
          found = acdc.find(run, bar);
        }
        return new Outcome(
            CircuitMethod.scores(found.scores()),
            Optional.of(options.chosen(acdc, found)),
            method.describe());
      }
      var scores =
          method.scores(transformer, pairs, ablation.metric(), ablation.corruption(), journal, bar);
      return new Outcome(
          scores,
          choice().map(each -> each.chosen(scores, transformer.config())),
          method.describe());
    }
  }

  private EdgeRun run(HookedTransformer transformer, PromptPairs pairs, RunJournal journal) {
    return EdgeRun.of(transformer, pairs, ablation.metric(), ablation.corruption(), journal);
  }

  /** Runs the circuit, so that nobody has to take it on trust. */
  private Chosen measured(
      HookedTransformer transformer,
      PromptPairs pairs,
      Chosen chosen,
      CircuitMethod method,
      RunJournal journal,
      List<String> notes) {
    if (chosen.edges().size() == 0) {
      notes.add("No edge was chosen: the circuit is empty.");
      note(notes.getLast());
    }
    var granularity = method instanceof CircuitMethod.Nodes ? Granularity.NODE : Granularity.EDGE;
    Optional<Faithfulness> found = Optional.empty();
    if (ablation.needsCorrupted() && same(pairs)) {
      notes.add(
          "Without corrupted prompts nothing could be put in the place of what is outside: the"
              + " circuit was not run.");
    } else {
      try (var run = run(transformer, pairs, journal)) {
        var empty = granularity.left(EdgeSet.none(GraphShape.of(transformer.config())));
        if (Arrays.equals(run.clean(), run.of(empty))) {
          notes.add(
              "The metric is the same of the whole model and with all ablated: there is nothing that"
                  + " the circuit could have a share of.");
        } else {
          found = Optional.of(new CircuitEvaluation(run, granularity).faithfulness(chosen.edges()));
        }
      }
    }
    return new Chosen(
        chosen.rule(),
        chosen.ranking(),
        chosen.edges(),
        chosen.nodes(),
        chosen.hanging(),
        chosen.filling(),
        chosen.acdc(),
        found);
  }

  private static boolean same(PromptPairs pairs) {
    return IntStream.range(0, pairs.size())
        .allMatch(row -> Arrays.equals(pairs.clean().row(row), pairs.corrupted().row(row)));
  }

  private void head(
      HookedTransformer transformer, PromptBatch batch, PromptRow first, CircuitMethod method) {
    head(transformer, batch.description(), batch.notes(), first);
    out()
        .println(
            wrapped(
                (method.readsCleanAlone()
                        ? "%s of %s: %s; the circuit is run by %s, %s"
                        : "%s of %s: %s; %s, %s")
                    .formatted(
                        method,
                        scored(GraphShape.of(transformer.config()), method),
                        method.describe(),
                        ablation.metric().label(),
                        ablation.corruption())));
    out().println();
    out().flush();
  }

  private static String scored(GraphShape shape, CircuitMethod method) {
    return method instanceof CircuitMethod.Nodes
        ? shape.sources() + " nodes"
        : shape.edges() + " edges";
  }

  private void write(
      HookedTransformer transformer,
      PromptBatch batch,
      ResultTarget to,
      CircuitFindings findings,
      CircuitPage page)
      throws IOException {
    var again =
        "./loupe circuit "
            + name
            + " --model "
            + Shell.quoted(model.name())
            + model.typed()
            + prompts.typed()
            + how.typed()
            + ablation.typed()
            + choice().map(ChoiceOptions::typed).orElse("");
    var facts = RunFacts.of(batch.facts(), again);
    keepWhileSaving();
    byte[] circuit = findings.circuitJson(facts);
    var provenance = transformer.provenance();
    boolean folder = to.form() == ResultTarget.Form.FOLDER;
    var written =
        to.write(
            new ResultTarget.Results(
                file -> {
                  if (folder) {
                    findings.json().write(file, provenance, facts);
                  } else {
                    CircuitOutput.write(file, circuit);
                  }
                },
                file -> {
                  throw new IllegalStateException("a circuit has no table: " + file);
                },
                () -> page.page(again, facts)));
    if (folder) {
      var file = to.path().resolve("circuit.json");
      CircuitOutput.write(file, circuit);
      out().println("circuit: " + file);
    }
    to.deleteUnfinished();
    out().println((folder ? "report: " : "") + written);
  }
}
