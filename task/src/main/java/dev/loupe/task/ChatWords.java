package dev.loupe.task;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.errors.OpenAIException;
import com.openai.errors.OpenAIServiceException;
import com.openai.models.ResponseFormatJsonSchema;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Asks any OpenAI-compatible chat endpoint for the words of syllogisms. The key is used for nothing
 * but the request: it is in no message, text or file.
 */
public final class ChatWords {
  /** The environment variable with the endpoint's address, such as {@code http://localhost/v1}. */
  public static final String URL = "OPENAI_BASE_URL";

  /** The environment variable with the key. */
  public static final String KEY = "OPENAI_API_KEY";

  private static final String OFFICIAL = "https://api.openai.com/v1";
  // Shorter keys are what endpoints that ask for none are given; words may have their letters.
  private static final int SECRET = 8;
  private static final JsonMapper MAPPER = JsonMapper.shared();

  private final ChatOptions options;
  private final String address;
  private final String key;

  private ChatWords(ChatOptions options, String address, String key) {
    this.options = options;
    this.address = address;
    this.key = key;
  }

  /**
   * Asks for words. What comes back is data: keep it ({@link SyllogismWords#json}), since the next
   * answer is another. Words are taken in lower case and once; what is no word is left out.
   *
   * @param environment usually {@code System.getenv()}; without an address there, OpenAI's own
   * @throws IllegalArgumentException if there is no key, or the address is none
   * @throws IllegalStateException if the endpoint cannot be reached, refuses, or answers nothing
   *     that can be used, after the retries
   */
  public static SyllogismWords ask(ChatOptions options, Map<String, String> environment) {
    var key = environment.getOrDefault(KEY, "").strip();
    if (key.isEmpty()) {
      throw new IllegalArgumentException(
          "no key for the chat endpoint: put it into the environment variable "
              + KEY
              + " (any text where the endpoint asks for none)");
    }
    if (!key.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      throw new IllegalArgumentException(
          "the key in " + KEY + " has characters that no request can carry; expected plain ASCII");
    }
    var given = environment.getOrDefault(URL, "").strip();
    var address = given.isEmpty() ? OFFICIAL : given;
    checkAddress(address);
    return new ChatWords(options, address, key).ask();
  }

  private static void checkAddress(String address) {
    try {
      var uri = new URI(address);
      var scheme = String.valueOf(uri.getScheme());
      // Names and passwords in an address would be repeated in messages.
      if (Set.of("http", "https").contains(scheme)
          && uri.getHost() != null
          && uri.getRawUserInfo() == null
          && uri.getRawQuery() == null) {
        return;
      }
    } catch (URISyntaxException _) {
      // Told below, without the address: it may hold what is secret.
    }
    throw new IllegalArgumentException(
        "the environment variable "
            + URL
            + ": expected an address such as "
            + OFFICIAL
            + ", without user, password or query");
  }

  private SyllogismWords ask() {
    var client =
        OpenAIOkHttpClient.builder()
            .baseUrl(address)
            .apiKey(key)
            .timeout(options.timeout())
            .maxRetries(options.retries())
            .build();
    try {
      var problem = "";
      for (int attempt = 0; attempt <= options.retries(); attempt++) {
        try {
          return words(answer(client));
        } catch (IllegalArgumentException e) {
          problem = String.valueOf(e.getMessage());
        }
      }
      throw failed(
          "gave no words that can be used, asked %d times: %s"
              .formatted(options.retries() + 1, problem));
    } finally {
      client.close();
    }
  }

  private String answer(OpenAIClient client) {
    try {
      return client.chat().completions().create(request()).choices().stream()
          .flatMap(choice -> choice.message().content().stream())
          .findFirst()
          .orElse("");
    } catch (OpenAIServiceException e) {
      throw switch (e.statusCode()) {
        case 401, 403 -> failed("refuses the key in " + KEY + " (" + e.statusCode() + ")");
        case 404 -> failed("has no model '" + options.model() + "', or no chat there (404)");
        default -> failed("answers " + e.statusCode() + ": " + e.getMessage());
      };
    } catch (OpenAIException e) {
      throw failed("cannot be asked within " + options.timeout() + ": " + reason(e));
    }
  }

  private static String reason(Throwable problem) {
    var cause = problem.getCause();
    return problem.getMessage() + (cause == null ? "" : ": " + cause.getMessage());
  }

