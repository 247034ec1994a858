package dev.loupe.cli;

import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.sweep.PathPatching;
import dev.loupe.lens.sweep.PathPatching.Recompute;
import dev.loupe.lens.sweep.Places;
import dev.loupe.lens.sweep.Sweep;
import dev.loupe.study.SweepFindings;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Patches the paths from senders to receivers, sender by sender. */
@Command(
    name = "path-patch",
    description =
        "Patch the paths from heads or MLPs to later parts, and see which carry the behaviour.",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    sortOptions = false,
    versionProvider = Version.class,
    footer = {
      "",
      "As in Wang et al. (2022): a sender's output is taken from the other run, all other heads"
          + " stay as they are, and what the receivers then read is put into a second run, in"
          + " which all that follows is computed. A sender has no path to what comes before it,"
          + " and so no effect there. With --freeze-mlps and --freeze-norms only direct paths are"
          + " left.",
      "",
      "Examples:",
      "  loupe path-patch --model gpt2 --task ioi --corrupt-with abc",
      "  loupe path-patch --model gpt2 --task ioi --corrupt-with abc \\",
      "    --to q:L9H9,L9H6,L10H0",
      "  loupe path-patch --model gpt2 --task ioi --corrupt-with abc \\",
      "    --to v:L7H3,L7H9,L8H6,L8H10 --receiver-positions S2 --explain",
      "  loupe path-patch --model demo --task ioi --senders mlps --to final k:L3H5"
    })
final class PathPatchCommand extends LoupeCommand {
  @Mixin private ModelOption model = new ModelOption();

  @Mixin private PairOptions prompts = new PairOptions();

  @Option(
      names = "--senders",
      paramLabel = "WHICH",
      defaultValue = "heads",
      description =
          "What paths begin with: heads, mlps, or a list such as L9H9,L9H6,MLP3"
              + " (default: ${DEFAULT-VALUE}).")
  private String senders = "heads";

  @Option(
      names = PathSenders.POSITIONS,
      paramLabel = "WHERE",
      defaultValue = "all",
      description =
          "all: together; or END, S2, 3, -1, 2..5; each, or several with commas: one cell a"
              + " position (default: ${DEFAULT-VALUE}).")
  private String senderPositions = "all";

  @Option(
      names = "--to",
      paramLabel = "RECEIVER",
      arity = "1..*",
      description =
          "What paths end in: final, the last residual stream; q:L9H9,L9H6, k:... or v:..., what"
              + " queries, keys or values of heads read (k and v of key and value heads); mlp:3,4."
              + " Several are taken together (default: final).")
  private List<String> receivers = List.of();

  @Option(
      names = "--receiver-positions",
      paramLabel = "WHERE",
      description =
          "Of all receivers, such as END or S2,END together (default: of final and q END, or all"
              + " for a metric such as loss that reads everywhere; of k, v and mlp all).")
  private Optional<String> receiverPositions = Optional.empty();

  @Option(
      names = "--freeze-mlps",
      description = "Keep MLPs on the way as they are; else they react, as in the paper.")
  private boolean freezeMlps;

  @Option(
      names = "--freeze-norms",
      description = "Keep what norms divide by as it is; else they react, as in the paper.")
  private boolean freezeNorms;

  @ArgGroup private DirectionOption direction = new DirectionOption();

  @Mixin private SweepSettings settings = new SweepSettings();

  @Override
  void run() throws IOException {
    prompts.check(this, true);
    settings.check(this, prompts.hasWrong());
    var places = asked(() -> Places.parse(senderPositions));
    var received =
        receiverPositions.map(text -> asked(() -> Positions.parse("--receiver-positions", text)));
    var target = settings.target();
    try (var transformer = model.load(this)) {
      var config = transformer.config();
      var from = asked(() -> PathSenders.parse(senders, config));
      var to =
          asked(() ->
                  PathReceivers.parse(receivers.isEmpty() ? List.of("final") : receivers, config))
              .at(received, settings.metric());
      var batch = prompts.read(transformer, this);
      var pairs = batch.pairs();
      var ends = asked(() -> to.requireIn(pairs));
      var grid = asked(() -> from.grid(places, config, pairs));
      var builder = PathPatching.from(grid).to(ends.array()).recomputing(recomputed());
      var patching =
          direction.or(PatchDirection.NOISING) == PatchDirection.NOISING
              ? builder.noising(pairs, settings.metric())
              : builder.denoising(pairs, settings.metric());
      var plan =
          new SweepShow.Plan(
              SweepFindings.Kind.PATH_PATCHING,
              Sweep.of(grid, pairs, direction.or(PatchDirection.NOISING), settings.metric()),
              SweepShow.Work.of(patching),
              what(from, places, ends),
              spec(from, places, ends),
              List.of());
      var show = new SweepShow(this, transformer, batch, settings);
      show.run("path-patch", plan, target, again());
    }
  }

  private Recompute[] recomputed() {
    return Stream.of(Recompute.values())
        .filter(what ->
            switch (what) {
              case MLPS -> !freezeMlps;
              case NORMS -> !freezeNorms;
            })
        .toArray(Recompute[]::new);
  }

  /** Returns such as {@code each head at all positions -> L9H9.q at END (...)}. */
  private String what(PathSenders from, Places places, PathReceivers to) {
    var where =
        switch (places) {
          case Places.Each _ -> "each position";
          case Places.Fixed fixed when fixed.equals(Places.all()) -> "all positions";
          default -> places.toString().replace(",", ", ");
        };
    return from + " at " + where + " -> " + to + " (" + onTheWay() + ")";
  }

  private String onTheWay() {
    if (freezeMlps && freezeNorms) {
      return "MLPs and norms frozen";
    }
    return freezeMlps
        ? "MLPs frozen, norms recomputed"
        : freezeNorms ? "MLPs recomputed, norms frozen" : "MLPs and norms recomputed";
  }

  private Map<String, Object> spec(PathSenders from, Places places, PathReceivers to) {
    var sending = new LinkedHashMap<String, Object>();
    sending.put("components", from.spec());
    sending.put("positions", places.toString());
    var spec = new LinkedHashMap<String, Object>();
    spec.put("change", "path-patch");
    spec.put("senders", sending);
    spec.put("receivers", to.spec());
    spec.put(
        "recomputed",
        Stream.of(recomputed()).map(what -> what.name().toLowerCase(Locale.ROOT)).toList());
    return spec;
  }

  private String again() {
    var line = new StringBuilder("./loupe path-patch --model ").append(Shell.quoted(model.name()));
    line.append(model.typed()).append(prompts.typed());
    line.append(senders.equals("heads") ? "" : " --senders " + Shell.quoted(senders));
    if (!senderPositions.equals("all")) {
      line.append(' ').append(PathSenders.POSITIONS).append(' ');
      line.append(Shell.quoted(senderPositions));
    }
    receivers.forEach(receiver -> line.append(" --to ").append(Shell.quoted(receiver)));
    receiverPositions.ifPresent(
        where -> line.append(" --receiver-positions ").append(Shell.quoted(where)));
    line.append(freezeMlps ? " --freeze-mlps" : "").append(freezeNorms ? " --freeze-norms" : "");
    line.append(direction.typed());
    return line.append(settings.typed()).toString();
  }
}
