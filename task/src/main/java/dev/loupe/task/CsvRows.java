package dev.loupe.task;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.commons.csv.CSVException;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/** Reads CSV as RFC 4180 has it, with a header line; a malformed row is an error. */
final class CsvRows {
  private static final CSVFormat FORMAT =
      CSVFormat.RFC4180.builder().setIgnoreEmptyLines(true).get();

  private final Path file;
  private final CSVParser parser;
  private final List<String> header;

  private CsvRows(Path file, CSVParser parser) {
    this.file = file;
    this.parser = parser;
    var records = parser.iterator();
    if (!records.hasNext()) {
      throw new IllegalArgumentException(file + ": an empty file; expected a line of column names");
    }
    header = header(records.next());
  }

  /** Lists the columns. */
  static List<String> columns(Path file) {
    return open(file, rows -> rows.header);
  }

  /** Hands over row after row, in order, until {@code wantsMore} says false. */
  static void read(Path file, Predicate<TextRow> wantsMore) {
    var _ =
        open(
            file,
            rows -> {
              rows.read(wantsMore);
              return rows.header;
            });
  }

  private static <T> T open(Path file, Function<CsvRows, T> use) {
    try (BufferedReader in = Utf8.open(file);
        var parser = CSVParser.builder().setReader(in).setFormat(FORMAT).get()) {
      return use.apply(new CsvRows(file, parser));
    } catch (UncheckedIOException e) {
      throw malformed(file, Objects.requireNonNullElse(e.getCause(), new IOException(e)));
    } catch (IOException e) {
      throw malformed(file, e);
    }
  }

  private static RuntimeException malformed(Path file, IOException problem) {
    return switch (problem) {
      case CharacterCodingException _ ->
          new IllegalArgumentException(file + " is not UTF-8 text", problem);
      case CSVException _ ->
          new IllegalArgumentException(file + ": malformed CSV: " + problem.getMessage(), problem);
      default -> new UncheckedIOException("cannot read " + file, problem);
    };
  }

  private List<String> header(CSVRecord first) {
    var names = first.toList();
    var seen = new HashSet<String>();
    for (var name : names) {
      if (name.isBlank() || !seen.add(name)) {
        throw new IllegalArgumentException(
            "%s: the header %s has the column '%s' %s; expected different names"
                .formatted(file, names, name, name.isBlank() ? "without a name" : "twice"));
      }
    }
    return names;
  }

  private void read(Predicate<TextRow> wantsMore) {
    long line = parser.getCurrentLineNumber();
    long number = 0;
    for (var fields : parser) {
      number++;
      // The parser is at the end of this row, whose texts may hold line breaks.
      long lineBreaks = fields.stream().mapToLong(CsvRows::lineBreaks).sum();
      long last = Math.max(parser.getCurrentLineNumber(), line + 1);
      line = last;
      var where = "row %d (line %d)".formatted(number, last - lineBreaks);
      if (fields.size() != header.size()) {
        throw new IllegalArgumentException(
            "%s, %s: %d fields %s; expected %d, one for each of the columns %s (a field with a comma needs quotes)"
                .formatted(file, where, fields.size(), fields.toList(), header.size(), header));
      }
      var cells = new LinkedHashMap<String, String>();
      for (int i = 0; i < header.size(); i++) {
        cells.put(header.get(i), fields.get(i));
      }
      if (!wantsMore.test(new TextRow(file, where, cells))) {
        return;
      }
    }
  }

  private static long lineBreaks(String text) {
    return text.chars().filter(c -> c == '\n').count();
  }
}
