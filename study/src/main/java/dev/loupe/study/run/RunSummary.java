package dev.loupe.study.run;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A run as its {@code result.json} tells it: of a study, or of another command that writes one.
 *
 * @param name its folder, relative to where runs were looked for
 * @param folder its folder
 * @param json the whole file
 */
public record RunSummary(String name, Path folder, JsonNode json) {
  /** Returns the study, or the command's kind of experiment or reading. */
  public String study() {
    return json.path("study").asString(json.path("reading").asString(""));
  }

  /** Returns the model. */
  public String model() {
    return json.at("/provenance/model").asString("");
  }

  /** Returns when it began or was written, in ISO form; empty where it does not say. */
  public String time() {
    return json.at("/provenance/time").asString("");
  }

  /** Returns the number of prompts, where it says so. */
  public OptionalLong prompts() {
    var prompts = json.path("prompts");
    if (prompts.isArray()) {
      return OptionalLong.of(prompts.size());
    }
    return prompts.isIntegralNumber() ? OptionalLong.of(prompts.asLong()) : OptionalLong.empty();
  }

  /** Returns what was found in a sentence, where it says so. */
  public Optional<String> headline() {
    // A page sets the numbers between ` in another type.
    return Optional.of(json.at("/conclusions/0").asString("").replace("`", ""))
        .filter(it -> !it.isEmpty());
  }

  /** Returns the numbers: a study's findings, or all that another command wrote of its own. */
  JsonNode findings() {
    if (json.path("findings").isObject()) {
      return json.path("findings");
    }
    var own = (ObjectNode) json.deepCopy();
    own.remove(
        List.of(
            "study", "reading", "spec", "provenance", "prompts", "examples", "notes", "seconds"));
    return own;
  }

  /** Returns a fact of the provenance; empty where it does not say. */
  String fact(String name) {
    var fact = json.path("provenance").path(name);
    return fact.isValueNode() && !fact.isNull() ? fact.asString() : "";
  }

  /** Returns the seed, of several the first; older results have it as a text. */
  OptionalLong seed() {
    for (var node : json.at("/provenance/seeds")) {
      return OptionalLong.of(node.asLong());
    }
    var seed = fact("seed");
    return seed.matches("-?[0-9]{1,18}")
        ? OptionalLong.of(Long.parseLong(seed))
        : OptionalLong.empty();
  }
}
