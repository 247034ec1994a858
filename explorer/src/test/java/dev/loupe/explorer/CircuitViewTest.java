package dev.loupe.explorer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class CircuitViewTest extends OnDemoModel {
  private static JsonNode line(List<JsonNode> lines, String type) {
    return lines.stream()
        .filter(line -> line.path("type").stringValue().equals(type))
        .findFirst()
        .orElseThrow();
  }

  private static List<String> everyNode() {
    return IntStream.range(0, 4)
        .boxed()
        .flatMap(layer ->
            IntStream.rangeClosed(0, 8)
                .mapToObj(i -> i == 8 ? "m" + layer : "a" + layer + ".h" + i))
        .toList();
  }

  @Test
  void theWholeModelIsFaithfulAndNothingIsNot() {
    var question = question();
    question.set("nodes", JSON.valueToTree(everyNode()));
    var whole = lines(out -> workbench.circuit(question, out));
    assertThat(line(whole, "faithfulness").path("value").doubleValue()).isCloseTo(1, within(1e-4));
    assertThat(line(whole, "start").path("dimensions").intValue()).isEqualTo(1152);
    assertThat(line(whole, "baseline").path("mean").doubleValue()).isCloseTo(1, within(1e-4));

    question.set("nodes", JSON.createArrayNode());
    var none = lines(out -> workbench.circuit(question, out));
    // The input alone still reaches the logits.
    assertThat(line(none, "faithfulness").path("value").doubleValue()).isBetween(-.2, .2);
    assertThat(line(none, "graph").path("edges")).hasSize(1);
  }

  @Test
  void whatIsSuggestedKeepsTheBudgetAndIsExported() {
    var suggested = (CircuitView.Suggested) workbench.suggest(question());
    var question = question();
    question.set("nodes", JSON.valueToTree(suggested.nodes()));
    var lines = lines(out -> workbench.circuit(question, out));
    assertThat(line(lines, "start").path("dimensions").intValue()).isBetween(1, 672);
    assertThat(line(lines, "faithfulness").path("value").doubleValue())
        .isGreaterThan(line(lines, "baseline").path("mean").doubleValue());
    var exported = (ModelWorkbench.Exported) workbench.exportCircuit(question);
    assertThat(JSON.readTree(exported.text()).path("nodes")).hasSize(suggested.nodes().size() + 1);
  }
}
