package dev.loupe.cli;

import dev.loupe.report.CircuitFilePage;
import dev.loupe.study.circuits.CircuitFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Draws what a file of a circuit holds. */
@Command(
    name = "show",
    description = "Draw a circuit file, layer by layer.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    footer = {
      "",
      "Examples:",
      "  loupe circuit show circuit.json",
      "  loupe circuit show circuit.json --out circuit.html",
      "  loupe circuit show circuit.json --dot | dot -Tsvg > circuit.svg"
    })
final class CircuitShowCommand extends LoupeCommand {
  @Parameters(
      index = "0",
      paramLabel = "CIRCUIT",
      description =
          "A graph in the form of EAP-IG and MIB, a list of nodes, or " + CircuitFile.IOI + ".")
  private String file = "";

  @Option(names = "--dot", description = "Print the graph in the language of Graphviz instead.")
  private boolean dot;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE",
      description = "Write the page there too: a name that ends in .html.")
  private Optional<Path> out = Optional.empty();

  @Override
  void run() throws IOException {
    if (dot && out.isPresent()) {
      throw wrongUsage("--dot and --out: expected one of them");
    }
    if (out.isPresent() && !out.get().toString().toLowerCase(Locale.ROOT).endsWith(".html")) {
      throw wrongUsage("--out " + out.get() + ": expected a name that ends in .html");
    }
    Optional<ResultTarget> target =
        out.isPresent() ? Optional.of(ResultTarget.of(out.get(), false)) : Optional.empty();
    var page = new CircuitFilePage(CircuitFile.read(file));
    if (dot) {
      out().print(page.dot());
      return;
    }
    CircuitOutput.show(this, page.highlights());
    if (target.isPresent()) {
      var again = "./loupe circuit show " + Shell.quoted(file);
      page.page(again, RunFacts.ofFiles(again)).write(target.get().path());
      out().println(target.get().path());
    }
  }
}
