package dev.loupe.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Set values in rows and columns.
 *
 * @param title what the table shows
 * @param columns at least one
 * @param rows each with one cell a column, of the column's kind
 */
public record Table(String title, List<Column> columns, List<List<Cell>> rows) implements Block {

  /** Copy both lists; refuse a row that does not fit with {@link IllegalArgumentException}. */
  public Table {
    Check.notBlank("table title", title);
    columns = List.copyOf(columns);
    Check.notEmpty("columns of table '" + title + "'", columns);
    rows = rows.stream().map(List::copyOf).toList();
    for (int row = 0; row < rows.size(); row++) {
      Check.that(
          rows.get(row).size() == columns.size(),
          String.format(
              Locale.ROOT,
              "table '%s', row %d has %d cells, expected %d",
              title,
              row,
              rows.get(row).size(),
              columns.size()));
      for (int column = 0; column < columns.size(); column++) {
        checkKind(title, row, columns.get(column), rows.get(row).get(column));
      }
    }
  }

  /** Start a table that is filled row by row. */
  public static Builder titled(String title, Column... columns) {
    return new Builder(title, List.of(columns));
  }

  /** Return the text of a cell as a page or a terminal shows it; "-" for no value. */
  String text(int row, int column) {
    return switch (rows.get(row).get(column)) {
      case Cell.Text cell -> cell.text();
      case Cell.Numeric cell when Double.isNaN(cell.value()) -> "-";
      case Cell.Numeric cell -> {
        var kind = (Column.Kind.Numeric) columns.get(column).kind();
        yield Numbers.fixed(cell.value(), kind.decimals(), kind.signed());
      }
    };
  }

  private static void checkKind(String title, int row, Column column, Cell cell) {
    boolean number = cell instanceof Cell.Numeric;
    Check.that(
        number == column.isNumeric(),
        String.format(
            Locale.ROOT,
            "table '%s', row %d, column '%s': given %s, expected %s",
            title,
            row,
            column.name(),
            cell,
            column.isNumeric() ? "a number" : "text"));
    Check.that(
        !(cell instanceof Cell.Numeric(double value) && Double.isInfinite(value)),
        String.format(
            Locale.ROOT,
            "table '%s', row %d, column '%s': given %s, expected a finite number or NaN",
            title,
            row,
            column.name(),
            cell));
  }

  /** Collect rows; not safe for use by several threads. */
  public static final class Builder {
    private final String title;
    private final List<Column> columns;
    private final List<List<Cell>> rows = new ArrayList<>();

    private Builder(String title, List<Column> columns) {
      this.title = title;
      this.columns = columns;
    }

    /** Add a row; it is checked when the table is built. */
    public Builder row(Cell... cells) {
      rows.add(List.of(cells));
      return this;
    }

    /** Return the table. */
    public Table build() {
      return new Table(title, columns, rows);
    }
  }
}
