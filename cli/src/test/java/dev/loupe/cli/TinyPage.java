package dev.loupe.cli;

import dev.loupe.report.Block;
import dev.loupe.report.Cell;
import dev.loupe.report.Column;
import dev.loupe.report.KeyFigures;
import dev.loupe.report.Prose;
import dev.loupe.report.Section;
import dev.loupe.report.Table;
import dev.loupe.report.study.StudyPage;
import dev.loupe.study.StudyFindings;
import dev.loupe.study.run.TinyPatching;
import java.util.List;

/** The page of the study that tests run. */
record TinyPage(TinyPatching.Found findings) implements StudyPage {
  static StudyShelf shelf() {
    return new StudyShelf(List.of(TinyPatching.standard()), TinyPage::of);
  }

  private static StudyPage of(StudyFindings findings) {
    return new TinyPage((TinyPatching.Found) findings);
  }

  @Override
  public String title() {
    return "Patched heads";
  }

  @Override
  public List<String> asked() {
    return List.of("Which heads matter?");
  }

  @Override
  public List<KeyFigures.Figure> baselines() {
    return List.of(
        new KeyFigures.Figure("clean", findings.result().clean().toString(), ""),
        new KeyFigures.Figure("corrupted", findings.result().corrupted().toString(), ""));
  }

  @Override
  public List<Block> results() {
    return List.of(new Section("Heads"), new Prose("Each bar is a head."));
  }

  @Override
  public List<String> conclusions() {
    return List.of("The strongest head is " + findings.cells().getFirst().labels() + ".");
  }

  @Override
  public List<Block> highlights() {
    var table = Table.titled("strongest", Column.text("head"), Column.number("value", 3));
    findings
        .cells()
        .subList(0, 2)
        .forEach(
            cell -> table.row(Cell.of(cell.labels().toString()), Cell.of(cell.value().mean())));
    return List.of(table.build());
  }
}
