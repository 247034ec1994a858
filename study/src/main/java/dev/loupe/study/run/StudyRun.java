package dev.loupe.study.run;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.loupe.lens.sweep.SweepOptions;
import dev.loupe.study.Parquet;
import dev.loupe.study.ReadingJson;
import dev.loupe.study.StudyFindings;
import dev.loupe.tensor.Threads;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * A study that was carried out.
 *
 * @param spec what was carried out
 * @param findings what was found
 * @param files what it read
 * @param sweeps the bounds of its sweeps
 * @param matrixThreads the cores of a matrix product outside them
 * @param begun when it began
 * @param seconds how long it took
 * @param stages the seconds of each stage, in their order
 */
public record StudyRun(
    StudySpec spec,
    StudyFindings findings,
    List<RecordedFile> files,
    SweepOptions sweeps,
    int matrixThreads,
    Instant begun,
    double seconds,
    Map<String, Double> stages) {
  /** Copies the collections, order kept. */
  public StudyRun {
    files = List.copyOf(files);
    stages = Collections.unmodifiableMap(new LinkedHashMap<>(stages));
  }

  /**
   * Returns where its numbers come from, the model aside.
   *
   * @param own what only the caller knows: which Loupe it is, and what was typed
   */
  Map<String, Object> provenance(Map<String, String> own) {
    var facts = new LinkedHashMap<String, Object>(own);
    facts.put("Java", Runtime.version().toString());
    facts.put("libtorch", Threads.libtorchVersion());
    facts.put("DuckDB", duckDb());
    facts.put("tokenizers", version(HuggingFaceTokenizer.class));
    facts.put("Jackson", version(ObjectMapper.class));
    facts.put("device", spec.model().device());
    facts.put("matrix_threads", matrixThreads);
    facts.put("sweep_threads", sweeps.threads());
    facts.put("sweep_memory", sweeps.memory());
    facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    facts.put("seeds", spec.seeds());
    facts.put("files", files);
    facts.put("time", begun.toString());
    facts.put("seconds", seconds);
    facts.put("stages", stages);
    return facts;
  }

  /** Returns the same as texts for a page. */
  Map<String, String> facts(Map<String, String> own) {
    var facts = new LinkedHashMap<String, String>();
    provenance(own)
        .forEach((name, value) -> {
          switch (value) {
            case List<?> _ ->
                files.forEach(file -> facts.put("file " + file.name(), "sha256 " + file.sha256()));
            case Map<?, ?> map -> {
              if (!map.isEmpty()) {
                facts.put(
                    name.replace('_', ' '),
                    map.entrySet().stream()
                        .map(it -> it.getKey() + ": " + it.getValue())
                        .collect(Collectors.joining(", ")));
              }
            }
            default -> facts.put(name.replace('_', ' '), value.toString());
          }
        });
    return facts;
  }

  /** Returns its numbers as a file would have them. */
  JsonNode numbers() {
    return asRead(findings.numbers());
  }

  /** Returns its prompts as a file would have them. */
  JsonNode prompts() {
    return asRead(ReadingJson.part().putPrompts(findings.prompts()).map()).path("prompts");
  }

  private static JsonNode asRead(Map<String, ?> json) {
    return SpecText.TREES.readTree(SpecText.TREES.writeValueAsBytes(json));
  }

  private static String version(Class<?> of) {
    var jar = of.getPackage();
    var version = jar.getImplementationVersion();
    return Objects.requireNonNullElse(
        version == null ? jar.getSpecificationVersion() : version, "unknown");
  }

  private static String duckDb() {
    try (var database = Parquet.database()) {
      return database.getMetaData().getDatabaseProductVersion();
    } catch (SQLException e) {
      throw new IllegalStateException("DuckDB does not start: " + e.getMessage(), e);
    }
  }
}
