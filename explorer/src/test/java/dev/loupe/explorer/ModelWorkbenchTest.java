package dev.loupe.explorer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.lens.At;
import dev.loupe.lens.Head;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.sweep.Axis;
import dev.loupe.lens.sweep.Grid;
import dev.loupe.lens.sweep.Patching;
import dev.loupe.lens.sweep.Sweep;
import dev.loupe.lens.sweep.SweepOptions;
import dev.loupe.lens.sweep.SweepResult;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.RandomModels;
import dev.loupe.model.WeightProcessing;
import dev.loupe.tensor.Resident;
import dev.loupe.tensor.TensorScope;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.ObjectNode;

class ModelWorkbenchTest extends OnDemoModel {
  private static final String ZERO =
      "[{'on':true,'point':'blocks.3.attn.hook_z','head':5,'at':'END','change':'zero'},"
          + "{'on':false,'point':'blocks.0.hook_mlp_out','at':'all','change':'zero'}]";

  private static PromptPairs pairs(ObjectNode question) {
    return Asked.of(demo, Question.read(question)).pairs();
  }

  private static SweepResult swept(ObjectNode question, PatchDirection direction, Grid grid) {
    return Sweep.of(grid, pairs(question), direction, StandardMetric.LOGIT_DIFFERENCE)
        .run(demo, SweepOptions.standard(), Progress.none());
  }

  // ---- The view

  @ParameterizedTest
  @EnumSource
  void hasTheNumbersOfASweep(PatchDirection direction) {
    var question = with("interventions", ZERO);
    question.put("direction", direction == PatchDirection.NOISING ? "clean" : "corrupted");
    var cell = List.of(Intervention.zero(Site.z(new Head(3, 5)).at(At.END)));
    var result = swept(question, direction, Grid.of(Axis.numbered("cell", 1), List.of(cell)));
    var metric = view(question).metric().orElseThrow();

    assertThat(metric.clean().orElseThrow()).isCloseTo(result.clean().mean(), within(1e-4));
    assertThat(metric.corrupted().orElseThrow()).isCloseTo(result.corrupted().mean(), within(1e-4));
    assertThat(metric.intervened().orElseThrow()).isCloseTo(result.value(0).mean(), within(1e-4));
    double share = result.recovery(0).mean();
    assertThat(metric.recovered().orElseThrow())
        .isCloseTo(direction == PatchDirection.DENOISING ? share : 1 - share, within(1e-4));
  }

  @Test
  void itsViewsAreOfOneRun() {
    var view = view(with("interventions", ZERO));
    var intervened = view.predictions().intervened().orElseThrow();
    var last = view.lens().cells().getLast().get(view.at());
    var metric = view.metric().orElseThrow();
    var waterfall = view.attribution().orElseThrow();

    assertThat(view.at()).isEqualTo(view.clean().size() - 1);
    assertThat(last.text()).isEqualTo(intervened.getFirst().text());
    assertThat(last.probability()).isCloseTo(intervened.getFirst().probability(), within(1e-5));
    assertThat(waterfall.total()).isCloseTo(metric.intervened().orElseThrow(), within(1e-3));
    assertThat(waterfall.parts().stream().mapToDouble(View.Part::value).sum())
        .isCloseTo(waterfall.total(), within(1e-3));
    assertThat(view.attention().clean()).hasSameSizeAs(view.clean());
    view.attention()
        .intervened()
        .orElseThrow()
        .forEach(row ->
            assertThat(row.stream().mapToDouble(Double::doubleValue).sum())
                .isCloseTo(1, within(1e-4)));
    assertThat(view.ov().most()).hasSize(8);
    assertThat(view.clean().get(2).names()).contains("IO");
    assertThat(view.clean().get(2).differs()).isTrue();
    assertThat(view.clean().get(1).differs()).isFalse();
  }

  @Test
  void whatWasDoneToTheResidualStreamIsAPartOfTheTotal() {
    var gone = "[{'point':'blocks.2.hook_resid_pre','at':'all','change':'zero'}]";
    var waterfall = view(with("interventions", gone)).attribution().orElseThrow();
    assertThat(waterfall.parts().getLast().name()).isEqualTo("interventions");
    assertThat(waterfall.parts().stream().mapToDouble(View.Part::value).sum())
        .isCloseTo(waterfall.total(), within(1e-3));
  }

  @Test
  void endIsTheLastTokenWhateverTheTextBecomes() {
    var question = with("interventions", ZERO);
    question.put("clean", question.path("clean").stringValue() + " the");
    question.put("corrupted", question.path("corrupted").stringValue() + " the");
    var positions = (ObjectNode) question.path("positions");
    assertThat(positions.has("END")).isFalse();
    var value = view(question).metric();
    positions.put("END", 3);
    var view = view(question);
    assertThat(view.metric()).isEqualTo(value);
    assertThat(view.clean().getLast().names()).containsExactly("END");
    question.set("interventions", json(ZERO.replace("'END'", "17")));
    assertThat(view(question).metric()).isEqualTo(value);
  }

