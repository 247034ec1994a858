package dev.loupe.study.run;

import dev.loupe.study.Study;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/**
 * A study and the model that it runs on: all that decides its numbers. As YAML or JSON it is a map
 * of {@code study}, its name, {@code model}, a name or a map, and the study's options beside them;
 * what is left out is as in {@link Studies#standard}.
 *
 * @param model the model
 * @param study the study with its options
 */
public record StudySpec(ModelSpec model, Study study) {
  /** The model that is meant where none is named. */
  public static final String USUAL_MODEL = "demo";

  private static final String STUDY = "study";
  private static final String MODEL = "model";
  private static final List<String> FIXED = List.of(STUDY, MODEL);

  /** Refuses a study that is no record of options, or has one that is called study or model. */
  public StudySpec {
    if (!study.getClass().isRecord()) {
      throw new IllegalArgumentException(
          study.getClass() + " is no record: its options cannot be written");
    }
    for (var name : OptionCheck.options(study.getClass()).keySet()) {
      if (FIXED.contains(name)) {
        throw new IllegalArgumentException(
            study.name() + " has an option " + name + ", which means something else beside it");
      }
    }
  }

  /**
   * Reads a file.
   *
   * @param studies with the options that are meant where the file names none
   * @throws IllegalArgumentException if it is not a specification, saying where and why
   */
  public static StudySpec read(Path file, List<Study> studies) throws IOException {
    try {
      return parse(Files.readString(file), file.toString(), studies);
    } catch (MalformedInputException e) {
      throw new IllegalArgumentException(file + " is no text in UTF-8", e);
    }
  }

