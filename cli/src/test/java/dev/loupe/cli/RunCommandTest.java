package dev.loupe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.study.run.Studies;
import dev.loupe.study.run.StudySpec;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class RunCommandTest {
  @TempDir private Path folder = Path.of("");

  private static CommandRun loupe(String... arguments) {
    return CommandRun.of(TinyPage.shelf(), arguments);
  }

  private Path done(String name, String... more) {
    var out = folder.resolve(name);
    var arguments =
        Stream.concat(
            Stream.of("run", "tiny-patching", "--model", "demo", "--out", out.toString()),
            Arrays.stream(more));
    var run = loupe(arguments.toArray(String[]::new));
    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isZero();
    return out;
  }

  private static JsonNode json(Path run) throws IOException {
    return JsonMapper.shared().readTree(Files.readString(run.resolve("result.json")));
  }

  @Test
  void aStudyIsToldInTheTerminalAndWritten() throws IOException {
    var out = folder.resolve("a");
    var run =
        loupe(
            "run",
            "tiny-patching",
            "--set",
            "prompts.seed=5",
            "--out",
            out.toString(),
            "--threads",
            "1",
            "--dtype",
            "f64");
    assertThat(run.lines().getFirst()).startsWith("demo  (gpt2, 4 layers x 8 heads, weights ");
    assertThat(run.out())
        .contains("Which heads bring the answer back on random tokens?")
        .contains("clean ", "corrupted ")
        .contains("strongest")
        .contains("The strongest head is [")
        .endsWith("report: " + out.resolve("report.html") + System.lineSeparator());
    assertThat(out.resolve("report.html"))
        .content()
        .contains("Patched heads", "loupe run tiny-pat");
    assertThat(out.resolve("study.yaml")).content().contains("seed: 5", "dtype: f64");
    assertThat(out.resolve("tables/heads.parquet")).isNotEmptyFile();
    assertThat(out.resolve("unfinished")).doesNotExist();
    var from = json(out).path("provenance");
    assertThat(from.path("command").asString())
        .isEqualTo("./loupe run tiny-patching --dtype f64 --set prompts.seed=5");
    assertThat(from.path("Loupe").asString()).isEqualTo(Version.current());
    assertThat(from.path("commit").asString()).isEqualTo(Version.commit());
    assertThat(from.path("sweep_threads").asInt()).isEqualTo(1);
    assertThat(from.path("dtype").asString()).isEqualTo("F64");
  }

  @Test
  void aSpecificationIsRunAndTheCommandLineBeatsIt() throws IOException {
    var spec = folder.resolve("my study.yaml");
    Files.writeString(
        spec,
        """
        study: tiny-patching
        model: {name: gpt2, dtype: f64}
        prompts: {count: 3, seed: 2}
        """);
    var printed =
        loupe("run", spec.toString(), "-m", "demo", "--set", "prompts.count=2", "--print");
    assertThat(printed.lines()).contains("  name: demo", "  dtype: f64", "  count: 2", "  seed: 2");
    var out = folder.resolve("a");
    var run = loupe("run", spec.toString(), "--model", "demo", "--out", out.toString());
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(json(out).path("prompts")).hasSize(3);
    assertThat(json(out).at("/spec/model/name").asString()).isEqualTo("demo");
    // Its own specification gives the same again.
    var again = folder.resolve("b");
    assertThat(
            loupe("run", out.resolve("study.yaml").toString(), "-o", again.toString()).exitCode())
        .isZero();
    assertThat(json(again).path("findings")).isEqualTo(json(out).path("findings"));
  }

  @Test
  void everyStudyIsListedAndPrinted() {
    var list = String.join("\n", CommandRun.of("run", "--list").lines());
    for (var study : Studies.standard()) {
      assertThat(list).contains(study.name());
      var yaml = String.join("\n", CommandRun.of("run", study.name(), "--print").lines());
      assertThat(StudySpec.parse(yaml, "printed", Studies.standard()).study()).isEqualTo(study);
    }
  }

  @Test
  void whatCannotBeRunIsOneLine() throws IOException {
    loupe("run").failedWith(2, "name a study or a specification", "--list");
    loupe("run", "tiny-patchin").failedWith(2, "no such file", "tiny-patching");
    loupe("run", "tiny-patching", "--set", "prompts.cuont=1").failedWith(2, "did you mean count?");
    loupe("run", "tiny-patching", "--set", "prompts").failedWith(2, "option=value");
    loupe("run", "tiny-patching", "--memory", "much").failedWith(2, "2g");
    loupe("run", "tiny-patching", "--threads", "0").failedWith(2, "threads 0");
    loupe("run", "tiny-patching", "--device", "tpu").failedWith(2, "device \"tpu\"");
    loupe("run", "tiny-patching", "--revision", "v2", "--out", folder.resolve("x").toString())
        .failedWith(1, "only models from the hub");
    var file = Files.writeString(folder.resolve("a.yaml"), "study: tiny-patching\nscale: x\n");
    loupe("run", file.toString()).failedWith(2, "a.yaml: scale: the text \"x\"");
    loupe("run", "tiny-patching", "--out", file.toString()).failedWith(2, "is a file");
    loupe("run", "tiny-patching", "-m", "no-such-model", "-o", folder.resolve("y").toString())
        .failedWith(1, "no-such-model");
    assertThat(folder.resolve("x")).doesNotExist();
    assertThat(folder.resolve("y")).doesNotExist();
  }

  @Test
  void aFinishedRunIsNotOverwritten() throws IOException {
    var out = done("a");
    var before = Files.readString(out.resolve("result.json"));
    loupe("run", "tiny-patching", "--out", out.toString())
        .failedWith(1, "not overwritten", "replay");
    assertThat(out.resolve("result.json")).hasContent(before);
  }

  @Test
  void anInterruptionEndsWith130AndTheSameGoesOn() throws Exception {
    var path = folder.resolve("a");
    var arguments =
        new String[] {
          "run",
          "tiny-patching",
          "--set",
          "prompts.count=100",
          "--memory",
          "1m",
          "--threads",
          "1",
          "--out",
          path.toString()
        };
    var worker = Thread.currentThread();
    var watch = Thread.ofVirtual().start(() -> interruptAfterAChunk(path, worker));
    var run = loupe(arguments);
    watch.join();
    assertThat(Thread.interrupted()).isFalse();
    assertThat(run.exitCode()).as(run.err()).isEqualTo(130);
    assertThat(run.err())
        .contains("interrupted; what was finished is in " + path, "with --out " + path)
        .hasLineCount(1);
    assertThat(path.resolve("result.json")).doesNotExist();
    var kept = chunks(path);
    assertThat(kept).isNotEmpty();
    loupe("run", "tiny-patching", "-o", path.toString()).failedWith(1, "another specification");
    assertThat(loupe(arguments).exitCode()).isZero();
    assertThat(path.resolve("unfinished")).doesNotExist();
    assertThat(loupe("replay", path.toString()).exitCode()).isZero();
  }

  private static void interruptAfterAChunk(Path run, Thread worker) {
    try {
      while (chunks(run).isEmpty()) {
        Thread.sleep(1);
      }
      worker.interrupt();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static List<String> chunks(Path run) {
    var names = run.resolve("unfinished/heads").toFile().list((_, name) -> name.endsWith(".bin"));
    return names == null ? List.of() : List.of(names);
  }

  @Test
  void anInterruptionBeforeAnythingBeganIsOneToo() {
    var out =
        new StringWriter() {
          @Override
          public void write(String text, int offset, int length) {
            super.write(text, offset, length);
            if (text.contains("random tokens?")) {
              Thread.currentThread().interrupt();
            }
          }
        };
    var err = new StringWriter();
    var shell = new Shell(Map.of("HF_HUB_OFFLINE", "1"), false, false);
    int code =
        Main.run(
            shell,
            TinyPage::shelf,
            new PrintWriter(out, true),
            new PrintWriter(err, true),
            "run",
            "tiny-patching",
            "--out",
            folder.resolve("a").toString());
    assertThat(Thread.interrupted()).isFalse();
    assertThat(code).as(err.toString()).isEqualTo(130);
  }

  @Test
  void aReplayIsIdentical() throws IOException {
    var out = done("a", "--memory", "64m");
    var before = Files.readString(out.resolve("result.json"));
    var run = loupe("replay", out.toString());
    assertThat(run.lines().getLast())
        .matches("identical: \\d+ numbers and texts, to the last digit");
    assertThat(run.out()).doesNotContain("what the numbers come from");
    assertThat(out.resolve("result.json")).hasContent(before);
    assertThat(out.resolve("unfinished")).doesNotExist();
  }

  @Test
  void aReplayThatDiffersSaysWhatAndEndsWith1() throws IOException {
    var out = done("a");
    var file = out.resolve("result.json");
    var text = Files.readString(file);
    var mean = json(out).at("/findings/clean/mean").toString();
    Files.writeString(file, text.replaceFirst(mean.replace(".", "\\."), "99.5"));
    var run = loupe("replay", out.toString());
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.out()).contains("/findings/clean/mean", "99.5", mean, "relative difference");
    assertThat(run.err()).contains("1 of ", " numbers and texts differ").hasLineCount(1);
    var other = loupe("replay", out.toString(), "--dtype", "f64", "--tolerance", "1e-4");
    assertThat(other.out()).contains("/dtype", "F32", "F64");
    assertThat(other.err()).contains("1 of ");
  }

  @Test
  void aReplayOnAnotherModelSaysSoFirst() throws IOException {
    var out = done("a", "--set", "prompts.token_count=3");
    var tiny = TinyModel.write(folder.resolve("model"));
    var run = loupe("replay", out.toString(), "--model", tiny.toString());
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.out().lines().skip(1).findFirst().orElseThrow())
        .isEqualTo("The model has changed: the run had weights");
    assertThat(run.out()).contains("/weights_sha256", "the 20 that differ most", "missing");
  }

  @Test
  void aReplayRefusesADamagedResultAndAChangedSpecification() throws IOException {
    var out = done("a");
    var spec = out.resolve("study.yaml");
    var before = Files.readString(spec);
    Files.writeString(spec, before.replace("seed: 0", "seed: 5"));
    loupe("replay", out.toString())
        .failedWith(1, "has been changed since the run", "prompts.seed is 5 and was 0");
    Files.writeString(spec, before);
    for (var text : List.of("", "[1, 2]", "{}")) {
      Files.writeString(out.resolve("result.json"), text);
      loupe("replay", out.toString()).failedWith(1, "is damaged: it has no spec");
    }
  }

  @Test
  void aReplayNeedsARun() throws IOException {
    loupe("replay", folder.toString()).failedWith(1, "is no folder of a study");
    loupe("replay", folder.toString(), "--tolerance", "-1").failedWith(2, "--tolerance");
    Files.writeString(folder.resolve("study.yaml"), "study: tiny-patching");
    loupe("replay", folder.toString()).failedWith(1, "not finished");
  }

  @Test
  void runsAreListedComparedAndAsked() throws IOException {
    done("first");
    done("second", "--set", "prompts.seed=1");
    var root = folder.toString();
    for (var arguments : List.of(List.of("runs"), List.of("runs", "list"))) {
      var list =
          loupe(
              Stream.concat(arguments.stream(), Stream.of("--root", root)).toArray(String[]::new));
      assertThat(list.lines())
          .anyMatch(
              line -> line.matches("first +tiny-patching +demo +4 +\\d{4}-.*The strongest.*"));
    }
    var compared = loupe("runs", "compare", "first", "second", "--root", root);
    assertThat(compared.lines()).anyMatch(line -> line.matches("prompts.seed +0 +1 +1"));
    assertThat(compared.out()).contains("clean ", " +/- ", "heads[].value ");
    var sql =
        new String[] {
          "runs",
          "sql",
          "--root",
          root,
          "SELECT run, max(mean) AS m, count(*) AS n" + " FROM heads GROUP BY run ORDER BY run"
        };
    assertThat(loupe(sql).lines()).anyMatch(line -> line.matches("first +-?\\d+\\.\\d{4,} +33"));
    var csv = Stream.concat(Arrays.stream(sql), Stream.of("--csv")).toArray(String[]::new);
    assertThat(loupe(csv).lines()).hasSize(3).first().isEqualTo("run,m,n");
    var json = Stream.concat(Arrays.stream(sql), Stream.of("--json")).toArray(String[]::new);
    var rows = JsonMapper.shared().readTree(String.join("\n", loupe(json).lines()));
    assertThat(rows.at("/1/run").asString()).isEqualTo("second");
    assertThat(rows.at("/1/n").asInt()).isEqualTo(33);
    loupe("runs", "sql", "--root", root, "SELECT x FROM runs").failedWith(2, "SQL:", "x");
    loupe("runs", "--root", folder.resolve("none").toString()).failedWith(1, "no folder");
    loupe("runs", "compare", "first", "secnd", "--root", root).failedWith(1, "mean second?");
  }

  @Test
  void theCommitIsOneOrUnknown() {
    assertThat(Version.commit()).matches("[0-9a-f]{12}(-dirty)?|unknown");
  }

  @Test
  void completionAndHelpKnowTheCommands() {
    assertThat(CommandRun.of("completion").out())
        .contains("picocli_loupe_run()", "picocli_loupe_replay()", "picocli_loupe_runs_sql()");
    var shell = new Shell(Map.of("COLUMNS", "80"), true, true);
    for (var command : List.of("run", "replay", "runs")) {
      var run = CommandRun.of(shell, command, "--help");
      assertThat(run.out().replaceAll("\u001b\\[[0-9;]*m", "").lines())
          .isNotEmpty()
          .allMatch(line -> line.length() <= 80);
    }
  }
}
