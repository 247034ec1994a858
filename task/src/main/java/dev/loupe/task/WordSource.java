package dev.loupe.task;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.annotation.JsonValue;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Where the words of syllogisms come from. In a specification: {@code shipped}, {@code chat:MODEL},
 * the name of a file, or the words themselves ({@code {categories: [...], descriptors: [[...,
 * ...]], nouns: [...]}}).
 */
public sealed interface WordSource {
  /** What a text of a specification begins with before the name of a chat model. */
  String CHAT = "chat:";

  /** Where listed words say who gave them. */
  String FROM = "from";

  /** The lists that Loupe brings along. */
  record Shipped() implements WordSource {}

  /** A file of JSON, as {@link SyllogismWords#read} reads it. */
  record WordFile(String name) implements WordSource {}

  /** A chat endpoint; see {@link ChatWords}. Its limits are not part of a specification. */
  record Chat(ChatOptions options) implements WordSource {}

  /**
   * The words themselves, such as those that an endpoint gave.
   *
   * @param words the words
   * @param from who gave them, such as {@code chat:MODEL}; may be empty
   */
  record Listed(SyllogismWords words, String from) implements WordSource {}

  /**
   * Gets the words, from a file or the network where that is where they are.
   *
   * @param files finds a file by its name, such as {@code StudyContext::file}
   * @param environment where the address and the key of an endpoint are, usually {@code
   *     System.getenv()}
   * @throws IllegalArgumentException as {@link SyllogismWords#read} and {@link ChatWords#ask}
   * @throws IllegalStateException as {@link ChatWords#ask}
   */
  default SyllogismWords words(Function<String, Path> files, Map<String, String> environment) {
    return switch (this) {
      case Shipped() -> SyllogismWords.standard();
      case WordFile(var name) -> SyllogismWords.read(files.apply(name));
      case Chat(var options) -> ChatWords.ask(options, environment);
      case Listed(var words, _) -> words;
    };
  }

  /**
   * Parses a text of a specification.
   *
   * @throws IllegalArgumentException if it is blank, or names no chat model
   */
  static WordSource parse(String text) {
    if (text.isBlank()) {
      throw new IllegalArgumentException(
          "words '%s': expected shipped, chat:MODEL, or the name of a file".formatted(text));
    }
    if (text.equals("shipped")) {
      return new Shipped();
    }
    return text.startsWith(CHAT)
        ? new Chat(ChatOptions.of(text.substring(CHAT.length())))
        : new WordFile(text);
  }

  /**
   * Reads the form that {@link #json} gives.
   *
   * @throws IllegalArgumentException if it is neither text nor words
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  static WordSource of(JsonNode json) {
    if (json.isString()) {
      return parse(json.stringValue());
    }
    var from = json.path(FROM).asString("");
    var words = json instanceof ObjectNode object ? object.deepCopy().without(FROM) : json;
    return new Listed(SyllogismWords.of("words", words), from);
  }

  /** Returns the form of a specification: a text, or the words. */
  @JsonValue
  default Object json() {
    return switch (this) {
      case Shipped() -> "shipped";
      case WordFile(var name) -> name;
      case Chat(var options) -> CHAT + options.model();
      case Listed(var words, var from) -> from.isEmpty() ? words : new Given(from, words);
    };
  }

  /** Words and who gave them, side by side. */
  record Given(String from, @JsonUnwrapped SyllogismWords words) {}
}
