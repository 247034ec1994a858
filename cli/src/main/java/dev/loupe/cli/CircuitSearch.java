package dev.loupe.cli;

import dev.loupe.circuit.graph.EdgeSet;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.run.CircuitEvaluation;
import dev.loupe.circuit.run.EdgeRun;
import dev.loupe.circuit.run.Faithfulness;
import dev.loupe.circuit.run.Granularity;
import dev.loupe.lens.PromptPairs;
import dev.loupe.model.HookedTransformer;
import dev.loupe.report.CircuitPage;
import dev.loupe.report.PromptLines;
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

/** Scores edges and nodes, chooses a circuit where one is wanted, and writes both. */
final class CircuitSearch {
  static final String OUT =
      "A folder for report.html, result.json and circuit.json (the graph in the form of EAP-IG and"
          + " MIB), or one file: the graph where it ends in .json, the page where it ends in .html"
          + " (default: the folder runs/COMMAND-MODEL-TIME).";

  private final LoupeCommand command;
  private final ModelOption model;
  private final PairOptions prompts;
  private final MethodOptions how;
  private final AblationOptions ablation;
  private final Optional<ChoiceOptions> choice;
  private final Optional<Path> out;

  CircuitSearch(
      LoupeCommand command,
      ModelOption model,
      PairOptions prompts,
      MethodOptions how,
      AblationOptions ablation,
      Optional<ChoiceOptions> choice,
      Optional<Path> out) {
    this.command = command;
    this.model = model;
    this.prompts = prompts;
    this.how = how;
    this.ablation = ablation;
    this.choice = choice;
    this.out = out;
  }

  /** What was scored, and what was chosen by it. */
  private record Outcome(CircuitScores scores, Optional<Chosen> chosen, String description) {}

  /**
   * Does it.
   *
   * @param name of the command
   */
  void run(String name) throws IOException {
    how.check(command);
    var method = how.method();
    prompts.check(command, ablation.needsCorrupted() && !method.readsCleanAlone());
    ablation.check(command, prompts.hasWrong());
    if (choice.isPresent()) {
      choice.get().check(command, method, ablation.metric());
    } else if (method instanceof CircuitMethod.Search) {
      throw command.wrongUsage(
          "acdc scores edges while it chooses: take `loupe circuit find --method acdc'");
    }
    Optional<ResultTarget> target =
        out.isPresent() ? Optional.of(ResultTarget.of(out.get(), false)) : Optional.empty();
    try (var transformer = model.load(command)) {
      choice.ifPresent(each -> each.check(command, transformer.config()));
      var batch = prompts.read(transformer, command);
      var rows = PromptRow.of(batch.pairs(), transformer);
      head(transformer, batch, rows.getFirst(), method);
      long start = System.nanoTime();
      var notes = new ArrayList<>(batch.notes());
      var outcome = command.asked(() -> outcome(transformer, batch.pairs(), method));
      var chosen =
          outcome.chosen().map(each -> measured(transformer, batch.pairs(), each, method, notes));
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
      CircuitOutput.show(command, page.highlights());
      write(name, transformer, batch, target, findings, page);
    }
  }

  private Outcome outcome(HookedTransformer transformer, PromptPairs pairs, CircuitMethod method) {
    try (var bar = SweepBar.of(command, "scoring")) {
      if (method instanceof CircuitMethod.Search) {
        var options = choice.orElseThrow();
        var acdc = options.acdc(ablation.metric());
        var found = acdc.find(transformer, pairs, ablation.corruption(), bar);
        return new Outcome(
            CircuitMethod.scores(found.scores()),
            Optional.of(options.chosen(acdc, found)),
            method.describe());
      }
      var scores = method.scores(transformer, pairs, ablation.metric(), ablation.corruption(), bar);
      return new Outcome(
          scores, choice.map(each -> each.chosen(scores, transformer.config())), method.describe());
    }
  }

  /** Runs the circuit, so that nobody has to take it on trust. */
  private Chosen measured(
      HookedTransformer transformer,
      PromptPairs pairs,
      Chosen chosen,
      CircuitMethod method,
      List<String> notes) {
    var granularity = method instanceof CircuitMethod.Nodes ? Granularity.NODE : Granularity.EDGE;
    Optional<Faithfulness> found = Optional.empty();
    if (ablation.needsCorrupted() && same(pairs)) {
      notes.add(
          "Without corrupted prompts nothing could be put in the place of what is outside: the"
              + " circuit was not run.");
    } else {
      try (var run = EdgeRun.of(transformer, pairs, ablation.metric(), ablation.corruption())) {
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
    command.head(transformer, batch.description());
    batch.notes().forEach(command::note);
    command.out().println(command.tokenLine("  clean      ", first.clean()));
    if (!first.clean().equals(first.corrupted())) {
      command.out().println(command.tokenLine("  corrupted  ", first.corrupted()));
    }
    command.out().println("  " + Texts.harmless(PromptLines.answers(first)));
    command
        .out()
        .println(
            command.wrapped(
                "%s of %s: %s; %s, %s"
                    .formatted(
                        method,
                        scored(GraphShape.of(transformer.config()), method),
                        method.describe(),
                        ablation.metric().label(),
                        ablation.corruption())));
    command.out().println();
    command.out().flush();
  }

  private static String scored(GraphShape shape, CircuitMethod method) {
    return method instanceof CircuitMethod.Nodes
        ? shape.sources() + " nodes"
        : shape.edges() + " edges";
  }

  private void write(
      String name,
      HookedTransformer transformer,
      PromptBatch batch,
      Optional<ResultTarget> target,
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
            + choice.map(ChoiceOptions::typed).orElse("");
    var facts = RunFacts.of(batch.facts(), again);
    var to =
        target.orElseGet(() ->
            new ResultTarget(
                RunFacts.usualFolder("circuit-" + name, transformer), ResultTarget.Form.FOLDER));
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
      command.out().println("circuit: " + file);
    }
    command.out().println((folder ? "report: " : "") + written);
  }
}
