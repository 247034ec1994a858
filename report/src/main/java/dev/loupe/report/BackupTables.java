package dev.loupe.report;

import dev.loupe.lens.sweep.BackupHeads;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Tell what heads add directly before and after a knock-out. */
public final class BackupTables {
  /** What the numbers are. */
  public static final String MEANING =
      "What each head adds to the logit difference directly (direct logit attribution at the last"
          + " token), before and after the knock-out. A backup head adds more after it; a growth"
          + " that is not well above its standard error is none.";

  private final BackupHeads heads;
  private final boolean hasErrors;

  /**
   * Take what was found.
   *
   * @param prompts how many it is a mean over
   */
  public BackupTables(BackupHeads heads, int prompts) {
    this.heads = heads;
    hasErrors = prompts > 1;
  }

  /** Return the heads whose contribution grows most by the knock-out. */
  public Table growing(int n) {
    return table("The heads that add most more after the knock-out", heads.top(n));
  }

  /** Return the heads whose contribution falls most by the knock-out. */
  public Table losing(int n) {
    return table("The heads that add most less after the knock-out", heads.bottom(n));
  }

  private Table table(String title, List<BackupHeads.Contribution> rows) {
    int decimals =
        SweepPage.decimals(rows.stream().flatMap(h -> Stream.of(h.before(), h.after())).toList());
    var columns = new ArrayList<Column>();
    columns.add(Column.label("head"));
    columns.add(Column.signed("growth", decimals).explained("after minus before"));
    if (hasErrors) {
      columns.add(Column.error(decimals, "prompts"));
    }
    columns.add(Column.signed("before", decimals).explained("direct logit difference"));
    columns.add(Column.signed("after", decimals).explained("the same after the knock-out"));
    var table = Table.titled(title, columns.toArray(Column[]::new));
    for (var head : rows) {
      var cells = new ArrayList<Cell>();
      cells.add(Cell.of(head.head().toString()));
      cells.add(Cell.of(Numbers.finite(head.growth().mean())));
      if (hasErrors) {
        cells.add(Cell.of(Numbers.finite(head.growth().standardError())));
      }
      cells.add(Cell.of(Numbers.finite(head.before().mean())));
      cells.add(Cell.of(Numbers.finite(head.after().mean())));
      table.row(cells.toArray(Cell[]::new));
    }
    return table.build();
  }
}
