package dev.loupe.cli;

import dev.loupe.lens.Metric;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.gradient.AttributionComparison;
import dev.loupe.lens.gradient.AttributionMethod;
import dev.loupe.lens.gradient.AttributionPatching;
import dev.loupe.lens.gradient.AttributionResult;
import dev.loupe.lens.sweep.Grid;
import dev.loupe.lens.sweep.GridBuilder;
import dev.loupe.lens.sweep.PatchSite;
import dev.loupe.lens.sweep.SweepOptions;
import dev.loupe.model.HookedTransformer;
import dev.loupe.report.AttributionPatchingPage;
import dev.loupe.report.TerminalHeatmap;
import dev.loupe.report.TerminalTable;
import dev.loupe.study.AttributionPatchingFindings;
import dev.loupe.study.PromptRow;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Estimates what patches would do, from gradients. */
@Command(
    name = "attribution-patch",
    description = "Estimate from gradients what patches would do, all at once.",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    sortOptions = false,
    versionProvider = Version.class,
    footer = {
      "",
      "One backward pass gives an estimate of every patch that `loupe patch' would make: the gradient"
          + " of the metric in the run that is patched, times the difference of the activations."
          + " --exact patches as well and shows where the estimates fail: mostly in the residual"
          + " stream and the first MLP, where much changes at once. ig-inputs and ig-activations"
          + " average gradients over --steps runs on the way from one prompt to the other;"
          + " qk-fix sends changed queries and keys through the softmax; atp-star adds GradDrop,"
          + " and gives sizes without a sign.",
      "",
      "Examples:",
      "  loupe attribution-patch --model demo --task ioi --site z --positions END --exact",
      "  loupe attribution-patch --model gpt2 --task ioi --site mlp-out,resid-pre,z",
      "  loupe attribution-patch --model gpt2 --task ioi --site neuron --noising",
      "  loupe attribution-patch --model gpt2 --task ioi --site mlp-out \\",
      "    --method ig-activations --steps 16 --exact"
    })
final class AttributionPatchCommand extends LoupeCommand {
  private static final String METRIC = "logit-difference";

  @Mixin private ModelOption model = new ModelOption();

  @Mixin private PairOptions prompts = new PairOptions();

  @Mixin private GridOptions cells = new GridOptions();

  @Option(
      names = "--method",
      paramLabel = "NAME",
      defaultValue = "plain",
      description =
          "How it is estimated: plain, qk-fix, atp-star, ig-inputs, ig-activations"
              + " (default: ${DEFAULT-VALUE}).")
  private String method = "plain";

  @Option(
      names = "--steps",
      paramLabel = "N",
      description =
          "Of ig-inputs and ig-activations: runs on the way (default: "
              + AttributionMethod.STEPS
              + ").")
  private Optional<Integer> steps = Optional.empty();

  @Option(
      names = "--exact",
      description = "Make the patches too, and show both, their correlation and where they differ.")
  private boolean exact;

  @ArgGroup private DirectionOption direction = new DirectionOption();

