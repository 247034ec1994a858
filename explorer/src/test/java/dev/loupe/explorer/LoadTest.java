package dev.loupe.explorer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.model.HookedTransformer;
import dev.loupe.tensor.Resident;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Sixteen clients that click as fast as they are answered, for as many seconds as the system
 * property loupe.load.seconds says.
 */
@Timeout(600)
class LoadTest {
  private static final JsonMapper JSON = new JsonMapper();
  private static final int CLIENTS = 16;
  private static final int WARM_UP_SECONDS = 4;
  private static final long MOST_GROWTH = 150L << 20;

  /** One answer. */
  private record Answer(String kind, int status, double milliseconds, String problem) {}

  @Test
  void nobodyIsLetDownAndNothingGrows() throws Exception {
    int seconds = Integer.getInteger("loupe.load.seconds", 6);
    try (var model = HookedTransformer.load("demo");
        var explorer = Explorer.start(model, ExplorerOptions.standard().withPort(0));
        var http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      var site = URI.create("http://127.0.0.1:" + explorer.port() + "/api/");
      var questions = questions(http, site);
      clicking(http, site, questions, WARM_UP_SECONDS);
      long before = Resident.bytes();
      var answers = clicking(http, site, questions, seconds);
      long grown = Resident.bytes() - before;
      report(answers, seconds, grown);
      assertThat(answers.stream().map(Answer::problem).distinct()).containsOnly("");
      assertThat(answers.stream().map(Answer::status).distinct()).isSubsetOf(200, 503);
      assertThat(answers.stream().filter(answer -> answer.status() == 200).map(Answer::kind))
          .contains("view", "grid", "circuit");
      assertThat(grown).isLessThan(MOST_GROWTH);
      assertThat(ask(http, site, "view", questions.getFirst()).status()).isEqualTo(200);
    }
  }

  private static List<ObjectNode> questions(HttpClient http, URI site) throws Exception {
    var questions = new ArrayList<ObjectNode>();
    for (int seed = 0; seed < 3; seed++) {
      var answer =
          http.send(
              HttpRequest.newBuilder(site.resolve("examples?task=ioi&seed=" + seed)).build(),
              BodyHandlers.ofString());
      for (JsonNode example : JSON.readTree(answer.body()).path("examples")) {
        questions.add((ObjectNode) example);
      }
    }
    assertThat(questions).hasSize(15);
    return questions;
  }

  private static List<Answer> clicking(
      HttpClient http, URI site, List<ObjectNode> questions, int seconds) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    var clients = new ArrayList<Callable<List<Answer>>>();
    for (int client = 0; client < CLIENTS; client++) {
      var random = new SplittableRandom(client);
      clients.add(() -> {
        var answers = new ArrayList<Answer>();
        while (System.nanoTime() < end) {
          var question = questions.get(random.nextInt(questions.size())).deepCopy();
          var answer = ask(http, site, kind(random), changed(question, random));
          answers.add(answer);
          if (answer.status() == 503) {
            // Sooner than it is asked to: the server is to bear it.
            TimeUnit.MILLISECONDS.sleep(50);
          }
        }
        return answers;
      });
    }
    var answers = new ArrayList<Answer>();
    try (var threads = Executors.newFixedThreadPool(CLIENTS)) {
      for (var each : threads.invokeAll(clients)) {
        answers.addAll(each.get());
      }
    }
    return answers;
  }

  private static String kind(SplittableRandom random) {
    int roll = random.nextInt(20);
    return roll == 0 ? "circuit" : roll < 4 ? "grid" : "view";
  }

  private static ObjectNode changed(ObjectNode question, SplittableRandom random) {
    question.put("layer", random.nextInt(4)).put("head", random.nextInt(8));
    question.put(
        "grid", List.of("patching", "ablation", "attribution", "attention").get(random.nextInt(4)));
    question.putArray("nodes").add("a3.h" + random.nextInt(8)).add("m0");
    var interventions = question.putArray("interventions");
    for (int i = random.nextInt(4); i > 0; i--) {
      interventions
          .addObject()
          .put("point", "blocks.%d.attn.hook_z".formatted(random.nextInt(4)))
          .put("head", random.nextInt(8))
          .put("at", "all")
          .put("change", random.nextBoolean() ? "zero" : "patch");
    }
    return question;
  }

  private static Answer ask(HttpClient http, URI site, String kind, JsonNode question)
      throws IOException, InterruptedException {
    long start = System.nanoTime();
    var answer =
        http.send(
            HttpRequest.newBuilder(site.resolve(kind))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(question.toString()))
                .build(),
            BodyHandlers.ofString());
    double milliseconds = (System.nanoTime() - start) / 1e6;
    return new Answer(
        kind,
        answer.statusCode(),
        milliseconds,
        switch (answer.statusCode()) {
          case 200 -> whole(kind, answer.body());
          case 503 ->
              answer.headers().firstValue("Retry-After").orElse("").matches("[1-9]\\d?")
                      && JSON.readTree(answer.body()).path("error").isString()
                  ? ""
                  : "a 503 that says not when: " + answer.body();
          default -> answer.body();
        });
  }

  /** Returns what is wrong with an answer that claims to be whole. */
  private static String whole(String kind, String body) {
    var last = body.strip().lines().reduce("", (_, line) -> line);
    boolean fine =
        kind.equals("view")
            ? JSON.readTree(body).at("/metric/clean").isNumber()
            : JSON.readTree(last).path("type").asString("").equals("end");
    return fine ? "" : kind + " ends with " + last;
  }

  private static void report(List<Answer> answers, int seconds, long grown) {
    for (var kind : List.of("view", "grid", "circuit")) {
      var times =
          answers.stream()
              .filter(answer -> answer.kind().equals(kind) && answer.status() == 200)
              .map(Answer::milliseconds)
              .sorted()
              .toList();
      long refused =
          answers.stream()
              .filter(answer -> answer.kind().equals(kind) && answer.status() == 503)
              .count();
      System.out.println(
          String.format(
              Locale.ROOT,
              "explorer: %d clients for %d s, %s: %d answered (p50 %.0f ms, p99 %.0f ms), %d asked"
                  + " to wait; resident memory %+d MB",
              CLIENTS,
              seconds,
              kind,
              times.size(),
              quantile(times, .5),
              quantile(times, .99),
              refused,
              grown >> 20));
    }
  }

  private static double quantile(List<Double> sorted, double share) {
    return sorted.isEmpty()
        ? Double.NaN
        : sorted.get(Math.min(sorted.size() - 1, (int) (share * sorted.size())));
  }
}
