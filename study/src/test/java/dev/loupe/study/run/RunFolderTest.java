package dev.loupe.study.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.loupe.lens.sweep.SweepOptions;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.RandomModels;
import dev.loupe.model.WeightProcessing;
import dev.loupe.study.Parquet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class RunFolderTest {
  private static final Map<String, String> OWN = Map.of("Loupe", "1.0", "commit", "abc");

  private static HookedTransformer model = random(1);

  @TempDir private Path folder = Path.of("");

  private static HookedTransformer random(long seed) {
    return RandomModels.model(RandomModels.family("gpt2"), seed, WeightProcessing.none());
  }

  @BeforeAll
  static void warm() {
    assertThat(model.config().nHeads()).isEqualTo(4);
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static StudySpec spec(String... settings) {
    return new StudySpec(ModelSpec.named("demo"), TinyPatching.standard())
        .withSet(List.of(settings));
  }

  private static SweepOptions small() {
    return SweepOptions.standard().withThreads(1).withMemory(1 << 20);
  }

  private StudyRunner runner(Stages stages) {
    return new StudyRunner(SpecFiles.in(folder), small(), stages);
  }

  private RunFolder written(String name, StudySpec spec, HookedTransformer on) throws IOException {
    var run = RunFolder.at(folder.resolve(name));
    write(run, runner(Stages.silent()).run(spec, on, run));
    return run;
  }

  private static void write(RunFolder folder, StudyRun run) throws IOException {
    folder.write(
        run, OWN, List.of("Heads matter."), (file, facts) -> Files.writeString(file, "" + facts));
  }

  private static Replay replay(RunFolder run, HookedTransformer on, double tolerance)
      throws IOException {
    var spec = run.spec(List.of(TinyPatching.standard()));
    var again =
        new StudyRunner(Replay.files(run), Replay.sweeps(run), Stages.silent()).run(spec, on);
    return Replay.compare(run, again, OWN, tolerance);
  }

  @Test
  void theFolderHoldsAllThatWasFound() throws IOException, SQLException {
    Files.writeString(folder.resolve("factor.txt"), "0.1");
    var run = written("a", spec("factor_file=factor.txt", "prompts.seed=3"), model);
    assertThat(run.isFinished()).isTrue();
    assertThat(run.path().toFile().list())
        .containsExactlyInAnyOrder(
            "study.yaml", "result.json", "report.html", "circuit.json", "tables", "files");
    var json = run.json();
    assertThat(List.copyOf(json.propertyNames()))
        .containsExactly("study", "spec", "conclusions", "findings", "prompts", "provenance");
    assertThat(json.at("/spec/prompts/seed").asInt()).isEqualTo(3);
    assertThat(json.path("prompts")).hasSize(4);
    var from = json.path("provenance");
    assertThat(from.path("Loupe").asString()).isEqualTo("1.0");
    assertThat(from.path("commit").asString()).isEqualTo("abc");
    for (var fact :
        List.of("Java", "libtorch", "DuckDB", "tokenizers", "Jackson", "system", "time")) {
      assertThat(from.path(fact).asString()).as(fact).isNotBlank().isNotEqualTo("unknown");
    }
    assertThat(from.path("sweep_threads").asInt()).isEqualTo(1);
    assertThat(from.path("sweep_memory").asLong()).isEqualTo(1 << 20);
    assertThat(from.at("/seeds/prompts.seed").asInt()).isEqualTo(3);
    assertThat(from.path("seconds").asDouble()).isPositive();
    assertThat(List.copyOf(from.path("stages").propertyNames()))
        .containsExactly("patching heads", "telling");
    assertThat(from.at("/files/0/name").asString()).isEqualTo("factor.txt");
    assertThat(from.at("/files/0/copy").asString()).isEqualTo("files/factor.txt");
    assertThat(from.at("/files/0/sha256").asString()).hasSize(64);
    assertThat(Files.readString(run.path().resolve("files/factor.txt"))).isEqualTo("0.1");
    assertThat(Files.readString(run.path().resolve("circuit.json"))).contains("a0.h1");
    assertThat(Files.readString(run.report())).contains("commit=abc", "file factor.txt=sha256");
    assertThat(run.spec(List.of(TinyPatching.standard())))
        .isEqualTo(spec("factor_file=factor.txt", "prompts.seed=3"));
    parquetHoldsTypedColumns(run.path().resolve("tables/heads.parquet"), json);
  }

  private static void parquetHoldsTypedColumns(Path file, JsonNode json) throws SQLException {
    try (var database = Parquet.database();
        var statement = database.createStatement();
        var rows =
            statement.executeQuery(
                "SELECT cell, mean, positive, typeof(cell), typeof(label), typeof(mean),"
                    + " typeof(positive) FROM "
                    + Parquet.literal(file.toString())
                    + " ORDER BY cell")) {
      assertThat(rows.next()).isTrue();
      assertThat(rows.getObject(2)).isNull();
      assertThat(rows.getObject(3)).isNull();
      assertThat(
              List.of(rows.getString(4), rows.getString(5), rows.getString(6), rows.getString(7)))
          .containsExactly("BIGINT", "VARCHAR", "DOUBLE", "BOOLEAN");
      int cells = 0;
      while (rows.next()) {
        // To the last digit, in both forms.
        var mean = json.at("/findings/heads/" + rows.getInt(1) + "/value/mean");
        assertThat(rows.getDouble(2)).isEqualTo(mean.asDouble());
        cells++;
      }
      assertThat(cells).isEqualTo(12);
    }
  }

  @Test
  void aReplayIsTheSameToTheLastDigit() throws IOException {
    Files.writeString(folder.resolve("factor.txt"), "0.1");
    var run = written("a", spec("factor_file=factor.txt"), model);
    // The original is gone; the copy is not.
    Files.delete(folder.resolve("factor.txt"));
    var same = replay(run, model, 0);
    assertThat(same.numbers()).isEmpty();
    assertThat(same.circumstances()).isEmpty();
    assertThat(same.compared()).isGreaterThan(50);
    Files.writeString(run.path().resolve("files/factor.txt"), "0.2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> replay(run, model, 0))
        .withMessageContaining("has changed: sha256");
  }

  @Test
  void aReplayTellsWhatDiffers() throws IOException {
    var run = written("a", spec(), model);
    var json = (ObjectNode) run.json();
    var findings = (ObjectNode) json.path("findings");
    double clean = findings.at("/clean/mean").asDouble();
    ((ObjectNode) findings.path("clean")).put("mean", Math.nextUp(clean));
    findings.put("corner", "first-token");
    findings.remove("corrupted");
    findings.put("extra", 1);
    ((ObjectNode) json.path("provenance")).put("weights_sha256", "w0").put("Java", "1");
    Files.writeString(run.result(), SpecText.TREES.writeValueAsString(json));
    var replay = replay(run, model, 0);
    assertThat(replay.numbers())
        .extracting(Difference::pointer)
        .containsExactlyInAnyOrder(
            "/findings/clean/mean", "/findings/corner", "/findings/extra", "/findings/corrupted");
    var changed = replay.numbers().getFirst();
    assertThat(changed.before()).contains(Double.toString(Math.nextUp(clean)));
    assertThat(changed.after()).contains(Double.toString(clean));
    assertThat(changed.relative().orElseThrow()).isPositive().isLessThan(1e-15);
    assertThat(replay.numbers().stream().filter(it -> it.before().isEmpty())).hasSize(1);
    assertThat(replay.numbers().stream().filter(it -> it.after().isEmpty())).hasSize(1);
    assertThat(replay.weights().orElseThrow().before()).contains("w0");
    assertThat(replay.circumstances().getFirst().pointer()).isEqualTo("/weights_sha256");
    assertThat(replay(run, model, 1e-9).numbers())
        .extracting(Difference::pointer)
        .doesNotContain("/findings/clean/mean")
        .hasSize(3);
  }

  @Test
  void anotherModelGivesOtherNumbers() throws IOException {
    var run = written("a", spec(), model);
    try (var other = random(2)) {
      var replay = replay(run, other, 0);
      assertThat(replay.isIdentical()).isFalse();
      assertThat(replay.numbers()).extracting(Difference::pointer).contains("/findings/clean/mean");
    }
  }

  @Test
  void anInterruptedRunGoesOnAndLosesNothing() throws IOException {
    var whole = runner(Stages.silent()).run(spec("prompts.count=400"), model);
    var run = RunFolder.at(folder.resolve("a"));
    assertThatExceptionOfType(CancellationException.class)
        .isThrownBy(() ->
            runner(interruptingOn(Thread.currentThread()))
                .run(spec("prompts.count=400"), model, run));
    boolean _ = Thread.interrupted();
    assertThat(run.isFinished()).isFalse();
    var chunks = chunks(run);
    assertThat(chunks).isNotEmpty();
    var before = times(chunks);
    // Another specification has no business here, and other options of the machine change nothing.
    assertThatIllegalArgumentException()
        .isThrownBy(() -> runner(Stages.silent()).run(spec("prompts.count=401"), model, run))
        .withMessageContaining("another specification");
    var other = new StudyRunner(SpecFiles.in(folder), small().withThreads(2), Stages.silent());
    var again = other.run(spec("prompts.count=400"), model, run);
    assertThat(times(chunks)).isEqualTo(before);
    assertThat(again.numbers()).isEqualTo(whole.numbers());
    assertThat(again.sweeps().threads()).isEqualTo(1);
    write(run, again);
    assertThat(run.path().resolve("unfinished")).doesNotExist();
    assertThat(replay(run, model, 0).isIdentical()).isTrue();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> runner(Stages.silent()).run(spec("prompts.count=400"), model, run))
        .withMessageContaining("holds a finished run, which is not overwritten");
  }

  private static Stages interruptingOn(Thread thread) {
    return what ->
        (done, total) -> {
          if (done > 0 && done < total) {
            thread.interrupt();
          }
        };
  }

  private static List<Path> chunks(RunFolder run) throws IOException {
    try (var files = Files.walk(run.path().resolve("unfinished"))) {
      return files.filter(file -> file.toString().endsWith(".bin")).sorted().toList();
    }
  }

  private static List<FileTime> times(List<Path> files) throws IOException {
    var times = new ArrayList<FileTime>();
    for (var file : files) {
      times.add(Files.getLastModifiedTime(file));
    }
    return times;
  }

  @Test
  void whatIsMissingIsSaid() throws IOException {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> written("a", spec("factor_file=none.txt"), model))
        .withMessageContaining("none.txt: no such file (" + folder);
    var empty = RunFolder.at(folder);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> empty.spec(List.of()))
        .withMessageContaining("no folder of a study");
    assertThatIllegalArgumentException()
        .isThrownBy(empty::json)
        .withMessageContaining("holds no run");
    Files.writeString(empty.result(), "{\"a\": ");
    assertThatIllegalArgumentException()
        .isThrownBy(empty::json)
        .withMessageContaining("is damaged");
  }

  @Test
  void theSpecificationOfARunFindsTheFilesOfTheRun() throws IOException {
    Files.writeString(folder.resolve("factor.txt"), "0.1");
    var run = written("a", spec("factor_file=factor.txt"), model);
    var files = SpecFiles.beside(run.study());
    assertThat(files.find("factor.txt")).isEqualTo(run.path().resolve("files/factor.txt"));
    assertThat(SpecFiles.beside(folder.resolve("other.yaml")).find("factor.txt"))
        .isEqualTo(folder.resolve("factor.txt"));
  }
}