  @Option(
      names = "--metric",
      paramLabel = "NAME",
      description =
          "What is measured: logit-difference, probability, probability-difference, greater-than,"
              + " log-probability, kl, loss, recovery or recovery:NAME (default: "
              + METRIC
              + ").")
  private Optional<String> metric = Optional.empty();

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      description =
          "Hold at most this much at once, such as 2g (default: a quarter of what is free).")
  private Optional<String> memory = Optional.empty();

  @Mixin private TopOption top = new TopOption();

  @Mixin private ReadingOutput output = new ReadingOutput();

  @Override
  void run() throws IOException {
    prompts.check(this, true);
    var how = asked(this::method);
    var measured =
        asked(() -> AttributionPatching.requireSuited(Metric.parse(metric.orElse(METRIC)), how));
    var sites = asked(cells::sites);
    check(measured, sites);
    var options = asked(this::options);
    var plain = asked(() -> sites.stream().map(site -> cells.placed(List.of(site))).toList());
    var target = output.target();
    try (var transformer = model.load(this)) {
      var config = transformer.config();
      var builders =
          asked(() -> plain.stream().map(builder -> cells.narrowed(builder, config)).toList());
      var batch = prompts.read(transformer, this);
      var grids =
          asked(() ->
              builders.stream().map(builder -> builder.build(config, batch.pairs())).toList());
      var attribution =
          asked(() ->
              new AttributionPatching(
                  batch.pairs(),
                  direction.or(PatchDirection.DENOISING),
                  measured,
                  how,
                  options.memory()));
      var rows = PromptRow.of(batch.pairs(), transformer);
      var notes =
          Stream.concat(batch.notes().stream(), GridOptions.notes(grids, batch.pairs()).stream())
              .toList();
      head(transformer, batch.description(), notes, rows.getFirst());
      plan(attribution, builders, grids);
      var findings = compute(transformer, attribution, builders, grids, options, rows, notes);
      show(new AttributionPatchingPage(findings), findings);
      ReadingOutput.write(
          this,
          transformer,
          "attribution-patch",
          target,
          RunFacts.of(batch.facts(), again()),
          findings.json(top.count()),
          facts -> new AttributionPatchingPage(findings).page(top.count(), again(), facts));
    }
  }

  private AttributionMethod method() {
    var found = AttributionMethod.parse(method, steps.orElse(AttributionMethod.STEPS));
    if (steps.isPresent() && !found.integrates()) {
      throw new IllegalArgumentException("--steps goes with --method ig-inputs or ig-activations");
    }
    return found;
  }

  private void check(Metric measured, List<PatchSite> sites) {
    top.check(this);
    if (!prompts.hasWrong() && SweepSettings.comparesAnswers(measured)) {
      throw wrongUsage(
          "--metric "
              + measured
              + " compares right with wrong answers: give --wrong, or another"
              + " metric such as probability");
    }
    if (sites.stream().distinct().count() < sites.size()) {
      throw wrongUsage("--site " + sites + ": expected each site once");
    }
  }

  private SweepOptions options() {
    var options = SweepOptions.standard();
    return memory.isPresent() ? options.withMemory(ComputeOptions.bytes(memory.get())) : options;
  }

  // ---- Computing

  private AttributionPatchingFindings compute(
      HookedTransformer transformer,
      AttributionPatching attribution,
      List<GridBuilder> builders,
      List<Grid> grids,
      SweepOptions options,
      List<PromptRow> rows,
      List<String> notes) {
    keepOnInterruption();
    long start = System.nanoTime();
    List<AttributionResult> estimates;
    try (var bar = SweepBar.of(this, "differentiating")) {
      estimates = attribution.run(transformer, grids, bar);
    }
    long between = System.nanoTime();
    var parts = new ArrayList<AttributionPatchingFindings.Part>();
    for (int i = 0; i < grids.size(); i++) {
      var what = GridOptions.what(builders.get(i));
      parts.add(
          new AttributionPatchingFindings.Part(
              what, estimates.get(i), comparison(transformer, estimates.get(i), what, options)));
    }
    long end = System.nanoTime();
    keepWhileSaving();
    return new AttributionPatchingFindings(
        transformer.provenance(),
        parts,
        rows,
        notes,
        (between - start) / 1e9,
        exact ? Optional.of((end - between) / 1e9) : Optional.empty());
  }

  private Optional<AttributionComparison> comparison(
      HookedTransformer transformer,
      AttributionResult estimate,
      String what,
      SweepOptions options) {
    if (!exact) {
      return Optional.empty();
    }
    try (var bar = SweepBar.of(this, "patching " + what)) {
      return Optional.of(
          new AttributionComparison(estimate, estimate.sweep().run(transformer, options, bar)));
    }
  }

  // ---- Showing

  private void plan(AttributionPatching attribution, List<GridBuilder> builders, List<Grid> grids) {
    int size = grids.stream().mapToInt(Grid::size).sum();
    var what = builders.stream().map(GridOptions::what).collect(Collectors.joining("; "));
    out()
        .println(
            wrapped(
                "%d %s: %s, %s; %s"
                    .formatted(
                        size,
                        size == 1 ? "cell" : "cells",
                        what,
                        attribution.direction().describe(),
                        attribution.method().describe())));
    out().println();
    out().flush();
  }

  private void show(AttributionPatchingPage page, AttributionPatchingFindings findings) {
    var first = findings.parts().getFirst().estimated();
    var measured = first.attribution().metric();
    out()
        .println(
            "clean %s   corrupted %s   (%s)"
                .formatted(
                    bold(first.clean().toString()),
                    bold(first.corrupted().toString()),
                    measured instanceof Metric.Recovery recovery
                        ? recovery.of().label()
                        : measured.label()));
    out().println();
    for (var part : findings.parts()) {
      page.charts(part).forEach(c -> out().println(TerminalHeatmap.render(c, terminal())));
      out().println(TerminalTable.render(page.top(part, top.count()), terminal()));
      page.disagreements(part, top.count())
          .ifPresent(table -> out().println(TerminalTable.render(table, terminal())));
    }
    page.agreement().ifPresent(table -> out().println(TerminalTable.render(table, terminal())));
  }

  private String again() {
    var line = new StringBuilder("./loupe attribution-patch --model ");
    line.append(Shell.quoted(model.name())).append(model.typed()).append(prompts.typed());
    line.append(cells.typed()).append(" --method ").append(Shell.quoted(method));
    steps.ifPresent(n -> line.append(" --steps ").append(n));
    line.append(exact ? " --exact" : "").append(direction.typed());
    metric.ifPresent(name -> line.append(" --metric ").append(Shell.quoted(name)));
    return line.append(top.typed()).toString();
  }
}
