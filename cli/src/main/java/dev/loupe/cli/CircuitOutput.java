package dev.loupe.cli;

import dev.loupe.report.Block;
import dev.loupe.report.HtmlReport;
import dev.loupe.report.TerminalBlocks;
import dev.loupe.study.ReadingJson;
import dev.loupe.study.SweepFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import picocli.CommandLine.Option;

/** Where the results of circuits go that are made of files alone, and how all are shown. */
final class CircuitOutput {
  @Option(
      names = {"-o", "--out"},
      paramLabel = "PATH",
      description =
          "A folder for report.html and result.json, or one file that ends in .json or .html"
              + " (default: the folder runs/COMMAND-TIME).")
  private Optional<Path> out = Optional.empty();

  Optional<ResultTarget> target() throws IOException {
    return out.isPresent() ? Optional.of(ResultTarget.of(out.get(), false)) : Optional.empty();
  }

  /** Prints blocks of a page. */
  static void show(LoupeCommand command, List<Block> blocks) {
    blocks.forEach(
        block -> command.out().println(TerminalBlocks.render(block, command.terminal())));
  }

  /** Writes what was found from files, without any model. */
  static void write(
      LoupeCommand command,
      Optional<ResultTarget> target,
      Path usual,
      String again,
      ReadingJson json,
      Function<Map<String, String>, HtmlReport> page)
      throws IOException {
    var to = target.orElseGet(() -> new ResultTarget(usual, ResultTarget.Form.FOLDER));
    var facts = RunFacts.ofFiles(again);
    var written =
        to.write(
            new ResultTarget.Results(
                file -> json.write(file, facts),
                file -> {
                  throw new IllegalStateException("a comparison has no table: " + file);
                },
                () -> page.apply(facts)));
    command.out().println((to.form() == ResultTarget.Form.FOLDER ? "report: " : "") + written);
  }

  /** Writes a circuit into a file, whole or not at all. */
  static void write(Path file, byte[] circuit) throws IOException {
    SweepFiles.replace(file, part -> Files.write(part, circuit));
  }
}
