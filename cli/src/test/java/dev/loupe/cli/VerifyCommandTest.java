package dev.loupe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.lens.Progress;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.LoadOptions;
import dev.loupe.model.TokenizerFixtures;
import dev.loupe.model.hub.FakeHub;
import dev.loupe.study.StudyContext;
import dev.loupe.study.verify.PublishedFigures;
import dev.loupe.study.verify.Subject;
import dev.loupe.study.verify.Verdict;
import dev.loupe.study.verify.Verification;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code verify} against a hub on this machine that has a model of random weights for gpt2. */
class VerifyCommandTest {
  private static final StandIn SMALL = new StandIn(2, 2, 8, TinyModel.D_VOCAB, TinyModel.N_CTX);

  @TempDir private Path folder = Path.of("");
  private FakeHub hub = new FakeHub();
  private Path model = Path.of("");

  @BeforeEach
  void serve() throws IOException {
    model = Files.createDirectory(folder.resolve("small"));
    TokenizerFixtures.tiny(model).close();
    SMALL.write(model, 0);
    hub.add("gpt2", model);
  }

  @AfterEach
  void stop() {
    hub.close();
  }

  private Shell shell() {
    return new Shell(
        Map.of(
            "HF_ENDPOINT", hub.endpoint().toString(), "HF_HOME", folder.resolve("home").toString()),
        false,
        false);
  }

  private CommandRun verify(String... arguments) {
    var line = new String[arguments.length + 1];
    line[0] = "verify";
    System.arraycopy(arguments, 0, line, 1, arguments.length);
    return CommandRun.of(shell(), line);
  }

  private static JsonNode json(Path file) {
    return JsonMapper.shared().readTree(file.toFile());
  }

  /** Writes figures of the small model, each computed the slow obvious way. */
  private Path figures(double change) throws IOException {
    var file = folder.resolve("figures" + change + ".json");
    try (var loaded = HookedTransformer.load(model.toString(), LoadOptions.standard())) {
      Files.writeString(file, new SlowFigures(loaded).json(SMALL.parameters(), change));
    }
    return file;
  }

  @Test
  void whatTheModelGivesIsReproduced() throws IOException {
    var out = folder.resolve("out");
    var run = verify("--figures", figures(0).toString(), "--out", out.toString());
    assertThat(run.exitCode()).as(run.err() + run.out()).isZero();
    assertThat(run.out())
        .contains("8 reproduced, 0 off, 0 not run", "slow/heads", "report: ")
        .doesNotContain("farthest off");
    var found = json(out.resolve("result.json"));
    assertThat(found.path("complete").asBoolean()).isTrue();
    assertThat(found.path("counts").path("reproduced").asInt()).isEqualTo(8);
    assertThat(found.path("provenance").path("command").asString()).contains("verify --figures");
    var page = Files.readString(out.resolve("report.html"));
    assertThat(page).contains("Published figures of gpt2", "slow obvious way", "reproduced");
  }

  /** The files of the demo model are gone when it is processed. */
  @Test
  void figuresOfTheDemoModelAreComputed() throws IOException {
    var file = folder.resolve("demo.json");
    Files.writeString(
        file,
        """
        {"model": "demo", "layers": 4, "heads": 8,
         "sources": [{"id": "own", "title": "Own", "about": "Made for this."}],
         "prompts": {},
         "figures": [{"id": "own/shape", "source": "own", "where": "here", "what": "layers",
           "published": {"layers": 4}, "compute": {"kind": "shape"},
           "compare": {"kind": "within", "difference": 0, "why": "it is counted"}}]}
        """);
    var run = verify("--figures", file.toString(), "--out", folder.resolve("out").toString());
    assertThat(run.exitCode()).as(run.err() + run.out()).isZero();
    assertThat(run.out()).contains("1 reproduced, 0 off, 0 not run");
    Files.writeString(file, Files.readString(file).replace("\"shape\"", "\"shap\""));
    verify("--figures", file.toString())
        .failedWith(2, "figure own/shape: kind \"shap\": expected one of [");
  }

  @Test
  void oneFigureThatIsChangedIsOffByThat() throws IOException {
    var out = folder.resolve("out.json");
    var run = verify("--figures", figures(0.25).toString(), "--out", out.toString());
    assertThat(run.exitCode()).as(run.err()).isEqualTo(1);
    assertThat(run.err()).doesNotContain("loupe:");
    assertThat(run.out()).contains("7 reproduced, 1 off, 0 not run", "farthest off", "L1H0");
    for (var figure : json(out).path("figures")) {
      boolean changed = figure.path("id").asString().equals("slow/heads");
      assertThat(figure.path("verdict").asString()).isEqualTo(changed ? "off" : "reproduced");
      for (var value : figure.path("values")) {
        boolean off = changed && value.path("label").asString().equals("L1H0");
        assertThat(value.path("holds").asBoolean()).isEqualTo(!off);
        if (off) {
          assertThat(value.path("difference").asDouble())
              .isCloseTo(-0.25, org.assertj.core.data.Offset.offset(1e-4));
        }
      }
    }
  }