  @Test
  void namesBeyondTheTextAreLeftOut() {
    var view = view(question().put("clean", "When Mary and John went").put("corrupted", ""));
    assertThat(view.notes()).extracting(Asked.Note::field).contains("positions");
    assertThat(view.clean().get(2).names()).containsExactly("IO");
  }

  @Test
  void anInterventionThatIsOffIsNone() {
    var view = view(with("interventions", ZERO.replace("'on':true", "'on':false")));
    assertThat(view.predictions().intervened()).isEmpty();
    assertThat(view.attention().intervened()).isEmpty();
    assertThat(view.metric().orElseThrow().intervened()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"hook_mlp_out", "attn.hook_pattern", "mlp.hook_post", "ln1.hook_normalized"})
  void aPatchOfAllGivesTheOtherRun(String point) {
    var everywhere = new ArrayList<String>();
    for (int layer = 0; layer < 4; layer++) {
      everywhere.add(
          "{'point':'blocks.%d.%s','at':'all','change':'patch'}".formatted(layer, point));
    }
    everywhere.add("{'point':'blocks.3.hook_resid_post','at':'all','change':'patch'}");
    var metric = view(with("interventions", everywhere.toString())).metric().orElseThrow();
    assertThat(metric.recovered().orElseThrow()).isCloseTo(1, within(1e-4));
  }

  @Test
  void textsThatDoNotLineUpAreShownAndExplained() {
    var question = question().put("corrupted", "Friends Alice and Paul found");
    var view = view(question);
    assertThat(view.notes().getFirst().field()).isEqualTo("corrupted");
    assertThat(view.notes().getFirst().text()).contains("6 tokens").contains("17");
    assertThat(view.predictions().corrupted()).isPresent();
    assertThat(view.metric().orElseThrow().corrupted()).isEmpty();

    question.set(
        "interventions", json("[{'point':'blocks.0.hook_mlp_out','at':'all','change':'patch'}]"));
    assertThatThrownBy(() -> view(question))
        .isInstanceOf(BadQuestion.class)
        .hasMessageContaining("as many tokens");
  }

  @Test
  void aPromptAloneIsEnough() {
    var view = view(JSON.createObjectNode().put("clean", "When Mary and John went to the"));
    assertThat(view.metric()).isEmpty();
    assertThat(view.attribution()).isEmpty();
    assertThat(view.predictions().clean()).hasSize(10);
    assertThat(view.notes()).hasSize(2);
  }

  @ParameterizedTest
  @EnumSource
  void examplesOfEveryTaskAreReadBack(Examples.Task task) {
    var drawn = (Examples.Drawn) workbench.examples(task.label(), 3);
    assertThat(drawn.examples()).isNotEmpty();
    for (var example : drawn.examples()) {
      var view = view(JSON.valueToTree(example));
      assertThat(view.notes()).isEmpty();
      assertThat(view.metric().orElseThrow().corrupted()).isPresent();
      assertThat(view.answer().orElseThrow().text()).isEqualTo(example.answer());
    }
    assertThat(workbench.examples(task.label(), 3)).isEqualTo(drawn);
  }

  @Test
  void completesWhatIsTyped() {
    var tokens = ((ModelWorkbench.Completions) workbench.complete("Mar")).tokens();
    assertThat(tokens).extracting(View.Named::text).contains(" Mary").doesNotContain("Mary");
    assertThat(((ModelWorkbench.Completions) workbench.complete(" ")).tokens()).isEmpty();
  }

  // ---- Grids

  private static String words(ObjectNode question) {
    question.put("grid", "ablation");
    return lines(out -> workbench.grid(question, out)).getFirst().path("words").stringValue();
  }

  private static double[][] grid(ObjectNode question, String kind) {
    question.put("grid", kind);
    var lines = lines(out -> workbench.grid(question, out));
    assertThat(lines.getFirst().path("type").stringValue()).isEqualTo("start");
    assertThat(lines.getLast().path("type").stringValue()).isEqualTo("end");
    var values = new double[4][8];
    int cells = 0;
    for (var line : lines) {
      for (var cell : line.path("cells")) {
        values[cell.get(0).intValue()][cell.get(1).intValue()] = cell.get(2).doubleValue();
        cells++;
      }
    }
    assertThat(cells).isEqualTo(32);
    return values;
  }