  /**
   * Reads a text, as JSON where the name of its source ends in {@code .json}, else as YAML.
   *
   * @param source what errors call it
   * @throws IllegalArgumentException if it is not a specification, saying where and why
   */
  public static StudySpec parse(String text, String source, List<Study> studies) {
    if (!(SpecText.read(text, source) instanceof ObjectNode given)) {
      throw new IllegalArgumentException(
          source + ": expected a map with study, model and the study's options");
    }
    var name = given.path(STUDY);
    if (name.isMissingNode()) {
      throw new IllegalArgumentException(source + ": study is missing: expected " + names(studies));
    }
    var study =
        studies.stream()
            .filter(it -> name.isString() && it.name().equals(name.asString()))
            .findFirst()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    source
                        + ": study: "
                        + OptionCheck.said(name)
                        + ": expected "
                        + names(studies)
                        + Near.question(
                            name.asString(""), studies.stream().map(Study::name).toList())));
    return new StudySpec(ModelSpec.named(USUAL_MODEL), study).with(given, source);
  }

  private static String names(List<Study> studies) {
    return studies.stream().map(Study::name).collect(Collectors.joining(", "));
  }

  /** Returns another study on the model. */
  StudySpec withStudy(Study other) {
    return new StudySpec(model, other);
  }

  /** Returns the study on another model. */
  public StudySpec withModel(ModelSpec other) {
    return new StudySpec(other, study);
  }

  /**
   * Returns this with some options changed.
   *
   * @param settings each {@code option=value}, the option dotted and the value as in YAML, such as
   *     {@code prompts.count=20}
   * @throws IllegalArgumentException if there is no such option, or its value is wrong
   */
  public StudySpec withSet(List<String> settings) {
    if (settings.isEmpty()) {
      return this;
    }
    var all = SpecText.TREES.createObjectNode();
    for (var setting : settings) {
      int equals = setting.indexOf('=');
      if (!setting.matches("(?s)[^=.\\s]+(\\.[^=.\\s]+)*=.*")) {
        throw new IllegalArgumentException(
            "--set " + setting + ": expected option=value, such as prompts.count=20");
      }
      var source = "--set " + setting;
      var text = setting.substring(equals + 1);
      JsonNode value = text.isBlank() ? StringNode.valueOf("") : SpecText.readYaml(text, source);
      var part = value;
      for (var key : List.of(setting.substring(0, equals).split("\\.", -1)).reversed()) {
        part = SpecText.TREES.createObjectNode().set(key, part);
      }
      var one = (ObjectNode) part;
      if (one.has(STUDY)) {
        throw new IllegalArgumentException(
            source + ": the study itself cannot be set; name another");
      }
      check(one, source);
      overlay(all, one);
    }
    return with(all, "--set " + String.join(" --set ", settings));
  }

  /** Checks options and takes them over; those that are not named keep what they are. */
  private StudySpec with(ObjectNode given, String source) {
    check(given, source);
    var whole = tree();
    overlay(whole, given);
    var newModel = bind(whole.path(MODEL), ModelSpec.class, source, MODEL + ".");
    whole.remove(FIXED);
    return new StudySpec(newModel, bind(whole, study.getClass(), source, ""));
  }

  private void check(ObjectNode given, String source) {
    var check = new OptionCheck(source);
    check.part(given, study.getClass(), FIXED);
    if (given.has(MODEL)) {
      if (given.path(MODEL).isString()) {
        given.set(MODEL, SpecText.TREES.createObjectNode().set("name", given.path(MODEL)));
      }
      var part = SpecText.TREES.createObjectNode().set(MODEL, given.path(MODEL));
      check.part(part, Beside.class, List.of());
    }
  }

  /** What stands beside the options of every study, so that it is checked like these. */
  private record Beside(ModelSpec model) {}

  private static void overlay(ObjectNode base, ObjectNode over) {
    for (var entry : over.properties()) {
      if (base.path(entry.getKey()) instanceof ObjectNode inner
          && entry.getValue() instanceof ObjectNode more) {
        overlay(inner, more);
      } else {
        base.set(entry.getKey(), entry.getValue().deepCopy());
      }
    }
  }

  private static <T> T bind(JsonNode tree, Class<T> type, String source, String prefix) {
    try {
      return SpecText.TREES.treeToValue(tree, type);
    } catch (JacksonException e) {
      // What a record says of its own components is the best account.
      var cause = e.getCause();
      var message =
          cause != null && cause.getMessage() != null ? cause.getMessage() : e.getOriginalMessage();
      var path =
          prefix
              + e.getPath().stream()
                  .map(it ->
                      it.getPropertyName() == null
                          ? "[" + it.getIndex() + "]"
                          : "." + it.getPropertyName())
                  .collect(Collectors.joining())
                  .replaceFirst("^\\.", "");
      var at = path.replaceFirst("\\.$", "");
      // Some records say themselves what they are called.
      boolean isNamed = message.startsWith(at.substring(at.lastIndexOf('.') + 1) + ": ");
      var owner = isNamed ? at.substring(0, Math.max(0, at.lastIndexOf('.'))) : at;
      throw new IllegalArgumentException(
          source + ": " + owner + (owner.isEmpty() ? "" : isNamed ? "." : ": ") + message, e);
    }
  }

  /** Returns it as a tree in which every option is spelled out. */
  ObjectNode tree() {
    var tree = SpecText.TREES.createObjectNode();
    tree.put(STUDY, study.name());
    tree.set(MODEL, SpecText.TREES.valueToTree(model));
    ObjectNode options = SpecText.TREES.valueToTree(study);
    tree.setAll(options);
    return tree;
  }

  /** Returns it as YAML in which every option is spelled out; it reads back as an equal one. */
  public String yaml() {
    return SpecText.yaml(tree());
  }

  /** Returns the seeds among its options, by their dotted names. */
  Map<String, Long> seeds() {
    var seeds = new LinkedHashMap<String, Long>();
    Scalars.of(tree())
        .forEach((path, value) -> {
          if (path.matches("(.*[._])?seed") && value.isIntegralNumber()) {
            seeds.put(path, value.asLong());
          }
        });
    return seeds;
  }
}
