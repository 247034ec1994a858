package dev.loupe.cli;

import dev.loupe.model.HookedTransformer;
import dev.loupe.model.LoadOptions;
import dev.loupe.model.WeightProcessing;
import dev.loupe.tensor.Device;
import dev.loupe.tensor.Threads;
import java.util.LinkedHashSet;
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
      defaultValue = "f32",
      description = "Compute in ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private Precision dtype = Precision.F32;

  @Option(
      names = "--device",
      order = 1,
      paramLabel = "DEVICE",
      defaultValue = "cpu",
      description = "Compute on cpu, cuda or cuda:n (default: ${DEFAULT-VALUE}).")
  private String device = "cpu";

  @Option(names = "--revision", order = 1, paramLabel = "REVISION", description = Help.REVISION)
  private String revision = Help.MAIN;

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
    if (dtype != Precision.F32) {
      line.append(" --dtype ").append(dtype);
    }
    if (!device.equals("cpu")) {
      line.append(" --device ").append(Shell.quoted(device));
    }
    if (!revision.equals(Help.MAIN)) {
      line.append(" --revision ").append(Shell.quoted(revision));
    }
    if (!ignoredFields.isEmpty()) {
      line.append(" --ignore-config ").append(Shell.quoted(String.join(",", ignoredFields)));
    }
    return line.toString();
  }

  /** Returns what is done to the weights. */
  final WeightProcessing processing() {
    return raw ? WeightProcessing.none() : WeightProcessing.standard();
  }

  /** Returns these options for a command, downloads told of nowhere. */
  final LoadOptions options(LoupeCommand command) {
    return LoadOptions.standard()
        .withProcessing(processing())
        .withDType(dtype.dtype())
        .on(command.asked(() -> Device.parse(device)))
        .withRevision(revision)
        .withHub(command.hub())
        .ignoring(ignoredFields);
  }

  /** Loads a model, telling of downloads on standard error. */
  final HookedTransformer load(String name, LoupeCommand command) {
    return load(name, options(command), command);
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
