package dev.loupe.study.run;

import dev.loupe.circuit.CircuitJson;
import dev.loupe.lens.sweep.SweepOptions;
import dev.loupe.study.Parquet;
import dev.loupe.study.ReadingJson;
import dev.loupe.study.Study;
import dev.loupe.study.StudyContext;
import dev.loupe.study.StudyTable;
import dev.loupe.study.SweepFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;

/**
 * The folder of a study: {@code study.yaml}, with everything settled, {@code result.json}, {@code
 * tables/*.parquet}, {@code circuit.json} where there is a circuit, {@code report.html}, and in
 * {@code files} what it read. The result is written last: where it is, the run is finished.
 *
 * @param path the folder, absolute
 */
public record RunFolder(Path path) {
  private static final long LARGEST_COPY = 64L << 20;
  private static final Set<String> TAKEN_NAMES = Set.of("runs", "numbers");

  /** Takes a folder, which need not be there yet. */
  public static RunFolder at(Path folder) {
    return new RunFolder(folder.toAbsolutePath().normalize());
  }

  /** Returns the file of the specification. */
  public Path study() {
    return path.resolve("study.yaml");
  }

  /** Returns the file of the specification as it was asked, where more was settled in the run's. */
  Path asked() {
    return path.resolve("asked.yaml");
  }

  /** Returns the file of the numbers. */
  public Path result() {
    return path.resolve("result.json");
  }

  /** Returns the file of the page. */
  public Path report() {
    return path.resolve("report.html");
  }

  Path unfinished() {
    return path.resolve("unfinished");
  }

  /** Tells whether it holds a whole run of a study. */
  public boolean isFinished() {
    return Files.exists(result()) && Files.exists(study());
  }

  /**
   * Reads what was carried out.
   *
   * @throws IllegalArgumentException if it is no folder of a study
   */
  public StudySpec spec(List<Study> studies) throws IOException {
    if (!Files.exists(study())) {
      throw new IllegalArgumentException(
          path + " is no folder of a study: it has no " + study().getFileName());
    }
    return StudySpec.read(study(), studies);
  }