  /** Makes an error without a cause: an answer may repeat the key, and a stack trace with it. */
  private IllegalStateException failed(String problem) {
    return new IllegalStateException(
        hidden("the chat endpoint " + address + " " + problem).strip());
  }

  private String hidden(String text) {
    return text.replace(key, "[the key]");
  }

  private ChatCompletionCreateParams request() {
    return ChatCompletionCreateParams.builder()
        .model(options.model())
        .addSystemMessage("You write word lists. You answer with JSON and nothing else.")
        .addUserMessage(question())
        .responseFormat(
            ResponseFormatJsonSchema.builder()
                .jsonSchema(
                    ResponseFormatJsonSchema.JsonSchema.builder()
                        .name("words")
                        .strict(true)
                        .schema(schema())
                        .build())
                .build())
        .build();
  }

  private String question() {
    return """
    I make sentences such as "All reptiles are cold, not warm. Lizards are reptiles. Therefore, \
    lizards are". Give me common English words for them, in lower case, each once:
    categories: %d plural nouns for kinds of things, such as reptiles;
    descriptors: %d pairs of adjectives that mean the opposite of each other, such as warm and \
    cold, among them some of three parts such as warm-blooded and cold-blooded;
    nouns: %d plural nouns for things of such kinds, such as lizards.
    The form: {"categories": ["reptiles"], "descriptors": [["warm", "cold"]], "nouns": ["lizards"]}
    """
        .formatted(options.categories(), options.descriptors(), options.nouns());
  }

  private static ResponseFormatJsonSchema.JsonSchema.Schema schema() {
    var words = Map.of("type", "array", "items", Map.of("type", "string"));
    var properties =
        Map.of(
            "categories", words,
            "descriptors", Map.of("type", "array", "items", words),
            "nouns", words);
    return ResponseFormatJsonSchema.JsonSchema.Schema.builder()
        .putAdditionalProperty("type", JsonValue.from("object"))
        .putAdditionalProperty("properties", JsonValue.from(properties))
        .putAdditionalProperty(
            "required", JsonValue.from(List.of("categories", "descriptors", "nouns")))
        .putAdditionalProperty("additionalProperties", JsonValue.from(false))
        .build();
  }

  /**
   * Takes the words of an answer.
   *
   * @throws IllegalArgumentException if it is no JSON, or a list is missing or without words
   */
  private SyllogismWords words(String answer) {
    if (key.length() >= SECRET && answer.contains(key)) {
      throw new IllegalArgumentException("the answer repeats the key");
    }
    // Models without strict JSON put fences around it.
    int from = answer.indexOf('{');
    int to = answer.lastIndexOf('}');
    if (from < 0 || to < from) {
      throw new IllegalArgumentException("no JSON object in the answer: " + cut(answer));
    }
    JsonNode json;
    try {
      json = MAPPER.readTree(answer.substring(from, to + 1));
    } catch (JacksonException e) {
      throw new IllegalArgumentException("not JSON: " + cut(answer), e);
    }
    return new SyllogismWords(list(json, "categories"), pairs(json), list(json, "nouns"));
  }

  private static List<String> list(JsonNode json, String field) {
    return entries(json, field).flatMap(ChatWords::word).distinct().toList();
  }

  private static List<Opposites> pairs(JsonNode json) {
    var pairs = new LinkedHashMap<Set<String>, Opposites>();
    entries(json, "descriptors")
        .map(pair -> pair.values().stream().flatMap(ChatWords::word).toList())
        .filter(pair -> pair.size() == 2 && new LinkedHashSet<>(pair).size() == 2)
        .forEach(pair -> pairs.putIfAbsent(Set.copyOf(pair), Opposites.of(pair)));
    return List.copyOf(pairs.values());
  }

  private static Stream<JsonNode> entries(JsonNode json, String field) {
    if (!json.path(field).isArray()) {
      throw new IllegalArgumentException("the answer has no list '" + field + "'");
    }
    return json.path(field).values().stream();
  }

  private static Stream<String> word(JsonNode node) {
    return Stream.of(node)
        .filter(JsonNode::isString)
        .map(it -> it.stringValue().strip().toLowerCase(Locale.ROOT))
        .filter(Words::isWord);
  }

  private static String cut(String text) {
    int most = 200;
    return text.length() <= most ? "'" + text + "'" : "'" + text.substring(0, most) + "...'";
  }

  /** Names the endpoint and nothing secret. */
  @Override
  public String toString() {
    return "ChatWords[" + options.model() + " at " + address + "]";
  }
}
