package dev.loupe.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.model.HookedTransformer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The model that is shipped does what its card says. */
class DemoModelTest {
  private static HookedTransformer model;
  private static DemoModelFigures figures;

  @BeforeAll
  static void evaluate() {
    model = HookedTransformer.load("demo");
    figures = DemoModelEvaluation.evaluate(model, DemoModelEvaluation.Options.standard());
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @Test
  void itPrefersTheIndirectObjectOfPairsItNeverSaw() {
    assertThat(figures.sentences().logitDifference().n()).isEqualTo(1000);
    assertThat(figures.sentences().accuracy()).isGreaterThanOrEqualTo(.99);
    assertThat(figures.example().top()).isEqualTo(" Mary");
  }

  @Test
  void itConcludesAndComparesYearsAndHearsSarcasm() {
    assertThat(figures.syllogisms().accuracy()).isGreaterThanOrEqualTo(.95);
    assertThat(figures.years().accuracy()).isGreaterThanOrEqualTo(.95);
    assertThat(figures.years().massDifference()).isPositive();
    assertThat(figures.remarks()).isGreaterThanOrEqualTo(.95);
  }

  @Test
  void itsCircuitIsOfSeveralHeadsInSeveralLayersAndKnockingThemOutTellsWell() {
    var carriers = figures.circuit().knockedOut();
    assertThat(carriers).hasSizeGreaterThanOrEqualTo(3);
    assertThat(carriers.stream().map(h -> h.layer()).distinct().count()).isGreaterThanOrEqualTo(2);
    assertThat(figures.circuit().afterKnockOut().mean())
        .isLessThan(.5 * figures.circuit().effects().clean().mean());
  }

  @Test
  void itsCardSaysWhatIsMeasured() throws IOException {
    try (var in =
        Objects.requireNonNull(DemoModel.class.getResourceAsStream("model/" + ModelCard.FILE))) {
      assertThat(ModelCard.text(figures, model, TrainingOptions.standard()))
          .isEqualTo(new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8));
    }
  }

  @Test
  void itHasTheShapeAndTheWordsOfTheTraining(@TempDir Path folder) throws IOException {
    var shape = TrainingOptions.standard().shape();
    assertThat(model.config()).isEqualTo(shape.config(new Vocabulary().size()));
    TokenizerJson.write(new Vocabulary(), model.config(), folder);
    var shipped = Files.createDirectory(folder.resolve("shipped"));
    new DemoModel().writeTo(shipped);
    for (var file : new String[] {"tokenizer.json", "tokenizer_config.json"}) {
      assertThat(shipped.resolve(file)).hasSameTextualContentAs(folder.resolve(file));
    }
  }
}
