package dev.loupe.cli;

import dev.loupe.model.HookedTransformer;
import picocli.CommandLine.Option;

/** Which model, and how it is loaded. */
final class ModelOption extends LoadingOptions {
  @Option(
      names = {"-m", "--model"},
      paramLabel = "MODEL",
      required = true,
      order = -2,
      description = Help.MODEL)
  private String name = "";

  /** Returns the name that was given. */
  String name() {
    return name;
  }

  /** Loads it, telling of downloads on standard error. */
  HookedTransformer load(LoupeCommand command) {
    return load(name, command);
  }
}
