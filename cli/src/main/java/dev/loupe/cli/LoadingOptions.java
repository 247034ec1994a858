package dev.loupe.cli;

import dev.loupe.model.HookedTransformer;
import dev.loupe.model.LoadOptions;
import dev.loupe.model.WeightProcessing;
import dev.loupe.study.run.ModelSpec;
import dev.loupe.tensor.Device;
import dev.loupe.tensor.Threads;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Option;

/** How a model is loaded, for every command that runs one. */
class LoadingOptions {
  // Products this small gain nothing from a second core, and wait for it where it is busy.
  private static final int SMALL = 256;

  @Option(
      names = "--raw",
      order = 1,
      description = {
        "Take the weights as stored. Without it they are processed, as in TransformerLens:",
        "fold_ln, center_writing_weights, center_unembed, fold_value_biases."
      })
  private boolean raw;

  @Option(
      names = "--dtype",
      order = 1,
      paramLabel = "TYPE",
      description = "Compute in ${COMPLETION-CANDIDATES} (default: f32).")
  private Optional<Precision> dtype = Optional.empty();

  @Option(
      names = "--device",
      order = 1,
      paramLabel = "DEVICE",
      description = "Compute on cpu, cuda or cuda:n (default: cpu).")
  private Optional<String> device = Optional.empty();

  @Option(names = "--revision", order = 1, paramLabel = "REVISION", description = Help.REVISION)
  private Optional<String> revision = Optional.empty();

  @Option(
      names = "--ignore-config",
      order = 1,
      paramLabel = "NAME",
      split = ",",
      description = {
        "Load although config.json has these fields that Loupe does not know:",
        "you vouch that they do not change the computation."
      })
  private Set<String> ignoredFields = new LinkedHashSet<>();

  /** Returns the options that differ from the usual ones, as a shell reads them. */
  final String typed() {
    var line = new StringBuilder(raw ? " --raw" : "");
    dtype.filter(it -> it != Precision.F32).ifPresent(it -> line.append(" --dtype ").append(it));
    device
        .filter(it -> !it.equals("cpu"))
        .ifPresent(it -> line.append(" --device ").append(Shell.quoted(it)));
    revision
        .filter(it -> !it.equals(Help.MAIN))
        .ifPresent(it -> line.append(" --revision ").append(Shell.quoted(it)));
    if (!ignoredFields.isEmpty()) {
      line.append(" --ignore-config ").append(Shell.quoted(String.join(",", ignoredFields)));
    }
    return line.toString();
  }

  /** Returns what is done to the weights. */
  final WeightProcessing processing() {
    return raw ? WeightProcessing.none() : WeightProcessing.standard();
  }

  /** Returns a specified model with what was given here in the place of what it says. */
  final ModelSpec over(ModelSpec model) {
    return new ModelSpec(
        model.name(),
        revision.orElse(model.revision()),
        dtype.map(Precision::toString).orElse(model.dtype()),
        raw || model.raw(),
        device.orElse(model.device()),
        ignoredFields.isEmpty() ? model.ignoreConfig() : List.copyOf(ignoredFields));
  }

  /** Returns these options for a command, downloads told of nowhere. */
  final LoadOptions options(LoupeCommand command) {
    return LoadOptions.standard()
        .withProcessing(processing())
        .withDType(dtype.orElse(Precision.F32).dtype())
        .on(command.asked(() -> Device.parse(device.orElse("cpu"))))
        .withRevision(revision.orElse(Help.MAIN))
        .withHub(command.hub())
        .ignoring(ignoredFields);
  }

  /** Loads a model, telling of downloads on standard error. */
  final HookedTransformer load(String name, LoupeCommand command) {
    return load(name, options(command), command);
  }

  /** Loads a specified model, telling of downloads on standard error. */
  static HookedTransformer load(ModelSpec model, LoupeCommand command) {
    var options = model.applyTo(LoadOptions.standard().withHub(command.hub()));
    return load(model.name(), options, command);
  }

  /** Loads a model with other options than the command line's. */
  static HookedTransformer load(String name, LoadOptions options, LoupeCommand command) {
    ModelFolder.refuseRevision(name, options.revision());
    try (var progress = DownloadLines.of(command)) {
      var model = HookedTransformer.load(name, options.reportingTo(progress));
      if (model.config().dModel() <= SMALL) {
        Threads.setMatrixThreads(1);
      }
      return model;
    }
  }
}
