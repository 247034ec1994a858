package dev.loupe.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Asks a stand-in on this machine, which repeats the key wherever it can. */
class ChatWordsTest {
  private static final String KEY = "sk-0123-top-secret";
  private static final JsonMapper MAPPER = JsonMapper.shared();
  private static final String WORDS =
      """
      {"categories": ["Reptiles", " birds ", "birds", "x9"],
       "descriptors": [["warm", "cold"], ["cold", "warm"], ["one"], ["same", "same"], 3],
       "nouns": ["lizards", "robins", ""]}
      """;
  private static final ChatOptions OPTIONS =
      ChatOptions.of("some-model").withLimits(Duration.ofSeconds(20), 1);

  private record Reply(int status, String content, Duration delay) {}

  private final List<JsonNode> requests = Collections.synchronizedList(new ArrayList<>());
  private final List<String> authorizations = Collections.synchronizedList(new ArrayList<>());
  private final ArrayDeque<Reply> replies = new ArrayDeque<>();
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final PrintStream out = System.out;
  private final PrintStream err = System.err;
  private HttpServer server;
  private ExecutorService threads;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/v1/chat/completions", this::answer);
    threads = Executors.newCachedThreadPool();
    server.setExecutor(threads);
    server.start();
    var both = new PrintStream(printed, true, StandardCharsets.UTF_8);
    System.setOut(both);
    System.setErr(both);
  }

  @AfterEach
  void stop() {
    System.setOut(out);
    System.setErr(err);
    server.stop(0);
    threads.shutdownNow();
    assertThat(printed.toString(StandardCharsets.UTF_8)).doesNotContain(KEY);
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      requests.add(MAPPER.readTree(exchange.getRequestBody().readAllBytes()));
      authorizations.add(exchange.getRequestHeaders().getFirst("Authorization"));
      Reply reply;
      synchronized (replies) {
        reply = replies.size() > 1 ? replies.removeFirst() : replies.getFirst();
      }
      Thread.sleep(reply.delay());
      var body = body(reply).getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.getResponseHeaders().set("Retry-After-Ms", "10");
      exchange.sendResponseHeaders(reply.status(), body.length);
      exchange.getResponseBody().write(body);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String body(Reply reply) {
    var json = MAPPER.createObjectNode();
    if (reply.status() != 200) {
      json.putObject("error")
          .put("message", "Incorrect API key or trouble: " + KEY)
          .put("type", "server")
          .put("code", KEY);
      return json.toString();
    }
    json.put("id", "1")
        .put("object", "chat.completion")
        .put("created", 1)
        .put("model", "some-model");
    var choice = json.putArray("choices").addObject().put("index", 0).put("finish_reason", "stop");
    choice.putObject("message").put("role", "assistant").put("content", reply.content());
    return json.toString();
  }

  private void reply(int status, String content) {
    replies.add(new Reply(status, content, Duration.ZERO));
  }

  private Map<String, String> environment() {
    return Map.of(
        "OPENAI_API_KEY",
        KEY,
        "OPENAI_BASE_URL",
        "http://localhost:" + server.getAddress().getPort() + "/v1");
  }

  private Throwable failure(ChatOptions options, Map<String, String> environment) {
    var thrown = catchThrowable(() -> ChatWords.ask(options, environment));
    var trace = new StringWriter();
    thrown.printStackTrace(new PrintWriter(trace));
    assertThat(trace.toString()).doesNotContain(KEY);
    return thrown;
  }

  @Test
  void takesTheWordsOfAnAnswer() {
    reply(200, WORDS);
    var words = ChatWords.ask(OPTIONS, environment());
    assertThat(words)
        .isEqualTo(
            new SyllogismWords(
                List.of("reptiles", "birds"),
                List.of(new Opposites("warm", "cold")),
                List.of("lizards", "robins")));
    assertThat(authorizations).containsExactly("Bearer " + KEY);
    var request = requests.getFirst();
    assertThat(request.path("model").asString()).isEqualTo("some-model");
    assertThat(request.path("response_format").path("type").asString()).isEqualTo("json_schema");
    var schema = request.path("response_format").path("json_schema");
    assertThat(schema.path("strict").asBoolean()).isTrue();
    assertThat(schema.path("schema").path("required").size()).isEqualTo(3);
    assertThat(request.toString()).contains("40 plural nouns").doesNotContain(KEY);
    assertThat(words.json() + words + OPTIONS + new WordSource.Chat(OPTIONS)).doesNotContain(KEY);
    assertThat(new WordSource.Chat(OPTIONS).words(Path::of, environment())).isEqualTo(words);
  }

  /** Endpoints on one's own machine take any text, and words have its letters. */
  @Test
  void aKeyThatIsNoSecretMayBeInTheWords() {
    var environment = new HashMap<>(environment());
    environment.put("OPENAI_API_KEY", "x");
    reply(200, WORDS.replace("lizards", "foxes"));
    assertThat(ChatWords.ask(OPTIONS, environment).nouns()).containsExactly("foxes", "robins");
  }

  @Test
  void asksAgainAfterAnAnswerThatCannotBeUsed() {
    reply(200, "I would rather not.");
    reply(200, "```json\n" + WORDS + "```");
    assertThat(ChatWords.ask(OPTIONS, environment()).nouns()).containsExactly("lizards", "robins");
    assertThat(requests).hasSize(2);
  }

  @Test
  void saysWhatWasWrongWithTheAnswers() {
    var wrong =
        Map.of(
            "I would rather not.",
            "no JSON object in the answer: 'I would rather not.'",
            "{\"categories\": [}",
            "not JSON",
            "{\"categories\": [\"birds\"]}",
            "the answer has no list 'descriptors'",
            "{\"categories\": [\"7\"], \"descriptors\": [], \"nouns\": []}",
            "0 categories",
            "{\"categories\": [\"" + KEY + "\"]}",
            "the answer repeats the key",
            "",
            "no JSON object in the answer");
    wrong.forEach((content, message) -> {
      replies.clear();
      reply(200, content);
      assertThat(failure(OPTIONS, environment()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("gave no words that can be used, asked 2 times")
          .hasMessageContaining(message);
    });
  }

  @Test
  void saysThatTheKeyIsRefused() {
    reply(401, "");
    assertThat(failure(OPTIONS, environment()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageMatching(
            "the chat endpoint http://localhost:\\d+/v1 refuses the key in OPENAI_API_KEY \\(401\\)");
    assertThat(requests).hasSize(1);
  }

  @Test
  void asksAgainWhereTheEndpointFails() {
    reply(500, "");
    reply(200, WORDS);
    assertThat(ChatWords.ask(OPTIONS, environment()).categories()).hasSize(2);
    assertThat(requests).hasSize(2);
  }

  @Test
  void givesUpAfterTheRetries() {
    reply(500, "");
    assertThat(failure(OPTIONS, environment()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("answers 500")
        .hasMessageContaining("[the key]");
    assertThat(requests).hasSize(2);
  }

  @Test
  void doesNotWaitLongerThanItIsTold() {
    replies.add(new Reply(200, WORDS, Duration.ofSeconds(30)));
    assertThat(failure(OPTIONS.withLimits(Duration.ofMillis(300), 0), environment()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("cannot be asked within PT0.3S");
    assertThat(requests).hasSize(1);
  }

  @Test
  void saysThatThereIsNoEndpoint() {
    server.stop(0);
    assertThat(failure(OPTIONS, environment()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("cannot be asked");
  }

  @Test
  void needsAKeyAndAnAddress() {
    for (var environment : List.of(Map.<String, String>of(), Map.of("OPENAI_API_KEY", " "))) {
      assertThatThrownBy(() -> ChatWords.ask(OPTIONS, environment))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("OPENAI_API_KEY");
    }
    for (var address :
        List.of(
            "localhost",
            "ftp://x/v1",
            "http:// x",
            "http://u:" + KEY + "@x/v1",
            "http://x?k=" + KEY)) {
      assertThat(failure(OPTIONS, Map.of("OPENAI_API_KEY", KEY, "OPENAI_BASE_URL", address)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("OPENAI_BASE_URL: expected an address such as https://");
    }
    assertThat(failure(OPTIONS, Map.of("OPENAI_API_KEY", KEY + "\n\u00e9")))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void refusesBadOptions() {
    assertThatThrownBy(() -> ChatOptions.of(" ")).hasMessageContaining("chat model");
    assertThatThrownBy(() -> OPTIONS.withLimits(Duration.ZERO, 0)).hasMessageContaining("timeout");
    assertThatThrownBy(() -> OPTIONS.withLimits(Duration.ofSeconds(1), 11))
        .hasMessageContaining("11 retries");
  }
}
