package dev.loupe.cli;

import picocli.AutoComplete;
import picocli.CommandLine.Command;

/** Prints a script that completes what is typed. */
@Command(
    name = "completion",
    description = "Print a script with which bash and zsh complete the commands and options.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    footer = {
      "",
      "Examples:",
      "  source <(loupe completion)                 in this shell",
      "  loupe completion > ~/.loupe-completion     and source that file in ~/.bashrc"
    })
final class CompletionCommand extends LoupeCommand {
  @Override
  void run() {
    out().print(AutoComplete.bash(root().getCommandName(), root()));
  }
}
