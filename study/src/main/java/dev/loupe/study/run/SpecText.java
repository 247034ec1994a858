package dev.loupe.study.run;

import com.fasterxml.jackson.annotation.JsonAutoDetect.Visibility;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.cfg.MapperBuilder;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLMapper;
import tools.jackson.dataformat.yaml.YAMLParser;
import tools.jackson.dataformat.yaml.YAMLReadFeature;
import tools.jackson.dataformat.yaml.YAMLWriteFeature;
import tools.jackson.dataformat.yaml.util.StringQuotingChecker;

/** Specifications as text and as trees: YAML, JSON, and the records that they stand for. */
final class SpecText {
  /** Turns records into trees and back: components in snake_case, nothing converted silently. */
  static final JsonMapper TREES =
      strict(JsonMapper.builder())
          .propertyNamingStrategy(new SnakeCase())
          // Records are their components; what other methods they have is theirs.
          .changeDefaultVisibility(checker ->
              checker
                  .withFieldVisibility(Visibility.ANY)
                  .withGetterVisibility(Visibility.NONE)
                  .withIsGetterVisibility(Visibility.NONE))
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
          .disable(MapperFeature.SORT_CREATOR_PROPERTIES_FIRST)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .build();

  private static final JsonMapper JSON =
      strict(JsonMapper.builder()).enable(SerializationFeature.INDENT_OUTPUT).build();

  private static final YAMLMapper YAML =
      strict(
              YAMLMapper.builder(
                  YAMLFactory.builder()
                      .stringQuotingChecker(new Quotes())
                      .disable(YAMLReadFeature.EMPTY_STRING_AS_NULL)
                      .disable(YAMLWriteFeature.WRITE_DOC_START_MARKER)
                      .disable(YAMLWriteFeature.SPLIT_LINES)
                      .enable(YAMLWriteFeature.MINIMIZE_QUOTES)
                      .build()))
          .build();

  private SpecText() {}

  private static <M extends ObjectMapper, B extends MapperBuilder<M, B>> B strict(B builder) {
    return builder
        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
        .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  }

  /** Returns a tree as YAML, which {@link #read} reads as the same tree. */
  static String yaml(JsonNode tree) {
    return YAML.writeValueAsString(tree);
  }

  /**
   * Reads YAML, or JSON where the name of the source ends in {@code .json}.
   *
   * @throws IllegalArgumentException if it is neither, naming line and column
   */
  static JsonNode read(String text, String source) {
    return read(text, source, source.toLowerCase(Locale.ROOT).endsWith(".json"));
  }

  /** Reads YAML, whatever its source is called: {@code --set file=words.json} is none in JSON. */
  static JsonNode readYaml(String text, String source) {
    return read(text, source, false);
  }

  private static JsonNode read(String text, String source, boolean isJson) {
    try {
      if (!isJson) {
        refuseAliases(text, source);
      }
      return (isJson ? JSON : YAML).readTree(text);
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          source + place(e) + ": no valid " + (isJson ? "JSON" : "YAML") + ": " + plain(e), e);
    }
  }

  /** An alias would be read as its name. */
  private static void refuseAliases(String text, String source) {
    try (var parser = YAML.createParser(text)) {
      while (parser.nextToken() != null) {
        if (parser instanceof YAMLParser yaml && yaml.isCurrentAlias()) {
          var at = parser.currentTokenLocation();
          throw new IllegalArgumentException(
              source
                  + ", line "
                  + at.getLineNr()
                  + ", column "
                  + at.getColumnNr()
                  + ": *"
                  + parser.getString()
                  + " refers to another value: write the value itself");
        }
      }
    }
  }

  private static String place(JacksonException e) {
    var at = e.getLocation();
    return at == null || at.getLineNr() < 1
        ? ""
        : ", line " + at.getLineNr() + ", column " + at.getColumnNr();
  }

  /** The parser's message without its own account of the place, which is indented. */
  private static String plain(JacksonException e) {
    return e.getOriginalMessage()
        .lines()
        .filter(line -> !line.isBlank() && !line.startsWith(" "))
        .map(String::strip)
        .collect(Collectors.joining(", "));
  }

  /**
   * Returns a component's name as it stands in a specification: topSInhibition, top_s_inhibition.
   */
  static String snake(String name) {
    return name.replaceAll("(?<=[^A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_")
        .toLowerCase(Locale.ROOT);
  }

  /** Jackson's own joins a single capital with the next: top_sinhibition. */
  private static final class SnakeCase extends PropertyNamingStrategies.NamingBase {
    private static final long serialVersionUID = 1L;

    @Override
    public String translate(String name) {
      return snake(name);
    }
  }

  /** Leaves the quotes off texts that cannot be taken for anything else. */
  private static final class Quotes extends StringQuotingChecker {
    private static final long serialVersionUID = 1L;
    private static final Set<String> RESERVED =
        Set.of("true", "false", "null", "yes", "no", "on", "off", "y", "n", "inf", "nan");

    @Override
    public boolean needToQuoteName(String name) {
      return needToQuoteValue(name);
    }

    @Override
    public boolean needToQuoteValue(String value) {
      return !value.matches("[A-Za-z]([A-Za-z0-9_./ -]*[A-Za-z0-9_./-])?")
          || RESERVED.contains(value.toLowerCase(Locale.ROOT));
    }
  }
}
