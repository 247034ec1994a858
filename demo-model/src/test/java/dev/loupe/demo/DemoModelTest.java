package dev.loupe.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.model.HookedTransformer;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The model that is shipped does what its card says. */
class DemoModelTest {
  // What is measured is printed with decimals; counts, names and the checksum are not.
  private static final Pattern FIGURE = Pattern.compile("-?\\b\\d+\\.\\d+\\b");

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
      var card = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      var measured = ModelCard.text(figures, model, TrainingOptions.standard());
      assertThat(FIGURE.matcher(measured).replaceAll("#"))
          .isEqualTo(FIGURE.matcher(card).replaceAll("#"));
      // Kernels of another processor may round otherwise: two of the last digit that is printed.
      assertThat(figuresOf(measured))
          .usingElementComparator((a, b) -> {
            var tolerance = BigDecimal.TWO.movePointLeft(b.scale());
            return a.subtract(b).abs().compareTo(tolerance) <= 0 ? 0 : a.compareTo(b);
          })
          .containsExactlyElementsOf(figuresOf(card));
    }
  }

  private static List<BigDecimal> figuresOf(String text) {
    return FIGURE.matcher(text).results().map(m -> new BigDecimal(m.group())).toList();
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
