package dev.loupe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.lens.Head;
import dev.loupe.lens.attribution.Contributor;
import dev.loupe.lens.sweep.PatchSite;
import dev.loupe.model.HookedTransformer;
import dev.loupe.report.study.StudyPage;
import dev.loupe.study.StudyContext;
import dev.loupe.study.StudyTable;
import dev.loupe.study.behaviour.BehaviourOptions;
import dev.loupe.study.behaviour.PathOptions;
import dev.loupe.study.syllogism.Selection;
import dev.loupe.study.syllogism.Syllogism;
import dev.loupe.study.syllogism.SyllogismFindings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The study of syllogisms on the embedded model. */
class SyllogismStudyTest {
  @TempDir private Path folder = Path.of("");

  private static Syllogism study(int count, Selection selection) {
    var usual = Syllogism.standard();
    return new Syllogism(
        usual.words(),
        usual.template(),
        usual.tokens(),
        usual.file(),
        selection,
        count,
        usual.seed(),
        usual.bos(),
        usual.analysis());
  }

  @Test
  void findsWhatMustBeTrueAndFindsItAgain() throws IOException {
    try (var model = HookedTransformer.load("demo")) {
      var study = study(8, Selection.standard());
      var found = study.run(StudyContext.of(model));
      holds(found);
      told(found);
      assertThat(study.run(StudyContext.of(model)).numbers()).isEqualTo(found.numbers());
    }
  }

  private static void holds(SyllogismFindings found) {
    assertThat(found.prompts()).hasSize(8);
    assertThat(found.selected().candidates())
        .allSatisfy(it -> assertThat(it.passes()).isEqualTo(it.clean() > 2 && it.opposite() < -2));
    var behaviour = found.behaviour();
    var baselines = behaviour.baselines();
    assertThat(Arrays.stream(baselines.logitDifference().cleanByPrompt()).min().orElseThrow())
        .isGreaterThan(2);
    assertThat(Arrays.stream(baselines.logitDifference().corruptedByPrompt()).max().orElseThrow())
        .isLessThan(-2);

    // Attributions add up to the answer, and heads to the attention of their layers.
    double clean = baselines.logitDifference().clean().mean();
    double sum = behaviour.heads().parts().stream().mapToDouble(part -> part.value().mean()).sum();
    assertThat(sum).isCloseTo(clean, within(1e-4));
    var lens = behaviour.lens().clean();
    var last = lens.values().getFirst().getFirst().getLast();
    assertThat(last.mean()).isCloseTo(clean, within(1e-4));
    double step = step(found, "2_pre", "2_mid");
    double attention = behaviour.layers().of(new Contributor.AttnOut(2)).orElseThrow().mean();
    assertThat(step).isCloseTo(attention, within(1e-4));

    // All of the answer is at the last position of the last block, and of the first where it is
    // written.
    var stream = behaviour.stream(PatchSite.RESID_PRE);
    int end = stream.axes().getLast().size() - 1;
    assertThat(stream.recovery(stream.size() - 1).mean()).isCloseTo(1, within(.1));
    int descriptor = found.prompts().getFirst().positions().getOrDefault("DESCRIPTOR", -1);
    assertThat(stream.recovery(descriptor).mean()).isGreaterThan(.5);
    assertThat(stream.recovery(end).mean()).isCloseTo(0, within(1e-6));

    // The heads that write most are missed.
    var out = behaviour.knockOut();
    assertThat(out.heads())
        .isEqualTo(behaviour.writers().stream().limit(3).map(writer -> writer.head()).toList());
    assertThat(out.logitDifference().value(0).mean()).isLessThan(clean - 1);
    assertThat(out.heads())
        .allSatisfy(head -> assertThat(out.backup().of(head).after().mean()).isZero());

    // What comes after its receivers has no path to them.
    assertThat(behaviour.paths()).isNotEmpty();
    for (var level : behaviour.paths()) {
      int highest = level.heads().stream().mapToInt(Head::layer).max().orElseThrow();
      level.inputs().stream()
          .flatMap(input -> input.ranked().stream())
          .filter(sender -> sender.head().layer() >= highest)
          .forEach(sender -> assertThat(sender.loss().mean()).isZero());
      assertThat(level.edges())
          .allSatisfy(
              edge -> assertThat(edge.sender().layer()).isLessThan(edge.receiver().head().layer()));
    }
    assertThat(found.circuit().orElseThrow().nodes().stream().map(Object::toString))
        .contains("input")
        .containsAll(
            out.heads().stream().map(head -> "a" + head.layer() + ".h" + head.index()).toList());
    assertThat(found.tables().stream().map(StudyTable::name))
        .contains("prompts", "layers", "heads", "patching", "paths", "knock_out", "candidates");
  }

  private static double step(SyllogismFindings found, String from, String to) {
    var curves = found.behaviour().lens().clean();
    var values = curves.values().getFirst().getFirst();
    return values.get(curves.layers().indexOf(to)).mean()
        - values.get(curves.layers().indexOf(from)).mean();
  }

  private void told(SyllogismFindings found) throws IOException {
    var page = StudyPage.of(found);
    var file = folder.resolve("report.html");
    page.page("./loupe run syllogism --model demo", Map.of("Loupe", "test")).write(file);
    assertThat(Files.readString(file))
        .contains("How demo concludes a syllogism", "Along which paths", "DESCRIPTOR");
    assertThat(page.conclusions()).hasSizeGreaterThan(5).noneMatch(it -> it.contains("NaN"));
    assertThat(page.highlights()).hasSizeBetween(1, 3);
  }

  @Test
  void saysHowFarItIsFromEnoughPrompts() {
    try (var model = HookedTransformer.load("demo")) {
      var study = study(5, new Selection(50, -2, 70));
      assertThatIllegalStateException()
          .isThrownBy(() -> study.run(StudyContext.of(model)))
          .withMessageContaining("0 of 70 candidates")
          .withMessageContaining("quartiles")
          .withMessageContaining("selection.clean_above");
    }
  }

  @Test
  void ownPairsTakeThePlaceOfSyllogisms() throws IOException {
    var file = folder.resolve("pairs.jsonl");
    Files.writeString(
        file,
        """
        {"clean": "When Mary and John went to the store, John gave a drink to", "corrupted": "When Mary and John went to the store, Mary gave a drink to", "answer": " Mary", "wrong": " John"}
        {"clean": "When John and Mary went to the store, Mary gave a drink to", "corrupted": "When John and Mary went to the store, John gave a drink to", "answer": " John", "wrong": " Mary"}
        """);
    var usual = Syllogism.standard();
    var study =
        new Syllogism(
            usual.words(),
            usual.template(),
            usual.tokens(),
            file.toString(),
            new Selection(-100, 100, 10),
            2,
            0,
            true,
            new BehaviourOptions(
                "-2,END",
                List.of("z"),
                "none",
                1,
                1,
                usual.analysis().knockOut(),
                new PathOptions(0, List.of("q"), 1, 0, List.of())));
    try (var model = HookedTransformer.load("demo")) {
      var found = study.run(StudyContext.of(model));
      assertThat(found.words()).isEmpty();
      assertThat(found.prompts()).hasSize(2);
      assertThat(StudyPage.of(found).title()).contains("What carries the answer");
      assertThat(StudyPage.of(found).page("./loupe run pairs.yaml", Map.of()).html())
          .contains("resid_pre by position")
          .doesNotContain("Along which paths");
    }
  }
}
