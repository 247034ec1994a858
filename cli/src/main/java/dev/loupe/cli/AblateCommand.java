package dev.loupe.cli;

import dev.loupe.lens.Change;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import dev.loupe.lens.sweep.Ablation;
import dev.loupe.lens.sweep.Sweep;
import dev.loupe.model.ModelConfig;
import dev.loupe.study.SweepFindings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Puts parts of a model out of action. */
@Command(
    name = "ablate",
    description = "Put heads, MLPs or neurons out of action, and see what is left.",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    sortOptions = false,
    versionProvider = Version.class,
    footer = {
      "",
      "In the run on clean prompts the output of each part (z of a head, mlp_out, a neuron)"
          + " becomes 0, its mean, its mean over the prompts of the same template position by"
          + " position, or what it is on another prompt. Means and other prompts are the corrupted"
          + " ones where --corrupt, --corrupt-with or --data give them, else the clean ones.",
      "",
      "Examples:",
      "  loupe ablate --model gpt2 --task ioi --heads L9H9,L9H6,L10H0 --each",
      "  loupe ablate --model gpt2 --task ioi --corrupt-with abc \\",
      "    --with mean-by-template --heads L9H9,L9H6,L10H0 --keep --keep-mlps",
      "  loupe ablate --model gpt2 --task ioi --heads L9H9 --backup",
      "  loupe ablate --model demo --task ioi --all-heads --with zero"
    })
final class AblateCommand extends LoupeCommand {
  @Mixin private ModelOption model = new ModelOption();

  @Mixin private PairOptions prompts = new PairOptions();

  @Option(names = "--heads", paramLabel = "LIST", description = "Heads, such as L9H9,L9H6.")
  private Optional<String> heads = Optional.empty();

  @Option(names = "--mlps", paramLabel = "LIST", description = "MLPs by layer, such as 3,5-7.")
  private Optional<String> mlps = Optional.empty();

  @Option(names = "--neurons", paramLabel = "LIST", description = "Neurons, such as L3N17,L3N20.")
  private Optional<String> neurons = Optional.empty();

  @Option(names = "--all-heads", description = "Each head of the model alone.")
  private boolean allHeads;

  @Option(names = "--each", description = "Each named part alone too, after all together.")
  private boolean each;

  @Option(
      names = "--keep",
      description = "Put out of action everything else: all other heads and MLPs.")
  private boolean keep;

  @Option(names = "--keep-mlps", description = "With --keep, leave all MLPs as they are.")
  private boolean keepMlps;

  @Option(
      names = "--with",
      paramLabel = "HOW",
      defaultValue = "mean",
      description =
          "What takes their place: zero, mean, mean-by-template, resample"
              + " (default: ${DEFAULT-VALUE}).")
  private String how = "mean";

  @Option(
      names = "--positions",
      paramLabel = "WHERE",
      defaultValue = "all",
      description =
          "At which positions: all, END, S2, 3, -1, 2..5, or several with commas"
              + " (default: ${DEFAULT-VALUE}).")
  private String positions = "all";

  @Option(
      names = "--backup",
      description =
          "Also what every head adds to the logit difference directly, before and after all named"
              + " parts are out of action together: backup heads add more after it.")
  private boolean backup;

  @Mixin private SweepSettings settings = new SweepSettings();

  @Override
  void run() throws IOException {
    prompts.check(this, false);
    settings.check(this, prompts.hasWrong());
    var change = asked(() -> change(how));
    var at = asked(() -> Positions.parse("--positions", positions));
    checkParts();
    var target = settings.target();
    try (var transformer = model.load(this)) {
      var config = transformer.config();
      var named = asked(() -> named(config));
      var batch = prompts.read(transformer, this);
      var pairs = batch.isCorrupted() ? batch.pairs() : withoutCorrupted(batch.pairs());
      for (var place : at) {
        asked(() -> Positions.requireSomewhere("--positions", place, pairs));
      }
      var notes = asked(() -> notes(change, pairs, batch.isCorrupted()));
      var ablation = new Ablation(pairs, settings.metric(), change, at);
      var sweep = sweep(ablation, named, config);
      var kind = keep ? SweepFindings.Kind.ABLATION_OF_THE_REST : SweepFindings.Kind.ABLATION;
      var plan = new SweepShow.Plan(kind, sweep, what(named), spec(named, batch), notes);
      var show = new SweepShow(this, transformer, batch, settings, backup(ablation, named, config));
      show.run("ablate", plan, target, again());
    }
  }

  private Optional<SweepShow.Backup> backup(
      Ablation ablation, List<Component> named, ModelConfig config) {
    return backup
        ? Optional.of((model, options, progress) ->
            ablation.backupHeads(model, out(named, config), options, progress))
        : Optional.empty();
  }

  private void checkParts() {
    boolean any = heads.isPresent() || mlps.isPresent() || neurons.isPresent();
    if (any == allHeads) {
      throw wrongUsage(
          any
              ? "--all-heads and a list of parts: expected one of them"
              : "nothing to ablate: give --heads, --mlps or --neurons, or --all-heads");
    }
    if (keepMlps && !keep) {
      throw wrongUsage("--keep-mlps goes with --keep");
    }
    if (keep && neurons.isPresent()) {
      throw wrongUsage("--keep keeps heads and MLPs; --neurons cannot be kept apart from theirs");
    }
    if (keepMlps && mlps.isPresent()) {
      throw wrongUsage("--keep-mlps keeps all MLPs: leave --mlps out");
    }
    if (allHeads && each) {
      throw wrongUsage("--all-heads is each head alone already: leave --each out");
    }
    if (backup && allHeads) {
      throw wrongUsage("--backup compares before and after one knock-out: name --heads or --mlps");
    }
    if (backup && !prompts.hasWrong()) {
      throw wrongUsage("--backup compares right with wrong answers: give --wrong");
    }
  }

