package dev.loupe.study.syllogism;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.loupe.model.RandomModels;
import dev.loupe.model.WeightProcessing;
import dev.loupe.study.StudyContext;
import dev.loupe.study.behaviour.BehaviourOptions;
import dev.loupe.study.behaviour.PathOptions;
import dev.loupe.task.ChatWords;
import dev.loupe.task.Opposites;
import dev.loupe.task.SyllogismWords;
import dev.loupe.task.WordSource;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.yaml.YAMLMapper;

class SyllogismOptionsTest {
  private static final YAMLMapper YAML =
      YAMLMapper.builder().propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE).build();

  @Test
  void yamlReadsBackWhatItWrites() {
    var standard = Syllogism.standard();
    var listed =
        standard.withWords(
            new WordSource.Listed(
                new SyllogismWords(
                    List.of("birds"), List.of(new Opposites("big", "small")), List.of("robins")),
                "chat:some-model"));
    for (var study : List.of(standard, listed)) {
      assertThat(YAML.readValue(YAML.writeValueAsString(study), Syllogism.class)).isEqualTo(study);
    }
    assertThat(YAML.writeValueAsString(standard))
        .contains("words: \"shipped\"", "heads_by_position: \"auto\"", "clean_above: 2.0");
  }

  @Test
  void wordsOfAnEndpointAreListed() throws IOException {
    var given =
        "{\"categories\": [\"birds\"], \"descriptors\": [[\"big\", \"small\"]], \"nouns\": [\"robins\"]}";
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/v1/chat/completions", exchange -> answer(exchange, given));
    server.start();
    try {
      var environment =
          Map.of(
              ChatWords.URL,
              "http://localhost:" + server.getAddress().getPort() + "/v1",
              ChatWords.KEY,
              "sk-secret");
      var config = RandomModels.family("gpt2");
      try (var model = RandomModels.model(config, 1, WeightProcessing.none())) {
        var context = StudyContext.of(model);
        var asked = Syllogism.standard().withWords(WordSource.parse("chat:some-model"));
        var settled = asked.settled(context, environment);
        assertThat(settled.words())
            .isEqualTo(
                new WordSource.Listed(
                    new SyllogismWords(
                        List.of("birds"),
                        List.of(new Opposites("big", "small")),
                        List.of("robins")),
                    "chat:some-model"));
        assertThat(settled.settled(context, Map.of())).isEqualTo(settled);
        assertThat(YAML.writeValueAsString(settled)).doesNotContain("sk-secret", "localhost");
      }
    } finally {
      server.stop(0);
    }
  }

  private static void answer(HttpExchange exchange, String content) throws IOException {
    try (exchange) {
      exchange.getRequestBody().readAllBytes();
      var body =
          JsonMapper.shared()
              .writeValueAsBytes(
                  Map.of(
                      "id", "1",
                      "object", "chat.completion",
                      "created", 1,
                      "model", "some-model",
                      "choices",
                          List.of(
                              Map.of(
                                  "index",
                                  0,
                                  "finish_reason",
                                  "stop",
                                  "message",
                                  Map.of("role", "assistant", "content", content)))));
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(200, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  @Test
  void wrongOptionsSayWhatWasExpected() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new PathOptions(1, List.of("x"), 1, 0, List.of()))
        .withMessageContaining("inputs [x]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new PathOptions(1, List.of("q"), 1, 0, List.of(List.of("L9H6"))))
        .withMessageContaining("receiver \"L9H6\"");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new PathOptions(1, List.of("q"), 1, 0, List.of(List.of(), List.of())))
        .withMessageContaining("1 levels with receivers of 2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new BehaviourOptions.KnockOut(List.of("9.6"), 1))
        .withMessageContaining("head \"9.6\"");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new BehaviourOptions.KnockOut(List.of("L9H6", "L9H6"), 1))
        .withMessageContaining("[L9H6, L9H6]");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new PathOptions(1, List.of("q"), 1, 0, List.of(List.of("k:L9H6", "k:L9H6"))))
        .withMessageContaining("[k:L9H6, k:L9H6]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Selection(Double.NaN, -2, 1))
        .withMessageContaining("clean_above NaN");
    var usual = BehaviourOptions.standard();
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            new BehaviourOptions(
                "auto", List.of("q"), "auto", 4, 2, usual.knockOut(), usual.paths()))
        .withMessageContaining("expected z among them");
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            new BehaviourOptions(
                "END", List.of("z"), "auto", 4, 2, usual.knockOut(), usual.paths()))
        .withMessageContaining("positions \"END\"");
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            new BehaviourOptions(
                "auto", List.of("z"), "z,out", 4, 2, usual.knockOut(), usual.paths()))
        .withMessageContaining("heads_by_position \"out\"");
  }
}
