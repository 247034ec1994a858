package dev.loupe.study.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.loupe.study.Parquet;
import dev.loupe.study.StudyTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunsTest {
  @TempDir private Path folder = Path.of("");

  @BeforeEach
  void write() throws IOException {
    study("first", 0.25, 1, "2026-01-02T03:04:05.123Z", StudyTable.Column.number("mean"));
    study("deep/second", 0.75, 2, "2026-01-03T03:04:05Z", StudyTable.Column.number("other"));
    Files.createDirectories(folder.resolve("old"));
    Files.writeString(
        folder.resolve("old/result.json"),
        """
        {"study": "patching", "clean": 3.5, "values": [[1.0, null], [2.0, 3.0]], "prompts": 7,
         "provenance": {"model": "demo", "seed": "4", "time": "2025-01-01T00:00:00Z"}}
        """);
    Files.createDirectories(folder.resolve("broken"));
    Files.writeString(folder.resolve("broken/result.json"), "{\"study\": ");
    Files.createDirectories(folder.resolve("foreign"));
    Files.writeString(folder.resolve("foreign/result.json"), "[1, 2]");
  }

  private void study(String name, double value, int seed, String time, StudyTable.Column column)
      throws IOException {
    var run = Files.createDirectories(folder.resolve(name).resolve("tables")).getParent();
    Files.writeString(
        folder.resolve(name).resolve("result.json"),
        """
        {"study": "tiny", "spec": {"study": "tiny", "prompts": {"seed": %d}},
         "conclusions": ["It's %s.", "And so on."],
         "findings": {"accuracy": {"mean": %s, "standard_error": 3.33333333e-5, "n": 2}, "text": "same",
                      "attention": {"L0H1": {"mean": 0.5}},
                      "heads": [{"layer": 0, "value": 0.5}, {"layer": 1, "value": %s}]},
         "prompts": [{}, {}],
         "provenance": {"model": "demo", "weights_sha256": "w", "Loupe": "1", "commit": "c%d",
                        "seeds": {"prompts.seed": %d}, "seconds": 2.5, "time": "%s"}}
        """
            .formatted(seed, value, value, value, seed, seed, time));
    assertThat(run).isNotNull();
    var table =
        StudyTable.of("heads", StudyTable.Column.whole("layer"), column)
            .row(0, value)
            .row(1, 2 * value)
            .build();
    Parquet.write(folder.resolve(name).resolve("tables/heads.parquet"), table);
  }

  private RunDatabase.Answer ask(String sql) throws IOException {
    try (var database = Runs.under(folder).database()) {
      return database.ask(sql);
    }
  }

  private void refused(String sql, String... words) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ask(sql))
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n").contains(words));
  }

  @Test
  void runsAreListedTheLatestFirst() throws IOException {
    var runs = Runs.under(folder);
    assertThat(runs.runs())
        .extracting(RunSummary::name)
        .containsExactly("deep/second", "first", "old");
    assertThat(runs.problems())
        .singleElement()
        .asString()
        .contains("broken/result.json cannot be read");
    var second = runs.runs().getFirst();
    assertThat(second.study()).isEqualTo("tiny");
    assertThat(second.headline()).contains("It's 0.75.");
    assertThat(second.prompts()).hasValue(2);
    assertThat(runs.runs().getLast().prompts()).hasValue(7);
    assertThat(runs.named("first").seed()).hasValue(1);
    assertThat(runs.named(folder.resolve("first").toString()).study()).isEqualTo("tiny");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> runs.named("frist"))
        .withMessageContaining("did you mean first?");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Runs.under(folder.resolve("none")))
        .withMessageContaining("no folder");
  }

  @Test
  void twoRunsAreComparedSideBySide() throws IOException {
    var runs = Runs.under(folder);
    var comparison = RunComparison.of(runs.named("first"), runs.named("deep/second"));
    assertThat(comparison.options())
        .singleElement()
        .satisfies(row -> {
          assertThat(row.path()).isEqualTo("prompts.seed");
          assertThat(row.first()).contains("1");
          assertThat(row.second()).contains("2");
        });
    assertThat(comparison.circumstances())
        .extracting(RunComparison.Row::path)
        .containsExactly("commit");
    var accuracy = comparison.numbers().getFirst();
    assertThat(accuracy.path()).isEqualTo("accuracy");
    assertThat(accuracy.first()).contains("0.25 ± 0.0000333333");
    assertThat(accuracy.change()).hasValue(0.5);
    assertThat(comparison.numbers())
        .extracting(RunComparison.Row::path)
        .containsExactly("accuracy", "text");
    var list = comparison.lists().getLast();
    assertThat(list.path()).isEqualTo("heads[].value");
    assertThat(list.compared()).isEqualTo(2);
    assertThat(list.largest()).hasValue(0.5);
    assertThat(list.where()).isEqualTo("[1]");
    assertThat(RunComparison.of(runs.named("first"), runs.named("old")).options()).isNotEmpty();
  }

  @Test
  void whatIsNoResultIsSaidToBeNone() throws IOException {
    var other = Files.createDirectories(folder.resolve("other"));
    Files.writeString(other.resolve("result.json"), "[1, 2]");
    var empty = Files.createDirectories(folder.resolve("empty"));
    Files.writeString(empty.resolve("result.json"), "");
    var runs = Runs.under(folder);
    assertThat(runs.problems())
        .anyMatch(it -> it.endsWith("result.json cannot be read: it is empty"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> runs.named(other.toString()))
        .withMessageContaining("no result of a run");
  }

  @Test
  void aDamagedTableDoesNotHideTheOthers() throws IOException {
    var tables = Files.createDirectories(folder.resolve("first").resolve("tables"));
    Files.writeString(tables.resolve("torn.parquet"), "PAR1 and no more");
    try (var database = Runs.under(folder).database()) {
      assertThat(database.problems()).singleElement().asString().contains("torn.parquet");
      assertThat(database.ask("SELECT run FROM runs").rows()).isNotEmpty();
    }
  }

  @Test
  void sqlAsksAllRuns() throws IOException {
    var runs =
        ask(
            "SELECT run, study, prompts, seed, loupe, commit, seconds, year(time) FROM runs ORDER BY run");
    assertThat(runs.rows().getFirst())
        .containsExactly("deep/second", "tiny", 2L, 2L, "1", "c2", 2.5, 2026L);
    assertThat(runs.rows().getLast()).startsWith("old", "patching", 7L, 4L, null);
    assertThat(runs.numeric()).startsWith(false, false, true, true, false);
    assertThat(
            ask("SELECT run, value FROM numbers WHERE path = 'accuracy.mean' ORDER BY 2 DESC")
                .rows())
        .containsExactly(List.of("deep/second", 0.75), List.of("first", 0.25));
    assertThat(ask("SELECT count(*) FROM numbers WHERE run = 'old'").rows())
        .containsExactly(List.of(4L));
    var heads = ask("SELECT * FROM heads ORDER BY run DESC, layer");
    assertThat(heads.columns()).containsExactlyInAnyOrder("run", "layer", "mean", "other");
    assertThat(heads.rows()).hasSize(4);
    assertThat(ask("SHOW TABLES").rows())
        .containsExactly(List.of("heads"), List.of("numbers"), List.of("runs"));
  }

  @Test
  void sqlReadsAndWritesNoFile() throws IOException {
    var secret = Files.writeString(folder.resolve("secret.csv"), "a\n1\n");
    refused("SELECT * FROM " + Parquet.literal(secret.toString()), "SQL:", "disabled");
    refused(
        "COPY runs TO " + Parquet.literal(folder.resolve("out.csv").toString()),
        "SQL:",
        "disabled");
    refused("SET enable_external_access = true", "SQL:");
    refused("INSTALL httpfs", "SQL:");
    assertThat(folder.resolve("out.csv")).doesNotExist();
  }

  @Test
  void wrongSqlIsOneLine() {
    refused("SELECT nonsense FROM runs", "SQL:", "nonsense");
    refused("SELEC 1", "SQL:", "SELEC");
    refused("SELECT * FROM hedas", "hedas", "heads");
    refused("", "expected a query");
    refused("CREATE TABLE t (a INTEGER)", "expected a query");
  }
}
