package dev.loupe.cli;

import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.sweep.Grid;
import dev.loupe.lens.sweep.GridBuilder;
import dev.loupe.lens.sweep.PatchSite;
import dev.loupe.lens.sweep.Places;
import dev.loupe.lens.sweep.Sweep;
import dev.loupe.model.ModelConfig;
import dev.loupe.study.SweepFindings;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Patches activations of one run into another, cell by cell. */
@Command(
    name = "patch",
    description = "Patch activations of one run into another, and see which carry the behaviour.",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    sortOptions = false,
    versionProvider = Version.class,
    footer = {
      "",
      "Denoising takes clean values into the corrupted run: what brings the behaviour back."
          + " Noising takes corrupted values into the clean run: what breaks it. Recovery is"
          + " (patched - corrupted) / (clean - corrupted) of the metric. Axes stand in the order"
          + " layer, position, head; of patterns layer, head, dest, src; of neurons layer, neuron.",
      "",
      "Examples:",
      "  loupe patch --model demo --task ioi --positions END",
      "  loupe patch --model gpt2 --site resid-pre \\",
      "    --clean \"When Mary and John went to the store, John gave a drink to\" \\",
      "    --corrupt \"When Mary and John went to the store, Mary gave a drink to\" \\",
      "    --answer \" Mary\" --wrong \" John\"",
      "  loupe patch --model gpt2 --task ioi --site q,k,v,z --noising --out sites.json",
      "  loupe patch --model my-model --site pattern --positions each --sources each \\",
      "    --clean-tokens \"1,2,3\" --corrupt-tokens \"1,4,3\" \\",
      "    --answer-tokens 6 --wrong-tokens 27"
    })
final class PatchCommand extends LoupeCommand {
  @Mixin private ModelOption model = new ModelOption();

  @Mixin private PairOptions prompts = new PairOptions();

  @Option(
      names = "--site",
      paramLabel = "SITE,...",
      defaultValue = "z",
      description =
          "What is patched: z, q, k, v, pattern, resid-pre, resid-mid, resid-post, attn-out, "
              + "mlp-out, neuron; several that share axes make a first axis (default: ${DEFAULT-VALUE}).")
  private String site = "z";

  @Option(
      names = "--positions",
      paramLabel = "WHERE",
      description =
          "each: one cell a position; all: together; or END, S2, 3, -1, 2..5; several with commas "
              + "are one cell each (default: each for residuals, attn-out and mlp-out, else all).")
  private Optional<String> positions = Optional.empty();

  @Option(
      names = "--sources",
      paramLabel = "WHERE",
      description =
          "Of patterns, which sources, as --positions, which are the destinations then (default: all).")
  private Optional<String> sources = Optional.empty();

  @Option(
      names = "--layers",
      paramLabel = "LIST",
      description = "Only these, such as 0-3,7 (default: all).")
  private Optional<String> layers = Optional.empty();

  @Option(
      names = "--heads",
      paramLabel = "LIST",
      description = "Only these of each layer (default: all).")
  private Optional<String> heads = Optional.empty();

  @Option(
      names = "--neurons",
      paramLabel = "LIST",
      description = "Only these of each layer, of the site neuron (default: all).")
  private Optional<String> neurons = Optional.empty();

  @ArgGroup private DirectionOption direction = new DirectionOption();

  @Mixin private SweepSettings settings = new SweepSettings();

  @Override
  void run() throws IOException {
    prompts.check(this, true);
    settings.check(this, prompts.hasWrong());
    var sites = asked(() -> NumberList.split(site).stream().map(PatchSite::parse).toList());
    var target = settings.target();
    var plain = asked(() -> placed(GridBuilder.of(sites.toArray(PatchSite[]::new))));
    try (var transformer = model.load(this)) {
      var config = transformer.config();
      var builder = asked(() -> narrowed(plain, config));
      var batch = prompts.read(transformer, this);
      var grid = asked(() -> builder.build(config, batch.pairs()));
      var sweep =
          Sweep.of(grid, batch.pairs(), direction.or(PatchDirection.DENOISING), settings.metric());
      var plan =
          new SweepShow.Plan(
              SweepFindings.Kind.PATCHING,
              sweep,
              what(builder),
              spec(builder),
              notes(grid, batch.pairs()));
      var show = new SweepShow(this, transformer, batch, settings);
      show.run("patch", plan, target, again());
    }
  }

