package dev.loupe.study.syllogism;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.loupe.study.behaviour.BehaviourOptions;
import dev.loupe.study.behaviour.PathOptions;
import dev.loupe.task.Opposites;
import dev.loupe.task.SyllogismWords;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.dataformat.yaml.YAMLMapper;

class SyllogismOptionsTest {
  private static final YAMLMapper YAML =
      YAMLMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();

  @Test
  void yamlReadsBackWhatItWrites() {
    var standard = Syllogism.standard();
    var listed =
        standard.withWords(
            new SyllogismWords(
                List.of("birds"), List.of(new Opposites("big", "small")), List.of("robins")));
    for (var study : List.of(standard, listed)) {
      assertThat(YAML.readValue(YAML.writeValueAsString(study), Syllogism.class)).isEqualTo(study);
    }
    assertThat(YAML.writeValueAsString(standard))
        .contains("words: \"shipped\"", "heads_by_position: \"auto\"", "clean_above: 2.0");
  }

  @Test
  void wrongOptionsSayWhatWasExpected() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new PathOptions(1, List.of("x"), 1, 0, List.of()))
        .withMessageContaining("inputs [x]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new PathOptions(1, List.of("q"), 1, 0, List.of(List.of("L9H6"))))
        .withMessageContaining("receiver \"L9H6\"");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new PathOptions(1, List.of("q"), 1, 0, List.of(List.of(), List.of())))
        .withMessageContaining("1 levels with receivers of 2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new BehaviourOptions.KnockOut(List.of("9.6"), 1))
        .withMessageContaining("head \"9.6\"");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new BehaviourOptions.KnockOut(List.of("L9H6", "L9H6"), 1))
        .withMessageContaining("[L9H6, L9H6]");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new PathOptions(1, List.of("q"), 1, 0, List.of(List.of("k:L9H6", "k:L9H6"))))
        .withMessageContaining("[k:L9H6, k:L9H6]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Selection(Double.NaN, -2, 1))
        .withMessageContaining("clean_above NaN");
    var usual = BehaviourOptions.standard();
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            new BehaviourOptions(
                "auto", List.of("q"), "auto", 4, 2, usual.knockOut(), usual.paths()))
        .withMessageContaining("expected z among them");
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            new BehaviourOptions(
                "END", List.of("z"), "auto", 4, 2, usual.knockOut(), usual.paths()))
        .withMessageContaining("positions \"END\"");
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            new BehaviourOptions(
                "auto", List.of("z"), "z,out", 4, 2, usual.knockOut(), usual.paths()))
        .withMessageContaining("heads_by_position \"out\"");
  }
}
