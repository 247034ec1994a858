package dev.loupe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The main job, {@code demo} and {@code ioi}, on the embedded model. */
class IoiCommandTest {
  @TempDir private Path folder = Path.of("");

  private int runs;

  /** Runs it into a folder of its own. */
  private CommandRun ioi(String... arguments) {
    runs++;
    var all = new String[arguments.length + 5];
    System.arraycopy(
        new String[] {"ioi", "--model", "demo", "--out", out().toString()}, 0, all, 0, 5);
    System.arraycopy(arguments, 0, all, 5, arguments.length);
    return CommandRun.of(all);
  }

  private Path out() {
    return folder.resolve("run" + runs);
  }

  private JsonNode result() throws IOException {
    return JsonMapper.shared().readTree(Files.readString(out().resolve("result.json")));
  }

  private static List<String> told(CommandRun run) {
    return run.lines().stream().filter(line -> !line.startsWith("report: ")).toList();
  }

  private static void assertShown(CommandRun run) {
    assertThat(run.exitCode()).as(run.err()).isZero();
    assertThat(run.out())
        .containsPattern("accuracy \\d+\\.\\d %   clean [+-]\\d+\\.\\d\\d   corrupted [+-]\\d")
        .contains("report: ");
  }

  private void assertReport(JsonNode result) throws IOException {
    var html = Files.readString(out().resolve("report.html"));
    // The name of the SVG namespace is no address that anybody asks.
    assertThat(html.replace("http://www.w3.org/2000/svg", ""))
        .doesNotContain("http://", "https://");
    assertThat(result.at("/findings/heads")).isNotEmpty();
    for (var head : result.at("/findings/heads")) {
      var name = "L" + head.path("layer").asInt() + "H" + head.path("head").asInt();
      assertThat(html).contains(name);
    }
    assertThat(result.at("/findings/recovery")).hasSize(4).allMatch(row -> row.size() == 8);
  }

  @Test
  void theDemoFindsHeadsAndWritesThem() throws IOException {
    var run = CommandRun.of("demo", "--out", out().toString());
    assertShown(run);
    var result = result();
    assertReport(result);
    for (var head : result.at("/findings/heads")) {
      var name = "L" + head.path("layer").asInt() + "H" + head.path("head").asInt();
      assertThat(run.out()).contains(name);
    }
    assertThat(result.path("prompts")).hasSize(100);
    assertThat(result.at("/findings/clean/mean").asDouble()).isPositive();
    assertThat(result.at("/findings/corrupted/mean").asDouble()).isNegative();
    assertThat(result.at("/provenance/seeds").path("prompts.seed").asInt(-1)).isZero();
    var replay = CommandRun.of("replay", out().toString());
    assertThat(replay.exitCode()).as(replay.err()).isZero();
    assertThat(replay.out()).contains("identical", "to the last digit");
  }

  @Test
  void aSeedGivesTheSameNumbersAgain() throws IOException {
    var arguments = new String[] {"--prompts", "20", "--corrupt", "abc", "--seed", "3"};
    var first = ioi(arguments);
    assertShown(first);
    var result = result();
    assertReport(result);
    assertThat(result.at("/findings/corruption").asString()).isEqualTo("abc");
    var second = ioi(arguments);
    assertThat(told(second)).isEqualTo(told(first)).anyMatch(line -> line.contains("seed 3"));
    assertThat(result().path("findings")).isEqualTo(result.path("findings"));
    assertThat(told(ioi("--prompts", "20", "--corrupt", "abc"))).isNotEqualTo(told(first));
  }

  @Test
  void numbersAreWrittenAlikeEverywhere() {
    var usual = Locale.getDefault();
    try {
      Locale.setDefault(Locale.ROOT);
      var root = ioi("--prompts", "4");
      Locale.setDefault(Locale.GERMANY);
      var german = ioi("--prompts", "4");
      assertShown(german);
      assertThat(told(german)).isEqualTo(told(root));
    } finally {
      Locale.setDefault(usual);
    }
  }

  @Test
  void whatIsTypedAgainIsTheSameRun() throws IOException {
    var arguments =
        "--raw --dtype f64 --ignore-config a,b --prompts 4 --corrupt abc --seed 7 --top 3 --no-bos";
    assertShown(ioi(arguments.split(" ")));
    assertThat(result().path("provenance").path("command").asString())
        .isEqualTo("./loupe ioi --model demo " + arguments.replace("a,b", "'a,b'"));
  }

  @Test
  void aFileOfPromptsIsKnownByItsHash() throws Exception {
    var file = folder.resolve("my prompts.jsonl");
    Files.writeString(file, row("Mary", "John") + row("John", "Mary"));
    assertShown(ioi("--data", file.toString()));
    var result = result();
    assertReport(result);
    assertThat(result.path("prompts")).hasSize(2);
    var sha = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
    var facts = result.path("provenance");
    var read = facts.path("files").path(0);
    assertThat(read.path("name").asString()).isEqualTo(file.toString());
    assertThat(read.path("sha256").asString()).isEqualTo(HexFormat.of().formatHex(sha));
    assertThat(facts.path("command").asString()).contains("--data '" + file + "'");
    ioi("--data", file.toString(), "--seed", "0").failedWith(2, "--seed");
    ioi("--data", file.toString(), "--corrupt", "abc").failedWith(2, "--counterfactual");
  }

  private static String row(String io, String s) {
    var clean = "When %s and %s went to the store, %s gave a drink to".formatted(io, s, s);
    var flipped = "When %s and %s went to the store, %s gave a drink to".formatted(io, s, io);
    return """
    {"prompt": "%s", "choices": ["%s", "%s"], "answerKey": 0, \
    "metadata": {"indirect_object": "%s", "subject": "%s"}, \
    "s2_io_flip_counterfactual": {"prompt": "%s"}}
    """
        .formatted(clean, io, s, io, s, flipped);
  }

  @Test
  void whatCannotBeRunIsOneLine() {
    ioi("--corrupt", "shuffle").failedWith(2, "shuffle", "name-swap, abc");
    ioi("--prompts", "0").failedWith(2, "--prompts 0");
    ioi("--top", "0").failedWith(2, "--top 0");
    ioi("--counterfactual", "abc").failedWith(2, "--data");
    ioi("--revision", "x").failedWith(1, "revision x");
    var none = folder.resolve("none").toString();
    CommandRun.of("ioi", "--model", none).failedWith(1, none);
    ioi("--data", none + ".jsonl").failedWith(1, none);
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void aFileIsNoFolder() throws IOException {
    var file = Files.writeString(folder.resolve("file"), "mine").toString();
    CommandRun.of("ioi", "--model", "demo", "--out", file).failedWith(2, file, "is a file");
    CommandRun.of("demo", "--out", file + "/below").failedWith(2, "is a file");
    assertThat(folder.resolve("file")).hasContent("mine");
  }

  @Test
  void theMakerOfTheModelHasHelp() {
    assertThat(CommandRun.of("demo-model", "evaluate", "--help").lines().getFirst())
        .startsWith("Usage: loupe demo-model evaluate");
    assertThat(String.join(" ", CommandRun.of("demo-model", "train", "--help").lines()))
        .contains("runs/demo-model");
    CommandRun.of("demo-model").failedWith(2, "train or evaluate");
    CommandRun.of("demo-model", "train", "--steps", "0").failedWith(2, "0");
  }
}