  private static Change change(String how) {
    return switch (how) {
      case "zero" -> new Change.Zero();
      case "mean" -> new Change.Mean(Change.Over.EVERYTHING);
      case "mean-by-template" -> new Change.Mean(Change.Over.TEMPLATE_AND_POSITION);
      case "resample" -> new Change.Resample(0);
      default ->
          throw new IllegalArgumentException(
              "--with " + how + ": expected zero, mean, mean-by-template or resample");
    };
  }

  private static PromptPairs withoutCorrupted(PromptPairs pairs) {
    return new PromptPairs(
        pairs.clean(), pairs.clean(), pairs.answers(), pairs.positions(), pairs.templates());
  }

  /** Says of which prompts nothing changes, as they would be replaced by themselves. */
  private List<String> notes(Change change, PromptPairs pairs, boolean isCorrupted) {
    if (isCorrupted || change instanceof Change.Zero || how.equals("mean")) {
      return List.of();
    }
    boolean byLength = change instanceof Change.Resample;
    var groups = new LinkedHashMap<Object, Integer>();
    for (int row = 0; row < pairs.size(); row++) {
      groups.merge(group(pairs, row, byLength), 1, Integer::sum);
    }
    long alone =
        IntStream.range(0, pairs.size())
            .filter(row -> groups.getOrDefault(group(pairs, row, byLength), 0) == 1)
            .count();
    var like = byLength ? "length" : "template";
    if (alone == pairs.size()) {
      throw new IllegalArgumentException(
          "--with "
              + how
              + ": no two prompts are of one "
              + like
              + ", so each would be replaced by itself; give more prompts, or corrupted ones");
    }
    return alone == 0
        ? List.of()
        : List.of(
            alone
                + " of "
                + pairs.size()
                + " prompts are the only ones of their "
                + like
                + ": there nothing changes");
  }

  private static Object group(PromptPairs pairs, int row, boolean byLength) {
    return byLength ? (Object) pairs.clean().row(row).length : pairs.templates().get(row);
  }

  private List<Component> named(ModelConfig config) {
    var all = new ArrayList<Component>();
    heads.ifPresent(list -> all.addAll(Component.heads(list, config)));
    mlps.ifPresent(list ->
        NumberList.parse("--mlps", list, config.nLayers())
            .forEach(layer -> all.add(new Component.Mlp(layer))));
    neurons.ifPresent(list -> all.addAll(Component.neurons(list, config)));
    return all;
  }

  /** Returns such as {@code L9H9, MLP3 (mean, all positions)}. */
  private String what(List<Component> named) {
    var parts =
        allHeads
            ? "each head"
            : String.join(", ", named.stream().map(Component::toString).toList());
    var where = positions.equals("all") ? "all positions" : positions;
    return parts + (keepMlps ? " and the MLPs" : "") + " (" + how + ", " + where + ")";
  }

  private Map<String, Object> spec(List<Component> named, PromptBatch batch) {
    var spec = new LinkedHashMap<String, Object>();
    spec.put("change", how);
    spec.put(
        "components",
        allHeads ? List.of("all heads") : named.stream().map(Component::toString).toList());
    spec.put("positions", positions);
    spec.put("keep", keep);
    spec.put("keep_mlps", keepMlps);
    spec.put("values_from", batch.isCorrupted() ? "corrupted prompts" : "clean prompts");
    return spec;
  }

  private String again() {
    var line = new StringBuilder("./loupe ablate --model ").append(Shell.quoted(model.name()));
    line.append(model.typed()).append(prompts.typed());
    heads.ifPresent(list -> line.append(" --heads ").append(Shell.quoted(list)));
    mlps.ifPresent(list -> line.append(" --mlps ").append(Shell.quoted(list)));
    neurons.ifPresent(list -> line.append(" --neurons ").append(Shell.quoted(list)));
    line.append(allHeads ? " --all-heads" : "").append(each ? " --each" : "");
    line.append(keep ? " --keep" : "").append(keepMlps ? " --keep-mlps" : "");
    line.append(backup ? " --backup" : "").append(" --with ").append(how);
    line.append(positions.equals("all") ? "" : " --positions " + Shell.quoted(positions));
    return line.append(settings.typed()).toString();
  }

  /** Returns what is knocked out where some components are named. */
  private List<Site> out(List<Component> components, ModelConfig config) {
    var sites = components.stream().map(Component::site).toList();
    return keep
        ? Ablation.allBut(config, Stream.concat(sites.stream(), spared(config).stream()).toList())
        : sites;
  }

  private List<Site> spared(ModelConfig config) {
    return keepMlps ? Ablation.mlps(config) : List.of();
  }

  private Sweep sweep(Ablation ablation, List<Component> named, ModelConfig config) {
    if (allHeads) {
      return keep ? ablation.allButEachHead(config, spared(config)) : ablation.eachHead(config);
    }
    var sets = new LinkedHashMap<String, List<Site>>();
    sets.put(
        named.size() == 1 ? named.getFirst().toString() : "all " + named.size(),
        out(named, config));
    if (each && named.size() > 1) {
      named.forEach(component -> sets.put(component.toString(), out(List.of(component), config)));
    }
    return ablation.sets(sets);
  }
}
