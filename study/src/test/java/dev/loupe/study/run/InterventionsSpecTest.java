package dev.loupe.study.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.loupe.lens.ActivationDirection;
import dev.loupe.lens.At;
import dev.loupe.lens.Change;
import dev.loupe.lens.Head;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.Site;
import dev.loupe.model.HookPoint;
import dev.loupe.study.interventions.GivenIntervention;
import dev.loupe.study.interventions.GivenPrompt;
import dev.loupe.study.interventions.Interventions;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.NotEmpty;
import org.junit.jupiter.api.Test;

/** Interventions as a specification. */
class InterventionsSpecTest {
  private static final String PROMPT =
      "prompts: [{clean: a b, corrupted: a c, answer: ' d', wrong: ' e'}]\n";

  private static Interventions parse(String text) {
    return (Interventions)
        StudySpec.parse("study: interventions\n" + text, "my.yaml", Studies.standard()).study();
  }

  private static void refused(String text, String... words) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> parse(text))
        .satisfies(e -> assertThat(e.getMessage()).startsWith("my.yaml: ").contains(words));
  }

  private static void assertReadBack(Interventions study) {
    var spec = new StudySpec(ModelSpec.named("demo"), study);
    assertThat(StudySpec.parse(spec.yaml(), "back.yaml", Studies.standard())).isEqualTo(spec);
    assertThat(
            StudySpec.parse(
                SpecText.TREES.writeValueAsString(spec.tree()), "x.json", Studies.standard()))
        .isEqualTo(spec);
  }

  private static Interventions explored(String clean, String answer, String wrong) {
    var direction = new ActivationDirection("it's: odd", List.of(.1, -1e-7, 3.));
    return Interventions.of(
        List.of(
            GivenPrompt.of(clean, clean + "!", answer, wrong, Map.of("S2", 10, "y", 0)),
            new GivenPrompt("b", "c", List.of("1", " true"), List.of(), Map.of())),
        "log-probability",
        "corrupted",
        List.of(
            Intervention.patch(Site.z(new Head(3, 2)).at(At.END)),
            Intervention.zero(
                Site.head(HookPoint.pattern(1), 0).at(At.index(-1)).from(At.named("S2"))),
            new Intervention(Site.of(HookPoint.mlpOut(0)).at(At.range(2, 5)), new Change.Scale(.1)),
            new Intervention(
                Site.neuron(HookPoint.mlpPost(1), 7), new Change.Mean(Change.Over.EVERYTHING)),
            new Intervention(Site.of(HookPoint.residPre(1)), new Change.Add(direction, -2))));
  }

  @Test
  void whatTheExplorerExportsIsReadBack() {
    for (var clean :
        List.of(
            "Mary said: \"it's # 5 o'clock\" - {a: [b]}",
            "😀 é\t\u00a0 and\n two\n\n  lines \n",
            " leading",
            "trailing ",
            "- x",
            "*a &b !c %d @e `f",
            "true",
            "1e3",
            "\u0007\u2028\u0085\ufeff")) {
      assertReadBack(explored(clean, " Mary", " \""));
      assertReadBack(explored("a", clean, clean + " "));
    }
  }

  @Property(tries = 200)
  void anyPromptIsReadBack(@ForAll @NotEmpty String clean, @ForAll @NotEmpty String answer) {
    assertReadBack(explored(clean, answer, "\n" + answer));
  }

  @Test
  void itIsWrittenAsPeopleWriteIt() {
    var study =
        Interventions.of(
            List.of(GivenPrompt.of("It is", "", " Mary", " John", Map.of("S2", 1))),
            "logit-difference",
            "clean",
            List.of(Intervention.zero(Site.z(new Head(3, 2)).at(At.END))));
    assertThat(new StudySpec(ModelSpec.named("demo"), study).yaml())
        .endsWith(
            """
            prompts:
            - clean: It is
              answer: " Mary"
              wrong: " John"
              positions:
                S2: 1
            bos: true
            metric: logit-difference
            direction: clean
            interventions:
            - point: blocks.3.attn.hook_z
              head: 2
              at: END
              change: zero
            each: true
            top: 10
            """);
  }

  @Test
  void whatIsLeftOutIsAsUsual() {
    var study =
        parse(PROMPT + "interventions: [{point: blocks.0.hook_mlp_out, at: 2..5, change: patch}]");
    assertThat(study.prompts()).containsExactly(GivenPrompt.of("a b", "a c", " d", " e", Map.of()));
    assertThat(study.interventions())
        .containsExactlyElementsOf(
            GivenIntervention.of(
                List.of(Intervention.patch(Site.of(HookPoint.mlpOut(0)).at(At.range(2, 5))))));
    assertThat(study.bos()).isTrue();
    assertThat(parse("")).isEqualTo(Interventions.standard());
    assertThat(parse("interventions: []").interventions()).isEmpty();
  }

  @Test
  void wrongInterventionsAreNamed() {
    refused(
        "interventions:\n- {point: blocks.0.hook_mlp_out, at: END, change: zero}\n"
            + "- {point: blocks.0.attn.hook_zz, at: END, change: zero}",
        "interventions[1]: ",
        "hook_zz");
    refused(
        "interventions: [{point: blocks.0.attn.hook_z, at: END, change: zer}]",
        "interventions[0]: change \"zer\": expected one of patch, zero");
    refused(
        "interventions: [{point: blocks.0.attn.hook_z, change: zero}]",
        "interventions[0]: ",
        "lacks the field \"at\"");
    refused(
        "interventions: [{point: blocks.0.attn.hook_z, hed: 1, at: END, change: zero}]",
        "interventions[0]: ",
        "hed");
    refused(
        "interventions: [{point: blocks.0.hook_mlp_out, head: 1, at: END, change: zero}]",
        "interventions[0]: H1: blocks.0.hook_mlp_out has no such part");
    refused("interventions: [zero]", "interventions[0]: ", "expected an object");
    refused("interventions: [null]", "interventions[0]: no value");
    refused("interventions: zero", "interventions: the text \"zero\": expected a list");
  }

  @Test
  void wrongPromptsAreNamed() {
    refused("prompts: []", "prompts: none: expected at least one");
    refused(
        "prompts: [a b]", "prompts[0]: a prompt: \"a b\": expected a map with clean and answer");
    refused("prompts: [{answer: a}]", "prompts[0]: clean is missing");
    refused("prompts: [{clean: a}]", "prompts[0]: answer is missing");
    refused("prompts: [{clean: a, answer: 5}]", "prompts[0]: answer: 5: expected a text: quote it");
    refused("prompts: [{clean: a, answer: []}]", "prompts[0]: answer [], wrong []");
    refused("prompts: [{clean: a, answer: [b, 1]}]", "prompts[0]: answer: 1: expected a list");
    refused("prompts: [{clean: '', answer: b}]", "prompts[0]: clean is empty");
    refused("prompts: [{clean: a, answer: b, crrupted: c}]", "prompts[0]: crrupted: there is no");
    refused(
        "prompts: [{clean: a, answer: b, positions: {S2: x}}]",
        "prompts[0]: positions.S2: \"x\": expected a whole number");
    refused(
        "prompts: [{clean: a, answer: b, positions: {S2: -1}}]",
        "prompts[0]: position S2 -1: expected 0");
    refused("prompts: [{clean: a, answer: b, positions: {all: 1}}]", "reads as other positions");
    refused("prompts: [{clean: a, answer: b, positions: 3}]", "positions: 3: expected a map");
    refused(
        "prompts: [{clean: a, answer: b}]", "prompts[0]: no wrong, and metric logit-difference");
    refused(
        "metric: probability\nprompts: [{clean: a, answer: b, corrupted: c}, {clean: a, answer: b}]",
        "prompts[1]: no corrupted: expected one for every prompt, or for none");
  }

  @Test
  void withoutACorruptedTextNothingIsTakenFromItsRun() {
    UnaryOperator<String> with =
        change ->
            "metric: probability\nprompts: [{clean: a, answer: b}]\n"
                + "interventions: [{point: blocks.0.hook_mlp_out, at: END, "
                + change
                + "}]";
    for (var change :
        List.of("change: patch", "change: mean, over: everything", "change: resample, seed: 1")) {
      refused(with.apply(change), "interventions[0] (", "no prompt has a corrupted text");
    }
    for (var change : List.of("change: zero", "change: freeze", "change: scale, factor: 2")) {
      assertThat(parse(with.apply(change)).isCorrupted()).isFalse();
    }
    refused(
        with.apply("change: zero") + "\ndirection: corrupted",
        "direction corrupted of prompts without a corrupted text");
    refused(
        with.apply("change: zero").replace("metric: ", "metric: recovery:"),
        "metric recovery:probability of prompts without a corrupted text");
  }

  @Test
  void otherOptionsAreChecked() {
    refused("metric: probabilty", "no metric probabilty; there are logit-difference");
    refused("direction: noising", "direction \"noising\": expected clean or corrupted");
    refused("top: 0", "top 0: expected 1 to 100");
  }
}
