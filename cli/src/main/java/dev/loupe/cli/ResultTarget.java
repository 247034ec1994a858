package dev.loupe.cli;

import dev.loupe.report.HtmlReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Where the results of a run go.
 *
 * @param path a file, or a folder for the page and the JSON
 * @param form which
 */
record ResultTarget(Path path, Form form) {
  /** What is written. */
  enum Form {
    FOLDER,
    JSON,
    PARQUET,
    PAGE
  }

  /**
   * Takes a path by its ending, and refuses before the run what could not be written after it.
   *
   * @param hasTable whether the results can be a table
   * @throws IllegalArgumentException if it cannot be written
   */
  static ResultTarget of(Path path, boolean hasTable) throws IOException {
    var endings = hasTable ? ".json, .parquet or .html" : ".json or .html";
    var name = path.toString().toLowerCase(Locale.ROOT);
    var form =
        name.endsWith(".json")
            ? Form.JSON
            : name.endsWith(".parquet")
                ? Form.PARQUET
                : name.endsWith(".html") ? Form.PAGE : Form.FOLDER;
    if (form == Form.PARQUET && !hasTable) {
      throw new IllegalArgumentException(
          "--out " + path + ": expected a folder, or a name that ends in " + endings);
    }
    if (form == Form.FOLDER || Files.isDirectory(path)) {
      if (Files.exists(path) && !Files.isDirectory(path)) {
        throw new IllegalArgumentException(
            "--out " + path + " is a file; expected a folder, or a name that ends in " + endings);
      }
      if (name.matches(".*\\.(csv|tsv|txt|md|png|svg|pdf|xlsx|yaml|yml)|-")
          && !Files.isDirectory(path)) {
        throw new IllegalArgumentException(
            "--out " + path + ": results are written as " + endings + ", or all into a folder");
      }
      RunFacts.requireFolder(path);
      return new ResultTarget(path, Form.FOLDER);
    }
    return new ResultTarget(file(path), form);
  }

  private static Path file(Path out) throws IOException {
    // A link stays, and what it names is replaced.
    var file = Files.exists(out) ? out.toRealPath() : out.toAbsolutePath();
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new IllegalArgumentException("--out " + out + " is no regular file: name another");
    }
    var folder = file.getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new IllegalArgumentException("--out " + out + ": there is no folder " + folder);
    }
    if (!Files.isWritable(folder)) {
      throw new IllegalArgumentException("--out " + out + ": cannot write to the folder " + folder);
    }
    return file;
  }

  /** Writes results into a file that is not there yet. */
  @FunctionalInterface
  interface Writer {
    void write(Path file) throws IOException;
  }

  /**
   * Results in every form.
   *
   * @param json writes them for other programs
   * @param parquet writes them as a table
   * @param page makes them a page
   */
  record Results(Writer json, Writer parquet, Supplier<HtmlReport> page) {}

  /** Writes the results, and returns the file that a person opens first. */
  Path write(Results results) throws IOException {
    switch (form) {
      case JSON -> results.json().write(path);
      case PARQUET -> results.parquet().write(path);
      case PAGE -> results.page().get().write(path);
      case FOLDER -> {
        Files.createDirectories(path);
        results.json().write(path.resolve("result.json"));
        results.page().get().write(path.resolve("report.html"));
        return path.resolve("report.html");
      }
    }
    return path;
  }

  /** Returns where the finished parts of a sweep are kept while it runs; only folders have one. */
  Optional<Path> chunks() {
    return form == Form.FOLDER ? Optional.of(unfinished()) : Optional.empty();
  }

  /** Returns where what is finished of other work is kept: in the folder, or beside the file. */
  Path unfinished() {
    return form == Form.FOLDER
        ? path.resolve("unfinished")
        : path.resolveSibling(path.getFileName() + ".unfinished");
  }

  /** Deletes the finished parts of what is written whole. */
  void deleteUnfinished() throws IOException {
    if (Files.exists(unfinished())) {
      ModelFolder.delete(unfinished());
    }
  }

  /** Says what is left of a sweep that was interrupted. */
  String advice(Path written) {
    return form == Form.FOLDER
        ? "what was finished is in " + written + "; the same with --out " + path + " goes on there"
        : "what was finished is in " + written;
  }
}
