package dev.loupe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.lens.Answers;
import dev.loupe.lens.At;
import dev.loupe.lens.Head;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.sweep.InterventionRun;
import dev.loupe.model.Bos;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.PaddingSide;
import dev.loupe.model.Run;
import dev.loupe.model.Tokens;
import dev.loupe.study.interventions.GivenPrompt;
import dev.loupe.study.interventions.Interventions;
import dev.loupe.study.run.ModelSpec;
import dev.loupe.study.run.StudySpec;
import dev.loupe.tensor.TensorScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Interventions of one's own in the embedded model, from a file to its replay. */
class InterventionsStudyTest {
  private static final String CLEAN = "When Mary and John went to the store, John gave a drink to";
  private static final String CORRUPTED = CLEAN.replace(", John", ", Mary");
  private static final String PROMPTS =
      """
      study: interventions
      prompts:
      - {clean: "%s", corrupted: "%s", answer: " Mary", wrong: " John", positions: {S2: 10}}
      """
          .formatted(CLEAN, CORRUPTED);
  private static final String ALONE = PROMPTS.replace("corrupted: \"" + CORRUPTED + "\", ", "");

  @TempDir private Path folder = Path.of("");

  private Path spec(String text) throws IOException {
    return Files.writeString(folder.resolve("mine.yaml"), text);
  }

  private JsonNode findings(String text, String name) throws IOException {
    var out = folder.resolve(name);
    var run = CommandRun.of("run", spec(text).toString(), "--out", out.toString());
    assertThat(run.exitCode()).as(run.err()).isZero();
    return JsonMapper.shared()
        .readTree(Files.readString(out.resolve("result.json")))
        .path("findings");
  }

  private void refused(String text, String... words) throws IOException {
    var run =
        CommandRun.of("run", spec(text).toString(), "--out", folder.resolve("refused").toString());
    assertThat(run.exitCode()).isIn(1, 2);
    assertThat(run.err()).startsWith("loupe: ").contains(words).hasLineCount(1);
    assertThat(folder.resolve("refused/result.json")).doesNotExist();
  }

  private static String with(String prompts, String... interventions) {
    return prompts + "interventions:\n- " + String.join("\n- ", interventions) + "\n";
  }

  private static final String ZERO = "{point: blocks.1.hook_mlp_out, at: END, change: zero}";
  private static final String PATCH =
      "{point: blocks.2.attn.hook_z, head: 5, at: S2, change: patch}";

  @Test
  void aFileIsRunAndReplayedToTheSameNumbers() throws IOException {
    var second =
        """
        - clean: "When Mary and John went to the store, then John gave a drink to"
          corrupted: "When Mary and John went to the store, then Mary gave a drink to"
          answer: " Mary"
          wrong: " John"
          positions: {S2: 11}
        """;
    var found = findings(with(PROMPTS + second, ZERO, PATCH), "run");
    assertThat(found.at("/clean/metric/n").asInt()).isEqualTo(2);
    assertThat(found.at("/clean/metric/mean").asDouble())
        .isGreaterThan(found.at("/corrupted/metric/mean").asDouble() + 1);
    assertThat(found.at("/each")).hasSize(2);
    assertThat(found.at("/each/1/alone")).isEqualTo(found.at("/each/0/without"));
    assertThat(found.at("/next_tokens")).hasSize(2);
    assertThat(found.at("/next_tokens/0/clean")).hasSize(10);
    assertThat(found.at("/next_tokens/0/clean/0/token").asString()).isEqualTo(" Mary");
    var page = Files.readString(folder.resolve("run/report.html"));
    assertThat(page.substring(0, page.lastIndexOf("<script>")))
        .contains("What 2 interventions in demo do", "zero mlp_out of layer 1 at END")
        .contains("patch z of L2H5 at S2", "&quot;\u00a0Mary&quot;")
        .doesNotContain("NaN", "Infinity");

    var replay = CommandRun.of("replay", folder.resolve("run").toString());
    assertThat(replay.exitCode()).as(replay.out() + replay.err()).isZero();
    assertThat(replay.out()).contains("identical: ");
  }

