package dev.loupe.cli;

/** Texts that several commands share. */
final class Help {
  /** The revision that is meant where none is named. */
  static final String MAIN = "main";

  static final String MODEL = "The model: demo, a folder, or a hub name such as gpt2.";
  static final String REVISION =
      "Branch, tag or commit of a model from the hub (default: " + MAIN + ").";
  static final String NO_BOS = "Add no BOS token before the text.";

  private Help() {}
}
