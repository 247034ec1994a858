package dev.loupe.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loupe.model.Activation;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.Norm;
import dev.loupe.model.Positions;
import dev.loupe.model.RandomModels;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.yaml.YAMLMapper;

class WriteBudgetTest {
  static ModelConfig shape(int layers, int heads, int dModel, int dHead) {
    return new ModelConfig(
        "gpt2",
        layers,
        heads,
        heads,
        dModel,
        dHead,
        4 * dModel,
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
        ModelConfig.globalWindows(layers),
        true,
        OptionalLong.empty(),
        List.of());
  }

  @Test
  void standardIsThePublishedOne() {
    assertThat(WriteBudget.whole(shape(12, 12, 768, 64))).isEqualTo(19_200);
    assertThat(WriteBudget.standard().in(shape(12, 12, 768, 64))).isEqualTo(11_200);
    // 4 layers of 8 heads: 7/12 of 1,152.
    assertThat(WriteBudget.standard().in(shape(4, 8, 128, 16))).isEqualTo(672);
    // 7/12 of 50,176 is 29,269: 457 heads of 64 and some.
    assertThat(WriteBudget.standard().in(shape(24, 16, 1024, 64))).isEqualTo(457 * 64);
    for (var config : RandomModels.families()) {
      assertThat(WriteBudget.standard().in(config) % config.dHead()).isZero();
    }
  }

  @Test
  void sharesAreOfAllThatIsWritten() {
    var gpt2 = shape(12, 12, 768, 64);
    assertThat(WriteBudget.parse("100 %").in(gpt2)).isEqualTo(19_200);
    assertThat(WriteBudget.parse("60%").in(gpt2)).isEqualTo(11_520);
    assertThat(WriteBudget.parse("0.01 %").in(gpt2)).isEqualTo(1);
    assertThat(WriteBudget.parse("11200").in(gpt2)).isEqualTo(11_200);
  }

  @Test
  void circuitsOfThePublishedSizesCostTheBudget() {
    var costs = WriteCosts.of(shape(12, 12, 768, 64));
    assertThat(costs).isEqualTo(new WriteCosts(64, 768, 768));
    var all = CircuitNode.all(shape(12, 12, 768, 64));
    var heads = all.stream().filter(CircuitNode.OfHead.class::isInstance).toList();
    var mlps = all.stream().filter(CircuitNode.OfMlp.class::isInstance).toList();
    // The differential circuit: the input, ten MLPs, 43 heads.
    var differential = Filling.of(costs, 11_200).with(taken(List.of(CircuitNode.input())));
    differential = differential.with(taken(mlps.subList(0, 10))).with(taken(heads));
    assertThat(differential.circuit().nodes()).hasSize(54);
    assertThat(differential.used()).isEqualTo(11_200);
    // The indirect-object circuit: the input not counted, all MLPs, 31 heads; or counted, 19.
    var free = Filling.of(costs.withFreeInput(), 11_200).with(taken(List.of(all.getFirst())));
    assertThat(free.with(taken(mlps)).with(taken(heads)).circuit().heads()).hasSize(31);
    var counted = Filling.of(costs, 11_200).with(taken(List.of(all.getFirst())));
    assertThat(counted.with(taken(mlps)).with(taken(heads)).circuit().heads()).hasSize(19);
  }

  private static List<Candidate> taken(List<CircuitNode> nodes) {
    return nodes.stream().map(node -> new Candidate(node, "")).toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"standard", "11200", "60 %", "58.25 %", "58.333333333333336 %"})
  void readsWhatItWrites(String text) {
    var budget = WriteBudget.parse(text);
    assertThat(budget).hasToString(text);
    for (var mapper : List.of(JsonMapper.shared(), YAMLMapper.shared())) {
      var written = mapper.writeValueAsString(new Options(budget));
      assertThat(mapper.readValue(written, Options.class).budget()).as(written).isEqualTo(budget);
    }
  }

  record Options(WriteBudget budget) {}

  @Test
  void takesNumbersWithoutQuotes() {
    assertThat(YAMLMapper.shared().readValue("budget: 640", Options.class).budget())
        .isEqualTo(WriteBudget.of(640));
    assertThat(YAMLMapper.shared().readValue("budget: 40 %", Options.class).budget())
        .isEqualTo(WriteBudget.parse("40 %"));
    // Half a dimension is a mistake, not a rounding.
    assertThatThrownBy(() -> YAMLMapper.shared().readValue("budget: 640.5", Options.class))
        .hasMessageContaining("640.5");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "-3", "1.5", "0 %", "101 %", "all", "99999999999"})
  void refusesWhatIsNoBudget(String text) {
    assertThatThrownBy(() -> WriteBudget.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("write budget")
        .hasMessageContaining(text)
        .hasMessageContaining("expected");
  }
}
