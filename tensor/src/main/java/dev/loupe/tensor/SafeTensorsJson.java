package dev.loupe.tensor;

import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonParser.NumberType;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;

/**
 * Reads the JSON object of a header or of an index token by token, so that nothing is coerced and
 * nothing nested is built: what is not the expected token is refused where it stands.
 */
final class SafeTensorsJson {
  private static final JsonFactory FACTORY =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final Path file;
  private final String document;
  private final JsonParser parser;
  private @Nullable String tensor;

  private SafeTensorsJson(Path file, String document, JsonParser parser) {
    this.file = file;
    this.document = document;
    this.parser = parser;
  }

  /**
   * Reads one object that fills {@code text}.
   *
   * @param document what it is, for messages: {@code header}
   * @param onField called at each field with its name; reads or skips the value
   */
  static void readObject(
      Path file, String document, byte[] text, BiConsumer<SafeTensorsJson, String> onField) {
    // A decoder that reports: Jackson's own is lenient, and would take NULs for UTF-16.
    var chars =
        new InputStreamReader(new ByteArrayInputStream(text), StandardCharsets.UTF_8.newDecoder());
    try (var parser = FACTORY.createParser(ObjectReadContext.empty(), chars)) {
      var json = new SafeTensorsJson(file, document, parser);
      try {
        parser.nextToken();
        json.object("its content", name -> onField.accept(json, name));
        if (parser.nextToken() != null) {
          throw json.refusal("has more behind the end of its object");
        }
      } catch (JacksonException e) {
        throw json.notJson(e);
      }
    }
  }

  /** Names the tensor that refusals are about from here on. */
  void about(@Nullable String name) {
    tensor = name;
  }

  SafeTensorsException refusal(String reason) {
    String subject = tensor == null ? document : "tensor " + SafeTensorsException.quoted(tensor);
    return new SafeTensorsException(file, subject + " " + reason);
  }

  /** Moves to the value of the field just named. */
  void toValue() {
    parser.nextToken();
  }

  /** Reads the object that the parser stands on. */
  void object(String what, Consumer<String> onField) {
    expect(JsonToken.START_OBJECT, what, "an object");
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      onField.accept(unicode(parser.currentName()));
    }
  }

  /** Reads the array that the parser stands on. */
  void array(String what, Runnable onElement) {
    expect(JsonToken.START_ARRAY, what, "an array");
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      onElement.run();
    }
  }

  String string(String what) {
    expect(JsonToken.VALUE_STRING, what, "a string");
    return unicode(parser.getString());
  }

  // JSON can escape half a surrogate pair, which no UTF-8 file could hold otherwise.
  private String unicode(String text) {
    if (!isUnicode(text)) {
      throw refusal("has a text with half a surrogate pair, which is not valid Unicode");
    }
    return text;
  }

  static boolean isUnicode(String text) {
    return StandardCharsets.UTF_8.newEncoder().canEncode(text);
  }

  /** Reads an integer from 0 to 2^63 - 1, written as one. */
  long natural(String what) {
    expect(JsonToken.VALUE_NUMBER_INT, what, "a non-negative integer");
    String digits = parser.getString();
    if (digits.startsWith("-")) {
      throw refusal("has " + shown() + " as " + what + "; expected a non-negative integer");
    }
    if (parser.getNumberType() == NumberType.BIG_INTEGER) {
      throw refusal("has " + shown() + " as " + what + ", which is above 2^63 - 1");
    }
    return parser.getLongValue();
  }

  void skip() {
    parser.skipChildren();
  }

  private void expect(JsonToken token, String what, String expected) {
    if (parser.currentToken() != token) {
      throw refusal("has " + shown() + " as " + what + "; expected " + expected);
    }
  }

  private String shown() {
    var token = parser.currentToken();
    return switch (token) {
      case null -> "nothing";
      case START_OBJECT -> "an object";
      case START_ARRAY -> "an array";
      case VALUE_STRING -> SafeTensorsException.quoted(parser.getString());
      default -> SafeTensorsException.shown(parser.getString());
    };
  }

  private SafeTensorsException notJson(JacksonException e) {
    if (e.getCause() instanceof CharacterCodingException) {
      return new SafeTensorsException(file, document + " is not valid UTF-8", e);
    }
    var at = e.getLocation();
    String where = at == null ? "" : " (at character " + at.getCharOffset() + ")";
    var subject = tensor == null ? "" : " at tensor " + SafeTensorsException.quoted(tensor);
    // Jackson quotes names in full.
    String reason = SafeTensorsException.shown(e.getOriginalMessage());
    return new SafeTensorsException(
        file, document + " is not valid JSON" + subject + ": " + reason + where, e);
  }
}
