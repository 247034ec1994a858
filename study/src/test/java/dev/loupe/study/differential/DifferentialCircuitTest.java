package dev.loupe.study.differential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.WriteBudget;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.model.Activation;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.Norm;
import dev.loupe.model.Positions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.dataformat.yaml.YAMLMapper;

class DifferentialCircuitTest {
  private static final Map<Integer, Double> PUBLISHED_MLPS =
      Map.of(
          2, 31.51, 11, 22.32, 10, 17.47, 9, 13.23, 8, 11.51, 7, 9.70, 6, 8.70, 1, 8.07, 0, 7.98, 5,
          7.59);
  private static final Map<String, Double> PUBLISHED_HEADS =
      Map.of(
          "a11.h8", 3.00, "a11.h0", 2.59, "a8.h5", 1.43, "a4.h11", 1.37, "a6.h11", 1.36, "a10.h5",
          1.29, "a5.h3", 1.27, "a11.h3", 1.24, "a9.h3", 1.23, "a8.h10", 1.22);

  private static ModelConfig gpt2Small() {
    return gpt2Small("gpt2");
  }

  /** Returns the shape of GPT-2 small in a model of some family. */
  private static ModelConfig gpt2Small(String family) {
    return new ModelConfig(
        family,
        12,
        12,
        12,
        768,
        64,
        3072,
        50257,
        1024,
        Norm.LAYER_NORM,
        1e-5,
        new Positions.Learned(),
        Activation.GELU_TANH,
        false,
        false,
        8,
        false,
        ModelConfig.globalWindows(12),
        true,
        OptionalLong.empty(),
        List.of());
  }

  /** The published norms; those that were not published are below all of them. */
  private static Map<CircuitNode, Estimate> published() {
    var norms = new LinkedHashMap<CircuitNode, Estimate>();
    for (var node : CircuitNode.all(gpt2Small())) {
      switch (node) {
        case CircuitNode.Input _ -> {}
        case CircuitNode.OfMlp(int layer) ->
            norms.put(node, Estimate.of(PUBLISHED_MLPS.getOrDefault(layer, 5 + layer / 10.0)));
        case CircuitNode.OfHead(var head) ->
            norms.put(
                node,
                Estimate.of(
                    PUBLISHED_HEADS.getOrDefault(
                        node.toString(), 1 - (head.layer() * 12 + head.index()) / 1000.0)));
      }
    }
    return norms;
  }

  @Test
  void fillsThePublishedCircuit() {
    var study = DifferentialCircuit.standard();
    var level =
        study
            .mlpThreshold()
            .in(gpt2Small(), PUBLISHED_MLPS.values().stream().mapToDouble(it -> it).toArray());
    assertThat(level.norm()).isEqualTo(7);
    var filling = study.fill(gpt2Small(), published(), level.norm());
    var circuit = filling.circuit();
    assertThat(filling.used()).isEqualTo(11_200);
    assertThat(filling.budget()).isEqualTo(11_200);
    assertThat(circuit.nodes()).hasSize(54).contains(CircuitNode.input());
    assertThat(circuit.mlps()).containsExactly(0, 1, 2, 5, 6, 7, 8, 9, 10, 11);
    assertThat(circuit.heads()).hasSize(43);
    for (var name : PUBLISHED_HEADS.keySet()) {
      assertThat(circuit.has(CircuitNode.parse(name))).as(name).isTrue();
    }
    // In the order of the published ranking.
    assertThat(filling.steps().stream().limit(14).map(step -> step.candidate().node().toString()))
        .containsExactly(
            "input", "m2", "m11", "m10", "m9", "m8", "m7", "m6", "m1", "m0", "m5", "a11.h8",
            "a11.h0", "a8.h5");
    assertThat(filling.steps().get(11).total()).isEqualTo(768 + 10 * 768 + 64);
    var ranks = DifferentialCircuit.ranks(published());
    assertThat(ranks.get(CircuitNode.parse("a8.h5")))
        .satisfies(rank -> assertThat(rank.rank()).isEqualTo(3))
        .satisfies(rank -> assertThat(rank.of()).isEqualTo(144));
    assertThat(ranks.get(CircuitNode.mlp(2)))
        .satisfies(rank -> assertThat(rank.of()).isEqualTo(12));
  }

