package dev.loupe.cli;

import dev.loupe.circuit.graph.Ranking;
import picocli.CommandLine.Option;

/** What makes a score a high one; at most one of the two is given. */
final class RankingOption {
  @Option(
      names = "--absolute",
      description = "Rank by magnitude: what matters, whether it helps or hurts (the default).")
  private boolean absolute;

  @Option(names = "--signed", description = "Rank by the score itself: what helps.")
  private boolean signed;

  Ranking ranking() {
    return signed ? Ranking.SIGNED : Ranking.ABSOLUTE;
  }

  /** Tells whether magnitudes were asked for. */
  boolean saysAbsolute() {
    return absolute;
  }

  /** Returns it as a shell reads it. */
  String typed() {
    return signed ? " --signed" : absolute ? " --absolute" : "";
  }
}
