package dev.loupe.report.study;

import dev.loupe.report.Block;
import dev.loupe.report.Bullets;
import dev.loupe.report.KeyFigures;
import dev.loupe.report.Section;
import dev.loupe.report.Terminal;
import dev.loupe.report.TerminalBlocks;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Tells a study in a terminal: what the model does, the few charts that matter, what was found. */
public final class TerminalStudy {
  private TerminalStudy() {}

  /**
   * Return a study's baselines, highlights and conclusions as lines, the last one ended as well.
   *
   * @return text no line of which is wider than the terminal; without any escape sequence where the
   *     terminal has no colours
   */
  public static String render(StudyPage page, Terminal terminal) {
    List<Block> blocks = new ArrayList<>();
    blocks.add(new Section(page.title()));
    blocks.add(new KeyFigures(page.baselines()));
    blocks.addAll(page.highlights());
    blocks.add(new Bullets(page.conclusions()));
    return blocks.stream()
        .map(block -> TerminalBlocks.render(block, terminal))
        .collect(Collectors.joining("\n"));
  }
}
