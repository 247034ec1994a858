package dev.loupe.explorer;

import dev.loupe.model.HookedTransformer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Questions to the demo model. */
abstract class OnDemoModel {
  static final JsonMapper JSON = JsonMapper.builder().build();

  static HookedTransformer demo;
  static ModelWorkbench workbench;

  @BeforeAll
  static void load() {
    demo = HookedTransformer.load("demo");
    workbench = new ModelWorkbench(demo);
  }

  @AfterAll
  static void close() {
    workbench.close();
    demo.close();
  }

  static JsonNode json(String text) {
    return JSON.readTree(text.replace('\'', '"'));
  }

  static ObjectNode question() {
    var example = ((Examples.Drawn) workbench.examples("ioi", 0)).examples().getFirst();
    ObjectNode question = JSON.valueToTree(example);
    return question.put("layer", 3).put("head", 5);
  }

  static ObjectNode with(String field, String value) {
    return question().set(field, json(value));
  }

  static View view(JsonNode question) {
    return (View) workbench.view(question);
  }

  static List<JsonNode> lines(Consumer<Lines> stream) {
    var lines = new ArrayList<JsonNode>();
    stream.accept(line -> lines.add(JSON.valueToTree(line)));
    return lines;
  }
}
