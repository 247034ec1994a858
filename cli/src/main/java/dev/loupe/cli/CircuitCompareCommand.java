package dev.loupe.cli;

import dev.loupe.report.CircuitComparisonPage;
import dev.loupe.study.circuits.CircuitFile;
import dev.loupe.study.circuits.ComparisonFindings;
import java.io.IOException;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Compares two files of circuits. */
@Command(
    name = "compare",
    description = "Compare two circuits: overlap, precision, recall, AUC, rank correlation.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    footer = {
      "",
      "The second is the reference: precision is the share of the first that it has, recall the share"
          + " of it that the first has, AUC how well the scores of the first tell it from the rest.",
      "",
      "Examples:",
      "  loupe circuit compare circuit.json wang-2022-ioi",
      "  loupe circuit compare eap/circuit.json exact/circuit.json --signed"
    })
final class CircuitCompareCommand extends LoupeCommand {
  @Parameters(
      index = "0",
      paramLabel = "CIRCUIT",
      description = "A graph in the form of EAP-IG and MIB, or a list of nodes.")
  private String here = "";

  @Parameters(
      index = "1",
      paramLabel = "REFERENCE",
      description =
          "Another, or " + CircuitFile.IOI + ", the 26 heads of Wang et al. (2022) in GPT-2 small.")
  private String there = "";

  @ArgGroup private RankingOption ranking = new RankingOption();

  @Mixin private CircuitOutput output = new CircuitOutput();

  @Override
  void run() throws IOException {
    var target = output.target();
    var findings =
        ComparisonFindings.of(CircuitFile.read(here), CircuitFile.read(there), ranking.ranking());
    var page = new CircuitComparisonPage(findings);
    CircuitOutput.show(this, page.highlights());
    var again =
        "./loupe circuit compare "
            + Shell.quoted(here)
            + " "
            + Shell.quoted(there)
            + ranking.typed();
    CircuitOutput.write(
        this,
        target,
        RunFacts.usualFolder("circuit", "compare"),
        again,
        findings.json(),
        facts -> page.page(again, facts));
  }
}