  @Test
  void figuresOfAnotherShapeAreNotRun() throws IOException {
    var out = folder.resolve("out");
    var run = verify("GPT2", "--out", out.toString());
    assertThat(run.out())
        .contains("needs 12 layers x 12 heads; this model has 2 x 2", "wang/name-movers");
    // The parameters of GPT-2 it has not.
    assertThat(run.exitCode()).as(run.err()).isEqualTo(1);
    assertThat(hub.requests()).isNotEmpty();
    assertThat(Files.readString(out.resolve("report.html"))).contains("Not run");
  }

  /** So that the day the real weights are there, all that can be computed is. */
  @Test
  void everyShippedFigureIsComputedOnAModelOfTheShape() throws IOException {
    var wide = Files.createDirectory(folder.resolve("wide"));
    TokenizerFixtures.gpt2WithBos(wide).close();
    new StandIn(12, 12, 96, 50257, 128).write(wide, 50256);
    hub.add("gpt2", wide);
    var out = folder.resolve("out");
    var run = verify("gpt2", "--out", out.toString());
    assertThat(run.exitCode()).as(run.err()).isEqualTo(1);
    var shipped = PublishedFigures.of("gpt2");
    var found = json(out.resolve("result.json")).path("figures");
    assertThat(found).hasSize(shipped.figures().size());
    for (int i = 0; i < found.size(); i++) {
      var figure = shipped.figures().get(i);
      var verdict = found.get(i).path("verdict").asString();
      if (figure.work().isEmpty()) {
        assertThat(verdict).isEqualTo("not run");
        continue;
      }
      assertThat(verdict).as(found.get(i).toString()).isIn("reproduced", "off");
      assertThat(found.get(i).path("values"))
          .isNotEmpty()
          .allSatisfy(value -> {
            assertThat(value.path("computed").isNumber()).as(value.toString()).isTrue();
            assertThat(value.path("label").asString()).isNotEqualTo("number of values");
          });
      if (figure.id().matches("tokens|demo/answers")) {
        assertThat(verdict).isEqualTo("reproduced");
      }
    }
    assertThat(Files.readString(out.resolve("report.html"))).contains("Tolerances.", "L9H9");
  }

  @Test
  void theModelMayComeFromAFolder() {
    var run = verify("Pythia-410M", "--from", model.toString(), "--out", folder.resolve("o") + "");
    assertThat(run.exitCode()).as(run.err()).isEqualTo(1);
    assertThat(run.out()).contains("EleutherAI/pythia-410m", "non-embedding parameters");
    assertThat(hub.requests()).isEmpty();
  }

  @Test
  void aModelThatCannotBeHadIsNotAFigureThatIsOff() {
    verify("pythia-410m").failedWith(2, "EleutherAI/pythia-410m cannot be had", "--from FOLDER");
    verify("gpt2", "--from", "./none").failedWith(2, "./none");
    var offline =
        new Shell(
            Map.of("HF_HUB_OFFLINE", "1", "HF_HOME", folder.resolve("home").toString()),
            false,
            false);
    CommandRun.of(offline, "verify", "gpt2").failedWith(2, "HF_HUB_OFFLINE", "--from FOLDER");
    hub.close();
    var down = verify("gpt2");
    assertThat(down.exitCode()).isEqualTo(2);
    assertThat(down.out()).isEmpty();
    assertThat(down.err().lines().filter(line -> line.startsWith("loupe: ")))
        .singleElement()
        .asString()
        .contains("gpt2 cannot be had", "no connection", "--from FOLDER");
  }

  @Test
  void wrongUsageIsRefusedBeforeAnythingIsLoaded() throws IOException {
    verify().failedWith(2, "gpt2 or pythia-410m");
    verify("gpt5").failedWith(2, "gpt5", "gpt2 and pythia-410m");
    verify("--figures", "none.json").failedWith(2, "none.json");
    verify("gpt2", "--figures", "none.json").failedWith(2, "--figures");
    verify("gpt2", "--out", folder.resolve("results.txt").toString()).failedWith(1, "results.txt");
    var broken = folder.resolve("broken.json");
    Files.writeString(broken, "{\"model\": \"gpt2\"}");
    verify("--figures", broken.toString()).failedWith(2, "broken.json", "no field sources");
    assertThat(hub.requests()).isEmpty();
  }

  @Test
  void figuresAreListedWithoutAModel() {
    var all = verify("--list");
    assertThat(all.exitCode()).isZero();
    assertThat(all.out())
        .contains("demo/patch-resid-pre", "wang/name-movers", "EleutherAI/pythia-410m");
    assertThat(verify("--list", "gpt2").out()).doesNotContain("pythia");
    assertThat(hub.requests()).isEmpty();
  }

  @Test
  void anInterruptionKeepsWhatIsDone() throws IOException {
    var figures = PublishedFigures.read(Files.readAllBytes(figures(0)), "figures.json");
    try (var subject =
        Subject.of(HookedTransformer.load(model.toString(), LoadOptions.standard().raw()))) {
      Progress afterTwo =
          (done, _) -> {
            if (done == 2) {
              Thread.currentThread().interrupt();
            }
          };
      var found = Verification.run(figures, subject, StudyContext.of(subject.model()), afterTwo);
      assertThat(Thread.interrupted()).isFalse();
      assertThat(found.complete()).isFalse();
      assertThat(found.reproduced()).isEqualTo(2);
      assertThat(found.results().subList(2, 8))
          .allSatisfy(result ->
              assertThat(result.verdict()).isEqualTo(new Verdict.NotRun("interrupted before it")));
    }
  }
}