  @Test
  void patchingIsWhatOneSweepGives() {
    var question = question().put("direction", "corrupted");
    var result =
        swept(
            question,
            PatchDirection.DENOISING,
            new Patching(demo.config(), pairs(question)).heads(Kind.Z, At.all()));
    double[][] grid = grid(question, "patching");
    for (int cell = 0; cell < 32; cell++) {
      assertThat(grid[cell / 8][cell % 8]).isCloseTo(result.recovery(cell).mean(), within(1e-4));
    }
  }

  @Test
  void ablationIsOnTopOfWhatIsOn() {
    double[][] grid = grid(with("interventions", ZERO.replace("'END'", "'all'")), "ablation");
    assertThat(grid[3][5]).isCloseTo(0, within(1e-5));
    assertThat(words(question())).contains("below 0 the head helps");
    assertThat(words(question().put("metric", "loss"))).contains("above 0 the head helps");
    double[][] plain = grid(question(), "ablation");
    assertThat(plain[3][5]).isLessThan(-1);
    var view = view(with("interventions", ZERO.replace("'END'", "'all'"))).metric().orElseThrow();
    assertThat(plain[3][5])
        .isCloseTo(view.intervened().orElseThrow() - view.clean().orElseThrow(), within(1e-4));
  }

  @Test
  void attributionAndAttentionAreOfTheRun() {
    double[][] attribution = grid(with("interventions", ZERO), "attribution");
    assertThat(attribution[3][5]).isZero();
    assertThat(grid(question(), "attribution")[3][5]).isGreaterThan(1);
    double[][] attention = grid(question(), "attention");
    var row = view(question()).attention().clean().getLast();
    assertThat(attention[3][5])
        .isCloseTo(row.stream().mapToDouble(w -> w).max().orElseThrow(), within(1e-6));
  }

  // ---- Any model

  @ParameterizedTest
  @ValueSource(strings = {"gpt_neo", "gpt_neox", "gpt_neox serial", "llama", "mistral"})
  void everyFamilyIsExplored(String family) {
    // More rows than the tokenizer has entries, as many models have.
    int rows = demo.config().dVocab() + 7;
    var config = RandomModels.withVocabulary(RandomModels.family(family), rows, 64);
    try (var _ = TensorScope.open();
        var model =
            HookedTransformer.of(
                config,
                RandomModels.weights(config, 1),
                Optional.of(demo.tokenizer()),
                WeightProcessing.none());
        var bench = new ModelWorkbench(model)) {
      var question = question().put("layer", 2).put("head", 3);
      question.set(
          "interventions",
          json("[{'point':'blocks.1.attn.hook_z','head':1,'at':'S2','change':'patch'}]"));
      var view = (View) bench.view(question);
      assertThat(view.attribution().orElseThrow().total())
          .isCloseTo(view.metric().orElseThrow().intervened().orElseThrow(), within(1e-6));
      for (var kind : List.of("patching", "ablation", "attribution", "attention")) {
        question.put("grid", kind);
        var cells = lines(out -> bench.grid(question, out)).stream();
        assertThat(cells.mapToInt(line -> line.path("cells").size()).sum())
            .isEqualTo(config.nLayers() * config.nHeads());
      }
      question.set("nodes", json("['a1.h1','m2']"));
      assertThat(lines(out -> bench.circuit(question, out))).hasSize(25);
      assertThat(bench.suggest(question)).isNotNull();
    }
  }

  // ---- Memory

  @Test
  void memoryDoesNotGrowWithPrompts() throws IOException {
    var names = List.of("Mary", "John", "Alice", "Paul", "Laura", "Simon", "Ruth", "Robert");
    long before = 0;
    for (int round = 0; round < 6; round++) {
      if (round == 2) {
        before = Resident.bytes();
      }
      for (var one : names) {
        for (var other : names) {
          view(
              JSON.createObjectNode()
                  .put(
                      "clean",
                      "When %s and %s went to the station, %s gave a book to"
                          .formatted(one, other, round % 2 == 0 ? one : other)));
        }
      }
    }
    assertThat(Resident.bytes() - before).isLessThan(150L << 20);
  }

  @Test
  void olderRunsMakeRoom() {
    try (var views = new Views(demo, 1)) {
      var first = Asked.of(demo, Question.read(question()));
      var second =
          Asked.of(demo, Question.read(question().put("clean", "When Mary and John went")));
      var seen = views.of(first);
      views.of(second);
      assertThat(views.of(first).metric()).isEqualTo(seen.metric());
    }
  }

  @Test
  void aFullModelHasItsPoints() {
    var model = JSON.valueToTree(workbench.model());
    assertThat(model.path("points").toString())
        .contains("attn.hook_z", "hook_resid_mid")
        .doesNotContain("hook_result", "rot_q");
    assertThat(model.path("budget").path("dimensions").intValue()).isEqualTo(672);
  }
}
