package dev.loupe.explorer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Questions that the demo model cannot answer. */
class BadQuestionTest extends OnDemoModel {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "clean|{}|no clean text",
        "clean|{'clean':7}|expected a text",
        "clean|{'clean':'Mary met Zebulon'}|Zebulon",
        "answer|{'clean':'When Mary','answer':'Mary John'}|Mary John",
        "wrong|{'clean':'When Mary','answer':'Mary','wrong':' Mary'}|choose another",
        "at|{'clean':'When Mary','at':9}|0 to 2",
        "at|{'clean':'When Mary','at':1.5}|whole number",
        "head|{'clean':'When Mary','layer':4}|4",
        "head|{'clean':'When Mary','head':-1}|0 or more",
        "metric|{'clean':'When Mary','metric':'mood'}|mood",
        "metric|{'clean':'When Mary','metric':'recovery'}|of every metric",
        "direction|{'clean':'When Mary','direction':'up'}|clean or corrupted",
        "positions|{'clean':'When Mary','positions':[3]}|an object",
        "positions|{'clean':'When Mary','positions':{'S1':-1}}|0 or more",
        "positions|{'clean':'When Mary','positions':{'2..5':1}}|other positions",
        "positions|{'clean':'When Mary','positions':{' ':1}}|without a name",
        "interventions|{'clean':'When Mary','interventions':{}}|a list",
        "interventions|{'clean':'When Mary','interventions':[1]}|an object",
        "interventions|{'clean':'When Mary','interventions':[{'point':'blocks.9.hook_mlp_out',"
            + "'at':'all','change':'zero'}]}|9",
        "interventions|{'clean':'When Mary','interventions':[{'point':'blocks.0.hook_nothing',"
            + "'at':'all','change':'zero'}]}|hook_nothing",
        "interventions|{'clean':'When Mary','interventions':[{'point':'blocks.0.attn.hook_z',"
            + "'head':8,'at':'all','change':'zero'}]}|0 to 7",
        "interventions|{'clean':'When Mary','interventions':[{'point':'blocks.0.hook_mlp_out',"
            + "'at':'S9','change':'zero'}]}|S9",
      })
  void saysWhichFieldIsWrong(String row) {
    var parts = row.split("\\|", -1);
    assertThatThrownBy(() -> view(json(parts[1])))
        .isInstanceOf(BadQuestion.class)
        .hasMessageContaining(parts[2])
        .satisfies(e -> assertThat(((BadQuestion) e).field()).isEqualTo(parts[0]));
  }

  @Test
  void refusesWhatIsTooMuch() {
    var many = JSON.createArrayNode();
    for (int i = 0; i < 65; i++) {
      many.add(json("{'point':'blocks.0.hook_mlp_out','at':'all','change':'zero'}"));
    }
    assertThatThrownBy(() -> view(question().set("interventions", many)))
        .hasMessageContaining("at most 64");
    assertThatThrownBy(() -> view(question().put("clean", "When ".repeat(900))))
        .hasMessageContaining("4,000");
    assertThatThrownBy(() -> view(question().put("clean", "When ".repeat(80).strip())))
        .hasMessageContaining("at most 64");
    assertThatThrownBy(() -> workbench.grid(question().put("grid", "mood"), _ -> {}))
        .isInstanceOf(BadQuestion.class);
    assertThatThrownBy(() -> workbench.circuit(question().set("nodes", json("['a9.h0']")), _ -> {}))
        .hasMessageContaining("a9.h0");
    assertThatThrownBy(() -> workbench.examples("mood", 0)).hasMessageContaining("ioi");
  }

  @Test
  void aMeanOfTheOtherRunNeedsOne() {
    var alone = question().put("grid", "ablation").put("change", "mean").put("corrupted", "");
    assertThatThrownBy(() -> workbench.grid(alone, _ -> {}))
        .isInstanceOf(BadQuestion.class)
        .hasMessageContaining("corrupted");
  }

  @Test
  void whatIsNoNumberIsToldOfItsInterventions() {
    var huge = "[{'point':'blocks.0.hook_mlp_out','at':'all','change':'scale','factor':1e39}]";
    assertThatThrownBy(() -> view(question().set("interventions", json(huge))))
        .isInstanceOf(BadQuestion.class)
        .satisfies(e -> assertThat(((BadQuestion) e).field()).isEqualTo("interventions"));
  }
}
