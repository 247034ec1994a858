package dev.loupe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.model.Bos;
import dev.loupe.model.HookedTransformer;
import dev.loupe.task.Corruption;
import dev.loupe.task.IndirectObject;
import dev.loupe.task.IndirectObjectOptions;
import dev.loupe.task.Position;
import dev.loupe.task.RepeatedSequences;
import dev.loupe.task.RepeatedSequencesOptions;
import dev.loupe.task.SyllogismOptions;
import dev.loupe.task.SyllogismWords;
import dev.loupe.task.Syllogisms;
import dev.loupe.task.TaskData;
import dev.loupe.task.TokenCounts;
import dev.loupe.task.YearSpans;
import dev.loupe.task.YearSpansOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/** Data sets of users, and the prompts that Loupe generates, on the embedded model. */
class DataFilesTest {
  @TempDir private Path folder = Path.of("");

  private Path csv(String name, String header, TaskData data) throws IOException {
    var rows =
        data.examples().stream()
            .map(it ->
                Stream.of(
                        it.clean().text(),
                        it.corrupted().text(),
                        it.answers().getFirst().text(),
                        it.wrong().getFirst().text())
                    .map(cell -> '"' + cell.replace("\"", "\"\"") + '"')
                    .collect(Collectors.joining(",")));
    return Files.write(folder.resolve(name), Stream.concat(Stream.of(header), rows).toList());
  }

  private CommandRun attribute(String... arguments) {
    var usual = Stream.of("attribute", "--model", "demo", "--out", folder.toString());
    return CommandRun.of(Stream.concat(usual, Arrays.stream(arguments)).toArray(String[]::new));
  }

  private double total(String... arguments) throws IOException {
    var run = attribute(arguments);
    assertThat(run.exitCode()).as(run.err()).isZero();
    var json = JsonMapper.shared().readTree(Files.readString(folder.resolve("result.json")));
    return json.get("total").get("mean").asDouble();
  }

  @Test
  void aFileGivesWhatTheTaskGives() throws IOException {
    try (var model = HookedTransformer.load("demo")) {
      var options = new IndirectObjectOptions(4, 0, Corruption.NAME_SWAP, Bos.PREPEND);
      var task = IndirectObject.generate(model.tokenizer(), options);
      double expected = total("--task", "ioi", "--prompts", "4");
      var plain = csv("ioi.csv", "clean,corrupted,answer,wrong", task);
      assertThat(total("--data", plain.toString())).isCloseTo(expected, within(1e-5));
      var named = csv("named.csv", "prompt,swapped,target,clean", task);
      assertThat(
              total(
                  "--data",
                  named.toString(),
                  "--columns",
                  "clean=prompt,answer=target",
                  "--columns",
                  "wrong=clean"))
          .isCloseTo(expected, within(1e-5));

      var syllogisms =
          Syllogisms.candidates(
                  model.tokenizer(),
                  SyllogismWords.standard(),
                  SyllogismOptions.defaults(Bos.PREPEND).withCounts(TokenCounts.SINGLE))
              .first(20);
      var file = csv("syllogisms.csv", "clean,corrupted,answer,wrong", syllogisms);
      assertThat(total("--data", file.toString())).isGreaterThan(2);
    }
  }

  @Test
  void theEmbeddedModelKnowsTheWordsOfEveryGenerator() {
    try (var model = HookedTransformer.load("demo")) {
      var tokenizer = model.tokenizer();
      var syllogisms =
          Syllogisms.candidates(
              tokenizer, SyllogismWords.standard(), SyllogismOptions.defaults(Bos.PREPEND));
      assertThat(syllogisms.kept().categories()).hasSizeGreaterThanOrEqualTo(12);
      assertThat(syllogisms.kept().descriptors()).hasSizeGreaterThanOrEqualTo(12);
      assertThat(syllogisms.kept().nouns()).hasSizeGreaterThanOrEqualTo(20);
      var example = syllogisms.get(0);
      assertThat(example.clean().tokens().get(example.at(Position.DESCRIPTOR)))
          .isEqualTo(example.answers().getFirst().text());

      var spans = YearSpans.generate(tokenizer, YearSpansOptions.defaults(Bos.PREPEND));
      var span = spans.examples().getFirst();
      assertThat(span.answers().size() + span.wrong().size()).isEqualTo(YearSpans.YEARS);
      assertThat(spans.notes()).noneMatch(it -> it.contains("years left out"));

      var data = RepeatedSequences.generate(model, RepeatedSequencesOptions.standard());
      var repeated = data.examples().getFirst();
      assertThat(repeated.clean().bosPrepended()).isTrue();
      assertThat(repeated.clean().tokens().get(repeated.at(Position.AFTER)))
          .isEqualTo(repeated.answers().getFirst().text());
    }
  }

  @Test
  void whatCannotBeReadIsOneLine() throws IOException {
    var without = folder.resolve("without.csv");
    Files.writeString(without, "clean,answer\nThen Mary gave, Mary\nThen Mary,Mary John\n");
    var file = without.toString();
    CommandRun.of("patch", "--model", "demo", "--data", file, "--site", "z")
        .failedWith(2, "has no column 'corrupted'", "--columns corrupted=NAME");
    attribute("--data", file).failedWith(1, file + ", row 2 (line 3): column 'answer'");
    attribute("--data", file, "--counterfactual", "abc").failedWith(2, "mib-bench/ioi layout");
    attribute("--data", file, "--columns", "prompt=clean").failedWith(2, "prompt=...", "corrupted");
    attribute("--data", file, "--columns", "clean=text")
        .failedWith(1, "no column 'text'; there are [clean, answer]");
    attribute("--task", "ioi", "--columns", "clean=a").failedWith(2, "--columns goes with --data");
    var other = folder.resolve("other.jsonl");
    Files.writeString(other, "{\"text\": \"a\"}\n{\"label\": \"b\"}\n");
    attribute("--data", other.toString())
        .failedWith(1, "has the columns [text, label]", "--columns clean=NAME", "mib-bench/ioi");
    var uneven = folder.resolve("uneven.csv");
    Files.writeString(uneven, "clean,corrupted,answer\nThen Mary gave,Then Mary, Mary\n");
    attribute("--data", uneven.toString())
        .failedWith(1, "column 'corrupted' has 3 tokens, 'clean' has 4", "1:\"Then\"");
    attribute("--data", folder.resolve("absent.csv").toString()).failedWith(1, "no such file");
  }
}
