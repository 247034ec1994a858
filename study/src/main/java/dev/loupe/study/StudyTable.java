package dev.loupe.study;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Numbers of a study as a table, for Parquet and SQL.
 *
 * @param name of its file, such as {@code heads}: lower case and underscores
 * @param columns their names and types
 * @param rows as many values each as there are columns; null where there is none
 */
public record StudyTable(String name, List<Column> columns, List<List<@Nullable Object>> rows) {
  /** What a column holds. */
  public enum Type {
    TEXT(String.class),
    WHOLE(Long.class),
    NUMBER(Double.class),
    TRUTH(Boolean.class);

    private final Class<?> java;

    Type(Class<?> java) {
      this.java = java;
    }
  }

  /**
   * A column.
   *
   * @param name lower case and underscores
   * @param type what it holds
   */
  public record Column(String name, Type type) {
    /** Refuses a name that SQL would need quotes for. */
    public Column {
      requireName(name);
    }

    /** Returns a column of texts. */
    public static Column text(String name) {
      return new Column(name, Type.TEXT);
    }

    /** Returns a column of whole numbers. */
    public static Column whole(String name) {
      return new Column(name, Type.WHOLE);
    }

    /** Returns a column of numbers. */
    public static Column number(String name) {
      return new Column(name, Type.NUMBER);
    }

    /** Returns a column of truth values. */
    public static Column truth(String name) {
      return new Column(name, Type.TRUTH);
    }
  }

  /** Copies the rows; refuses values that do not suit their columns. */
  public StudyTable {
    requireName(name);
    columns = List.copyOf(columns);
    var copied = new ArrayList<List<@Nullable Object>>();
    for (var row : rows) {
      requireRow(name, columns, row);
      copied.add(Collections.unmodifiableList(new ArrayList<@Nullable Object>(row)));
    }
    rows = Collections.unmodifiableList(copied);
  }

  /** Begins a table without rows. */
  public static Builder of(String name, Column... columns) {
    return new Builder(name, List.of(columns));
  }

  private static void requireName(String name) {
    if (!name.matches("[a-z][a-z0-9_]*")) {
      throw new IllegalArgumentException(
          "name \"" + name + "\" of a table or column: expected lower case and underscores");
    }
  }

  private static void requireRow(String name, List<Column> columns, List<?> row) {
    if (row.size() != columns.size()) {
      throw new IllegalArgumentException(
          row.size() + " values in a row of " + name + ": expected " + columns.size());
    }
    for (int i = 0; i < row.size(); i++) {
      var value = row.get(i);
      if (value != null && !columns.get(i).type().java.isInstance(value)) {
        throw new IllegalArgumentException(
            name
                + ": "
                + value
                + " in column "
                + columns.get(i).name()
                + ", which holds "
                + columns.get(i).type());
      }
    }
  }

  /** A table in the making. */
  public static final class Builder {
    private final String name;
    private final List<Column> columns;
    private final List<List<@Nullable Object>> rows = new ArrayList<>();

    private Builder(String name, List<Column> columns) {
      this.name = name;
      this.columns = columns;
    }

    /** Adds a row: ints count as whole numbers, and a number that is not finite as none. */
    public Builder row(@Nullable Object... values) {
      var row = new ArrayList<@Nullable Object>();
      for (var value : values) {
        row.add(value(value));
      }
      rows.add(row);
      return this;
    }

    private static @Nullable Object value(@Nullable Object value) {
      return switch (value) {
        case Integer whole -> whole.longValue();
        case Double number when !Double.isFinite(number) -> null;
        case null, default -> value;
      };
    }

    /** Returns the table. */
    public StudyTable build() {
      return new StudyTable(name, columns, rows);
    }
  }
}