  /**
   * Reads {@code result.json}.
   *
   * @throws IllegalArgumentException if there is none, or it is damaged
   */
  public JsonNode json() throws IOException {
    if (!Files.exists(result())) {
      throw new IllegalArgumentException(
          path
              + (Files.exists(study())
                  ? " holds a run that is not finished: ./loupe run with --out goes on there"
                  : " holds no run: it has no " + result().getFileName()));
    }
    try {
      return SpecText.TREES.readTree(Files.readAllBytes(result()));
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          result() + " is damaged: " + e.getOriginalMessage().lines().findFirst().orElse(""), e);
    }
  }

  /** Returns what the run read. */
  List<RecordedFile> files() throws IOException {
    var files = json().at("/provenance/files");
    return files.isArray()
        ? SpecText.TREES.convertValue(files, new TypeReference<List<RecordedFile>>() {})
        : List.of();
  }

  /**
   * Checks that a study can be begun here, or goes on.
   *
   * @throws IllegalArgumentException if it cannot, saying what is in the way
   */
  public void requireRoomFor(StudySpec spec) throws IOException {
    if (Files.exists(result())) {
      throw new IllegalArgumentException(
          path
              + " holds a finished run, which is not overwritten: name another folder"
              + (isFinished() ? ", or ./loupe replay it" : ""));
    }
    if (hasBegun() && !holdsAsked(spec)) {
      throw new IllegalArgumentException(
          path
              + " holds the beginning of a run of another specification (see "
              + study()
              + "): name another folder, or delete this one");
    }
  }

  /** Tells whether there is something to go on with. */
  private boolean hasBegun() throws IOException {
    if (!Files.exists(study()) || !Files.exists(unfinished())) {
      return false;
    }
    try (var files = Files.list(unfinished())) {
      return files.anyMatch(file -> !file.equals(settings()));
    }
  }

  private boolean holdsAsked(StudySpec spec) throws IOException {
    return holds(study(), spec) || holds(asked(), spec);
  }

  private Path settings() {
    return unfinished().resolve("run.properties");
  }

  private static boolean holds(Path file, StudySpec spec) throws IOException {
    return Files.exists(file) && Files.readString(file).equals(spec.yaml());
  }

  private static void write(Path file, StudySpec spec) throws IOException {
    SweepFiles.replace(file, part -> Files.writeString(part, spec.yaml()));
  }

  /** Returns what is carried out here: what was settled when it was begun, else what is now. */
  StudySpec settle(StudySpec spec, StudyContext context) throws IOException {
    if (!holds(study(), spec)) {
      return spec(List.of(spec.study()));
    }
    var settled = spec.withStudy(spec.study().settled(context));
    if (!settled.equals(spec)) {
      write(asked(), spec);
      write(study(), settled);
    }
    return settled;
  }

  /** Writes the specification; returns the options that sweeps here were begun with. */
  SweepOptions begin(StudySpec spec, SweepOptions options) throws IOException {
    requireRoomFor(spec);
    Files.createDirectories(unfinished());
    if (!holdsAsked(spec)) {
      Files.deleteIfExists(asked());
      write(study(), spec);
    }
    // The last digits of a value depend on how a sweep is cut up: what goes on is cut up alike.
    var file = settings();
    var properties = new Properties();
    if (Files.exists(file)) {
      try (var in = Files.newInputStream(file)) {
        properties.load(in);
      }
      try {
        return new SweepOptions(
            Long.parseLong(properties.getProperty("memory", "")),
            Integer.parseInt(properties.getProperty("threads", "")),
            options.folder());
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            file + " is damaged: expected memory and threads; delete " + unfinished(), e);
      }
    }
    properties.setProperty("memory", Long.toString(options.memory()));
    properties.setProperty("threads", Integer.toString(options.threads()));
    SweepFiles.replace(
        file,
        part -> {
          try (var out = Files.newOutputStream(part)) {
            properties.store(out, "Loupe: a study that is not finished");
          }
        });
    return options;
  }

  /** Copies a file that the study reads, unless it is large; returns where to within the folder. */
  String keep(Path file, String sha256) throws IOException {
    if (Files.size(file) > LARGEST_COPY) {
      return "";
    }
    var folder = Files.createDirectories(path.resolve("files"));
    var name = String.valueOf(file.getFileName());
    var copy = folder.resolve(name);
    if (Files.exists(copy) && !RecordedFile.sha256(copy).equals(sha256)) {
      copy = folder.resolve(sha256.substring(0, 12) + "-" + name);
    }
    if (!Files.exists(copy)) {
      SweepFiles.replace(copy, part -> Files.copy(file, part));
    }
    return path.relativize(copy).toString().replace('\\', '/');
  }

  /** Writes the page of a study, given what belongs to its provenance. */
  @FunctionalInterface
  public interface PageWriter {
    /** Writes it into a file that is not there yet. */
    void write(Path file, Map<String, String> facts) throws IOException;
  }

  /**
   * Writes what a study found, the result last, and deletes what it needed to go on.
   *
   * @param own which Loupe it is, and what was typed
   * @param conclusions what was found, a sentence each
   * @throws IOException if something cannot be written; the run then counts as not finished
   */
  public void write(
      StudyRun run, Map<String, String> own, List<String> conclusions, PageWriter page)
      throws IOException {
    var findings = run.findings();
    Files.createDirectories(path);
    for (var table : findings.tables()) {
      requireOwnNames(table);
      var folder = Files.createDirectories(path.resolve("tables"));
      Parquet.write(folder.resolve(table.name() + ".parquet"), table);
    }
    if (findings.circuit().isPresent()) {
      var circuit = findings.circuit().get();
      Map<String, Object> more =
          circuit.metadata().isEmpty()
              ? Map.of()
              : Map.of("timestamp", run.begun().truncatedTo(ChronoUnit.SECONDS).toString());
      SweepFiles.replace(
          path.resolve("circuit.json"),
          part -> Files.write(part, CircuitJson.bytes(circuit, more)));
    }
    SweepFiles.replace(report(), part -> page.write(part, run.facts(own)));
    ReadingJson.part()
        .put("study", run.spec().study().name())
        .put("spec", run.spec().tree())
        .put("conclusions", (Object) conclusions.stream().map(it -> it.replace("`", "")).toList())
        .put("findings", findings.numbers())
        .putPrompts(findings.prompts())
        .write(result(), findings.model(), run.provenance(own));
    deleteUnfinished();
  }

  /** Refuses what the SQL over all runs would have twice. */
  private static void requireOwnNames(StudyTable table) {
    if (TAKEN_NAMES.contains(table.name())) {
      throw new IllegalArgumentException(
          "a table of a study is called " + table.name() + ", as one of all runs is");
    }
    if (table.columns().stream().anyMatch(column -> column.name().equals("run"))) {
      throw new IllegalArgumentException(
          "table " + table.name() + " has a column run, which is the run's name in SQL");
    }
  }

  private void deleteUnfinished() throws IOException {
    if (Files.exists(unfinished())) {
      try (var files = Files.walk(unfinished())) {
        for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }
}
