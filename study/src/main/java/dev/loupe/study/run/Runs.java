package dev.loupe.study.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;

/**
 * The runs under a folder.
 *
 * @param root the folder
 * @param runs what was found, the latest first
 * @param problems files that look like a run's and cannot be read, a sentence each
 */
public record Runs(Path root, List<RunSummary> runs, List<String> problems) {
  private static final int DEEPEST = 5;

  /** Copies the lists. */
  public Runs {
    runs = List.copyOf(runs);
    problems = List.copyOf(problems);
  }

  /**
   * Finds every folder with a {@code result.json} that Loupe wrote.
   *
   * @throws IllegalArgumentException if there is no such folder
   */
  public static Runs under(Path root) throws IOException {
    if (!Files.isDirectory(root)) {
      throw new IllegalArgumentException(
          "no folder " + root + ": runs are kept in runs, or where --root says");
    }
    var runs = new ArrayList<RunSummary>();
    var problems = new ArrayList<String>();
    try (Stream<Path> files = Files.walk(root, DEEPEST, FileVisitOption.FOLLOW_LINKS)) {
      for (var file : files.filter(it -> it.endsWith("result.json")).sorted().toList()) {
        try {
          var json = SpecText.TREES.readTree(Files.readAllBytes(file));
          if (json.isMissingNode()) {
            problems.add(file + " cannot be read: it is empty");
          } else if (json.path("provenance").isObject()) {
            runs.add(
                new RunSummary(name(root, file), file.toAbsolutePath().resolveSibling(""), json));
          }
        } catch (JacksonException | IOException e) {
          problems.add(file + " cannot be read: " + firstLine(e));
        }
      }
    } catch (UncheckedIOException e) {
      throw new IOException("cannot look through " + root + ": " + e.getMessage(), e);
    }
    runs.sort(Comparator.comparing(RunSummary::time).reversed().thenComparing(RunSummary::name));
    return new Runs(root, runs, problems);
  }

  private static String name(Path root, Path file) {
    var name = root.relativize(file.resolveSibling("")).toString().replace('\\', '/');
    return name.isEmpty() ? "." : name;
  }

  private static String firstLine(Exception e) {
    var message = e instanceof JacksonException json ? json.getOriginalMessage() : e.getMessage();
    return String.valueOf(message).lines().findFirst().orElse("");
  }

  /**
   * Returns a run by its name, or by its folder wherever that is.
   *
   * @throws IllegalArgumentException if there is none
   */
  public RunSummary named(String name) throws IOException {
    for (var run : runs) {
      if (run.name().equals(name)) {
        return run;
      }
    }
    if (Files.isDirectory(Path.of(name))) {
      var folder = RunFolder.at(Path.of(name));
      var json = folder.json();
      if (!json.path("provenance").isObject()) {
        throw new IllegalArgumentException(
            folder.result() + " is no result of a run: it has no provenance");
      }
      return new RunSummary(name, folder.path(), json);
    }
    throw new IllegalArgumentException(
        "no run "
            + name
            + " under "
            + root
            + Near.question(name, runs.stream().map(RunSummary::name).toList()));
  }

  /** Returns what SQL can ask of them. */
  public RunDatabase database() throws IOException {
    return RunDatabase.of(this);
  }
}