  private static List<String> notes(Grid grid, PromptPairs pairs) {
    boolean numbered =
        grid.axes().stream()
            .filter(axis -> axis.name().equals("position"))
            .anyMatch(axis -> axis.labels().stream().anyMatch(label -> label.matches("\\d+")));
    var lengths =
        IntStream.range(0, pairs.size())
            .map(row -> pairs.clean().row(row).length)
            .summaryStatistics();
    return numbered && lengths.getMin() < lengths.getMax()
        ? List.of(
            ("prompts have %d to %d tokens: a position counts from the first token, and a prompt"
                    + " too short to have it stays as it is; END and S2 name one place in all")
                .formatted(lengths.getMin(), lengths.getMax()))
        : List.of();
  }

  private GridBuilder placed(GridBuilder builder) {
    var placed = positions.map(Places::parse).map(builder::at).orElse(builder);
    return sources.map(Places::parse).map(placed::from).orElse(placed);
  }

  private GridBuilder narrowed(GridBuilder plain, ModelConfig config) {
    var builder = plain;
    if (layers.isPresent()) {
      builder = builder.layers(NumberList.parse("--layers", layers.get(), config.nLayers()));
    }
    if (heads.isPresent()) {
      builder = builder.heads(NumberList.parse("--heads", heads.get(), config.nHeads()));
    }
    if (neurons.isPresent()) {
      builder = builder.neurons(NumberList.parse("--neurons", neurons.get(), config.dMlp()));
    }
    return builder;
  }

  /** Returns such as {@code z at END}. */
  private static String what(GridBuilder builder) {
    var sites = String.join(", ", builder.sites().stream().map(PatchSite::toString).toList());
    var positions = builder.positionsOf(builder.sites().getFirst());
    return builder.sources().equals(Places.all())
        ? sites + " at " + words(positions, "position")
        : sites + " to " + words(positions, "dest") + " from " + words(builder.sources(), "src");
  }

  private static String words(Places places, String noun) {
    return switch (places) {
      case Places.Each _ -> "each " + noun;
      case Places.Fixed fixed when fixed.equals(Places.all()) ->
          noun.equals("position") ? "all positions" : "every " + noun;
      default -> places.toString().replace(",", ", ");
    };
  }

  private static Map<String, Object> spec(GridBuilder builder) {
    var spec = new LinkedHashMap<String, Object>();
    spec.put("change", "patch");
    spec.put("sites", builder.sites().stream().map(PatchSite::toString).toList());
    builder.layers().ifPresent(list -> spec.put("layers", list));
    builder
        .parts()
        .ifPresent(
            list -> spec.put(builder.sites().getFirst().hasNeurons() ? "neurons" : "heads", list));
    spec.put("positions", builder.positionsOf(builder.sites().getFirst()).toString());
    if (!builder.sources().equals(Places.all())) {
      spec.put("sources", builder.sources().toString());
    }
    return spec;
  }

  private String again() {
    var line = new StringBuilder("./loupe patch --model ").append(Shell.quoted(model.name()));
    line.append(model.typed()).append(prompts.typed()).append(" --site ").append(site);
    append(line, "--positions", positions);
    append(line, "--sources", sources);
    append(line, "--layers", layers);
    append(line, "--heads", heads);
    append(line, "--neurons", neurons);
    line.append(direction.typed());
    return line.append(settings.typed()).toString();
  }

  private static void append(StringBuilder line, String option, Optional<String> value) {
    value.ifPresent(text -> line.append(' ').append(option).append(' ').append(Shell.quoted(text)));
  }
}