  @Test
  void onePromptAndNoCorruptedText() throws IOException {
    var found = findings(with(ALONE, ZERO), "alone");
    assertThat(found.has("corrupted")).isFalse();
    assertThat(found.at("/intervened").has("recovered")).isFalse();
    assertThat(found.at("/intervened/metric").has("standard_error")).isFalse();
    assertThat(found.at("/each/0/without")).isEqualTo(found.at("/clean"));
    assertThat(found.at("/next_tokens/0/corrupted")).isEmpty();
    assertThat(folder.resolve("alone/report.html")).content().contains("n = 1");
    assertThat(CommandRun.of("replay", folder.resolve("alone").toString()).exitCode()).isZero();
    assertThat(
            findings(PROMPTS + "interventions: []\n", "none")
                .at("/intervened/recovered/mean")
                .asDouble())
        .isZero();
    assertThat(findings("study: interventions\n", "usual").at("/each")).hasSize(2);
  }

  /** What the explorer shows is what its export gives. */
  @Test
  void anExportGivesWhatTheRunShowed() throws IOException {
    var interventions =
        List.of(
            Intervention.patch(Site.z(new Head(2, 5)).at(At.END)),
            Intervention.zero(Site.of(HookPoint.mlpOut(1)).at(At.named("S2"))));
    var study =
        Interventions.of(
            List.of(GivenPrompt.of(CLEAN, CORRUPTED, " Mary", " John", Map.of("S2", 10))),
            "logit-difference",
            "corrupted",
            interventions);
    var found = findings(new StudySpec(ModelSpec.named("demo"), study).yaml(), "exported");
    try (var model = HookedTransformer.load("demo");
        var _ = TensorScope.open()) {
      var tokenizer = model.tokenizer();
      var pairs =
          new PromptPairs(
              tokens(model, CLEAN),
              tokens(model, CORRUPTED),
              Answers.of(
                  new long[] {tokenizer.singleToken(" Mary")},
                  new long[] {tokenizer.singleToken(" John")}),
              Map.of("S2", List.of(10)),
              List.of(""));
      var run =
          InterventionRun.of(
              model,
              pairs,
              study.patching(),
              model.runWithCache(pairs.clean(), CacheFilter.all()),
              model.runWithCache(pairs.corrupted(), CacheFilter.all()));
      var last = run.run(interventions, CacheFilter.none(), Run.Returns.LAST_LOGITS).output();
      double shown = StandardMetric.LOGIT_DIFFERENCE.ofLogits(last, pairs.answers())[0];
      assertThat(found.at("/intervened/metric/mean").asDouble()).isCloseTo(shown, within(1e-5));
      double likeliest = last.max(-1).toDoubles()[0];
      assertThat(found.at("/next_tokens/0/intervened/0/logit").asDouble())
          .isCloseTo(likeliest, within(1e-5));
    }
  }

  private static Tokens tokens(HookedTransformer model, String text) {
    return Tokens.padded(PaddingSide.LEFT, 0, List.of(model.tokenizer().encode(text, Bos.PREPEND)));
  }

  @Test
  void whatIsWrongIsToldInALine() throws IOException {
    refused(
        with(PROMPTS, ZERO, "{point: blocks.1.attn.hook_y, at: END, change: zero}"),
        "mine.yaml: interventions[1]: ",
        "blocks.1.attn.hook_y");
    refused(
        with(PROMPTS, "{point: blocks.1.attn.hook_z, head: 8, at: END, change: zero}"),
        "interventions[0]: H8 of blocks.1.attn.hook_z: this model has 0 to 7");
    refused(
        with(PROMPTS, "{point: blocks.4.hook_mlp_out, at: END, change: zero}"),
        "interventions[0]: ",
        "blocks.4");
    refused(
        with(PROMPTS, ZERO, ZERO, "{point: blocks.1.hook_mlp_out, at: S3, change: zero}"),
        "interventions[2]: no position S3 here; there are [END, S2]");
    refused(
        with(ALONE, "{point: blocks.1.hook_mlp_out, at: END, change: patch}"),
        "mine.yaml: interventions[0] (patch mlp_out of layer 1 at END)",
        "no prompt has a corrupted text");
    refused(with(PROMPTS.replace("S2: 10", "S2: 40"), ZERO), "prompts[0]: positions.S2 is 40");
    refused(
        with(PROMPTS.replace("corrupted: \"When ", "corrupted: \"Then when "), ZERO),
        "prompts[0]: 15 clean tokens, 16 corrupted ones");
    refused(with(PROMPTS.replace("\" Mary\"", "\" Mary gave\""), ZERO), "prompts[0]: answer: ");
    refused(with(PROMPTS.replace("\" John\"", "\" Mary\""), ZERO), "prompts[0]: wrong \" Mary\"");
  }
}