  @Test
  void theQuantileOfOtherModelsTakesAsManyMlps() {
    double[] norms =
        published().entrySet().stream()
            .filter(entry -> entry.getKey() instanceof CircuitNode.OfMlp)
            .mapToDouble(entry -> entry.getValue().mean())
            .toArray();
    var other = gpt2Small("gpt_neo");
    var level = MlpThreshold.standard().in(other, norms);
    assertThat(level.how()).contains("1/6");
    assertThat(Stream.of(published().values().toArray(Estimate[]::new)).map(Estimate::mean))
        .filteredOn(norm -> norm > level.norm())
        .hasSize(10);
    assertThat(MlpThreshold.parse("quantile 0.5").in(other, 4, 1, 2, 8).norm())
        .isCloseTo(3, within(1e-12));
    assertThat(MlpThreshold.parse("quantile 0").in(other, 4, 1, 2).norm()).isEqualTo(1);
    assertThat(MlpThreshold.parse("quantile 1").in(other, 4, 1, 2).norm()).isEqualTo(4);
    assertThat(MlpThreshold.parse("6.25").in(other, 4, 1, 2).norm()).isEqualTo(6.25);
  }

  @Test
  void headsOfOneNormComeInOrder() {
    var norms = new LinkedHashMap<>(published());
    norms.replaceAll((node, _) -> Estimate.of(1));
    assertThat(DifferenceNorms.ranked(norms, CircuitNode.OfHead.class).subList(0, 2))
        .containsExactly(CircuitNode.of(new Head(0, 0)), CircuitNode.of(new Head(0, 1)));
  }

  @Test
  void theInputMustFit() {
    var tight = withBudget("767");
    assertThatThrownBy(() -> tight.fill(gpt2Small(), published(), 7))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("write_budget 767")
        .hasMessageContaining("writes 768");
    // No MLP fits any more, but heads do.
    var small = withBudget("1000").fill(gpt2Small(), published(), 7);
    assertThat(small.circuit().mlps()).isEmpty();
    assertThat(small.circuit().heads()).hasSize(3);
    assertThat(small.passedOver().getFirst().node()).isEqualTo(CircuitNode.mlp(2));
  }

  private static DifferentialCircuit withBudget(String budget) {
    var study = DifferentialCircuit.standard();
    return new DifferentialCircuit(
        study.pairs(),
        study.columns(),
        study.most(),
        study.bos(),
        study.mlpThreshold(),
        WriteBudget.parse(budget),
        study.compareWith(),
        study.task(),
        study.version(),
        study.method());
  }

  @Test
  void fivePairsShip() {
    var pairs = PairReader.shipped();
    assertThat(pairs).hasSize(5);
    assertThat(pairs.getFirst())
        .isEqualTo(
            new TextPair(
                "Oh great, another meeting at 7 AM.",
                "I'm excited about the meeting at 7 AM tomorrow."));
    assertThat(pairs.getLast().second()).isEqualTo("The wifi connection is working great today.");
  }

  private record Options(MlpThreshold threshold) {}

  @ParameterizedTest
  @ValueSource(strings = {"standard", "7.0", "0", "quantile 0.2", "quantile 0.16666666666666666"})
  void thresholdsAreReadAsTheyAreWritten(String text) {
    var threshold = MlpThreshold.parse(text);
    assertThat(threshold).hasToString(text);
    var mapper = YAMLMapper.shared();
    var written = mapper.writeValueAsString(new Options(threshold));
    assertThat(mapper.readValue(written, Options.class).threshold())
        .as(written)
        .isEqualTo(threshold);
    assertThat(mapper.readValue("threshold: 6.5", Options.class).threshold())
        .isEqualTo(MlpThreshold.parse("6.5"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-1", "much", "quantile", "quantile 1.5", "quantile x"})
  void thresholdsThatAreNoneAreNamed(String text) {
    assertThatThrownBy(() -> MlpThreshold.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("mlp_threshold")
        .hasMessageContaining("expected");
  }

  @Test
  void twoColumnsAreNeeded() {
    var study = DifferentialCircuit.standard();
    assertThatThrownBy(() ->
            new DifferentialCircuit(
                "",
                List.of("one"),
                1,
                true,
                study.mlpThreshold(),
                study.writeBudget(),
                "",
                "",
                "",
                ""))
        .hasMessage("columns [one]: expected the names of two, such as [sarcastic, sincere]");
  }
}
