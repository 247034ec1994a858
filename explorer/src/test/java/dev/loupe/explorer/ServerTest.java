package dev.loupe.explorer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@Timeout(60)
class ServerTest {
  private static final JsonMapper JSON = new JsonMapper();

  private final FakeWorkbench workbench = new FakeWorkbench();
  private final ExecutorService clients = Executors.newCachedThreadPool();
  private Explorer explorer;
  private int port;

  @BeforeEach
  void start() {
    explorer = Explorer.start(workbench, ExplorerOptions.standard().withPort(0).withBounds(2, 1));
    port = explorer.port();
  }

  @AfterEach
  void stop() {
    workbench.permits.release(1000);
    explorer.close();
    clients.shutdownNow();
  }

  private Raw.Answer post(String path, String body, String... headers) throws IOException {
    return Raw.post(port, path, body, headers);
  }

  private Raw.Answer view(String what) throws IOException {
    return post("/api/view", "{\"do\": \"" + what + "\"}");
  }

  private Future<Raw.Answer> asked(String path, String body) {
    return clients.submit(() -> post(path, body));
  }

  private static JsonNode json(Raw.Answer answer) {
    assertThat(answer.header("Content-Type")).startsWith("application/json");
    return JSON.readTree(answer.body());
  }

  private static void settle() throws InterruptedException {
    Thread.sleep(150);
  }

  // ---- Answers

  @Test
  void theModelIsDescribedWithTheInstanceThatEveryAnswerNames() throws IOException {
    var answer = Raw.get(port, "/api/model");
    assertThat(json(answer).path("layers").asInt()).isEqualTo(2);
    assertThat(json(answer).path("instance").stringValue())
        .isEqualTo(answer.header("Loupe-Instance"))
        .isEqualTo(view("").header("Loupe-Instance"));
    assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
    try (var other = Explorer.start(new FakeWorkbench(), ExplorerOptions.standard().withPort(0))) {
      assertThat(Raw.get(other.port(), "/api/model").header("Loupe-Instance"))
          .isNotEqualTo(answer.header("Loupe-Instance"));
    }
  }

  @Test
  void everyRouteAsksTheWorkbench() throws IOException {
    assertThat(Raw.get(port, "/api/examples?task=ioi&seed=7").body())
        .contains("\"task\":\"ioi\"", "\"seed\":7");
    assertThat(post("/api/complete", "{\"start\": \" Ma\"}").body()).contains("[\" Ma!\"]");
    assertThat(post("/api/suggest", "{}").body()).contains("m0");
    assertThat(post("/api/export/study", "{}").body()).contains("explored.yaml");
    assertThat(post("/api/export/circuit", "{}").body()).contains("circuit.json");
    assertThat(post("/api/circuit", "{}").body()).isEqualTo("{\"type\":\"end\"}\n");
  }

  @Test
  void answersLeaveOutWhatIsAbsentAndHoldNoNumberThatIsNone() throws IOException {
    assertThat(post("/api/view", "{\"clean\": \"é😀<b>\"}").body())
        .isEqualTo("{\"number\":1.5,\"text\":\"é😀<b>\"}");
    assertThat(json(view("nan")).toString()).contains("\"value\":null", "\"values\":[1.5,null]");
  }

  // ---- Errors

  @Test
  void whatTheWorkbenchRefusesIsToldWithItsField() throws IOException {
    var refused = view("refuse");
    assertThat(refused.status()).isEqualTo(422);
    assertThat(refused.body())
        .isEqualTo("{\"error\":\"The clean text is empty.\",\"field\":\"clean\"}");
    var argument = view("argument");
    assertThat(argument.status()).isEqualTo(422);
    assertThat(argument.body()).isEqualTo("{\"error\":\"layer 9: expected 0 to 3\"}");
    assertThat(post("/api/grid", "{\"do\": \"refuse\"}").status()).isEqualTo(422);
  }

  @ParameterizedTest
  @CsvSource({"/api/examples,task", "/api/examples?task=ioi&seed=x,seed"})
  void parametersAreChecked(String target, String field) throws IOException {
    var answer = Raw.get(port, target);
    assertThat(answer.status()).isEqualTo(422);
    assertThat(json(answer).path("field").stringValue()).isEqualTo(field);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"start\": 5}", "{\"start\": null}", "{\"start\": [\"a\"]}"})
  void theBeginningOfATokenIsAText(String body) throws IOException {
    assertThat(json(post("/api/complete", body)).path("field").stringValue()).isEqualTo("start");
    var longText = "{\"start\": \"" + "a".repeat(201) + "\"}";
    assertThat(post("/api/complete", longText).status()).isEqualTo(422);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[1]",
        "5",
        "\"a\"",
        "{\"a\":1} x",
        "{\"a\":1,\"a\":2}",
        "{\"a\":NaN}",
        "{'a':1}"
      })
  void whatIsNoObjectOfJsonIsRefused(String body) throws IOException {
    var answer = post("/api/view", body);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(json(answer).path("error").stringValue()).contains("line 1, column");
  }

  @Test
  void anErrorOfJsonSaysWhereItIs() throws IOException {
    assertThat(post("/api/view", "{\n  \"clean\": nope\n}").body()).contains("line 2, column 1");
    var deep = "{\"a\":" + "[".repeat(5000) + "]".repeat(5000) + "}";
    assertThat(post("/api/view", deep).status()).isEqualTo(400);
    assertThat(workbench.views).hasValue(0);
  }

  @Test
  void whatIsTooLargeIsRefused() throws IOException {
    var most = "{\"clean\": \"" + "a".repeat(Server.MOST_BYTES - 13) + "\"}";
    assertThat(most).hasSize(Server.MOST_BYTES);
    assertThat(post("/api/view", most).status()).isEqualTo(200);
    var answer = post("/api/view", most + " ");
    assertThat(answer.status()).isEqualTo(413);
    assertThat(answer.body()).contains("64 KB");
    // Who does not say how much is coming is cut off as well.
    var chunk = Integer.toHexString(Server.MOST_BYTES + 1);
    var chunked = chunk + "\r\n" + most + " \r\n0\r\n\r\n";
    assertThat(post("/api/view", chunked, "Transfer-Encoding: chunked").status()).isEqualTo(413);
    assertThat(workbench.views).hasValue(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"bug", "memory", "overflow"})
  void whatGoesWrongInsideStaysInside(String what) throws IOException {
    var answer = view(what);
    assertThat(answer.status()).isEqualTo(500);
    assertThat(json(answer).path("error").stringValue()).endsWith(".");
    assertThat(answer.body()).doesNotContain("secret", "Exception", "Error", "dev.loupe", "\tat");
    assertThat(answer.body().contains("memory")).isEqualTo(what.equals("memory"));
    assertThat(view("").status()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({
    "GET /none,404",
    "GET /api/none,404",
    "POST /none,404",
    "GET /api,404",
    "GET /api/view,405",
    "POST /api/model,405",
    "POST /,405",
    "DELETE /api/view,405",
    "PUT /api/view,405"
  })
  void unknownAddressesAndMethodsAreRefusedInJson(String line, int status) throws IOException {
    var answer = Raw.ask(port, line + " HTTP/1.1", "");
    assertThat(answer.status()).isEqualTo(status);
    assertThat(json(answer).path("error").stringValue()).endsWith(".");
  }

  // ---- Files

  @Test
  void thePageAndItsFilesAreServed() throws IOException {
    assertThat(Raw.get(port, "/").body()).startsWith("<!doctype html>");
    assertThat(typeOf("/")).isEqualTo("text/html;charset=utf-8");
    assertThat(typeOf("/assets/main.js")).isEqualTo("text/javascript;charset=utf-8");
    assertThat(typeOf("/assets/explorer.css")).isEqualTo("text/css;charset=utf-8");
    assertThat(Raw.get(port, "/").header("Cache-Control")).isEqualTo("no-cache");
    assertThat(Raw.get(port, "/assets/main.js").header("Cache-Control")).isEqualTo("no-cache");
  }

  private String typeOf(String target) throws IOException {
    return Raw.get(port, target).header("Content-Type").replace(" ", "").toLowerCase(Locale.ROOT);
  }

  @Test
  void aFileThatIsKnownIsNotSentAgain() throws IOException {
    var tag = Raw.get(port, "/assets/main.js").header("ETag");
    assertThat(tag).matches("\"[0-9a-f]{32}\"");
    var again = Raw.get(port, "/assets/main.js", "If-None-Match: \"x\", " + tag);
    assertThat(again.status()).isEqualTo(304);
    assertThat(again.body()).isEmpty();
    assertThat(Raw.get(port, "/assets/main.js", "If-None-Match: \"x\"").status()).isEqualTo(200);
    assertThat(Raw.get(port, "/").header("ETag")).isNotEqualTo(tag);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/assets/",
        "/assets/..",
        "/assets/../index.html",
        "/assets/..%2f..%2fpom.xml",
        "/assets/%2e%2e/%2e%2e/pom.xml",
        "/assets/..;/pom.xml",
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/assets/..\\pom.xml",
        "/assets/main.js%00.html",
        "/assets/Explorer.class",
        "/assets/package-info.class",
        "/assets/question.test.js",
        "/dev/loupe/explorer/index.html",
        "/WEB-INF/web.xml",
        "/../../../../etc/passwd"
      })
  void noPathOfARequestReachesAFile(String target) throws IOException {
    var answer = Raw.get(port, target);
    assertThat(answer.status()).isIn(400, 404);
    assertThat(json(answer).path("error").stringValue()).isNotEmpty();
  }

  // ---- Streams

  @Test
  void aStreamIsALineAPiece() throws IOException {
    var answer = post("/api/grid", "{\"pieces\": 2}");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("Content-Type")).startsWith("application/x-ndjson");
    assertThat(answer.body().lines().map(line -> JSON.readTree(line).path("type").stringValue()))
        .containsExactly("start", "cells", "cells", "end");
  }

  @Test
  void whatGoesWrongInAStreamIsItsLastLine() throws IOException {
    var lines = post("/api/grid", "{\"do\": \"break\"}").body().lines().toList();
    assertThat(lines).hasSize(3);
    assertThat(lines.getLast())
        .startsWith("{\"type\":\"error\",\"error\":\"")
        .doesNotContain("secret");
  }

  @Test
  void linesArriveAsTheyComeAndAnAbortEndsTheStreamAtTheNextPiece() throws Exception {
    try (var client = open("/api/grid", "{\"do\": \"hold\", \"pieces\": 50}")) {
      var lines =
          new BufferedReader(
              new InputStreamReader(client.getInputStream(), StandardCharsets.UTF_8));
      await(lines, "\"start\"");
      workbench.permits.release(2);
      await(lines, "\"done\":1");
      // A click is answered while the stream is far from its end, between two pieces.
      var click = asked("/api/view", "{}");
      settle();
      assertThat(click.isDone()).as("answered while a piece is being computed").isFalse();
      workbench.permits.release();
      assertThat(click.get(10, TimeUnit.SECONDS).status()).isEqualTo(200);
      await(lines, "\"done\":2");
    }
    settle();
    workbench.permits.release(100);
    assertThat(workbench.ended.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(workbench.pieces.get()).isLessThanOrEqualTo(4);
    settle();
    // Its place is free again.
    assertThat(post("/api/circuit", "{}").status()).isEqualTo(200);
  }

  private Socket open(String path, String body) throws IOException {
    var client = Raw.connect(port);
    client.getOutputStream().write(Raw.request(port, "POST " + path + " HTTP/1.1", body));
    return client;
  }

  private static void await(BufferedReader lines, String text) throws IOException {
    for (var line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.contains(text)) {
        return;
      }
    }
    throw new AssertionError("the stream ended before " + text);
  }

  @Test
  void whoSendsMoreWhileWaitingIsNotGone() throws Exception {
    var body = "{\"do\": \"hold\"}";
    try (var client = open("/api/view", body)) {
      workbench.holding.acquire();
      client.getOutputStream().write("GET / HTTP/1.1\r\n".getBytes(StandardCharsets.UTF_8));
      settle();
      workbench.permits.release();
      var answer = new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answer).startsWith("HTTP/1.1 200").endsWith("\"text\":\"\"}");
    }
  }

  // ---- Queue

  @Test
  void whereTheQueueIsFullTheAnswerSaysWhenToComeBack() throws Exception {
    var first = asked("/api/view", "{\"do\": \"hold\"}");
    workbench.holding.acquire();
    var waiting = List.of(asked("/api/view", "{}"), asked("/api/view", "{}"));
    settle();
    var full = view("");
    assertThat(full.status()).isEqualTo(503);
    assertThat(Integer.parseInt(full.header("Retry-After"))).isBetween(1, 60);
    assertThat(json(full).path("error").stringValue()).contains("busy");
    // Who only looks is answered all the same.
    assertThat(Raw.get(port, "/").status()).isEqualTo(200);
    assertThat(Raw.get(port, "/api/model").status()).isEqualTo(200);
    workbench.permits.release();
    assertThat(first.get().status()).isEqualTo(200);
    for (var each : waiting) {
      assertThat(each.get().status()).isEqualTo(200);
    }
    assertThat(view("").status()).isEqualTo(200);
  }

  @Test
  void thereAreOnlySoManyStreams() throws Exception {
    var first = asked("/api/grid", "{\"do\": \"hold\", \"pieces\": 1}");
    workbench.holding.acquire();
    var full = post("/api/circuit", "{}");
    assertThat(full.status()).isEqualTo(503);
    assertThat(full.header("Retry-After")).isNotEmpty();
    workbench.permits.release();
    assertThat(first.get().body()).endsWith("{\"type\":\"end\"}\n");
    assertThat(post("/api/circuit", "{}").status()).isEqualTo(200);
  }

  @Test
  void whoHangsUpWhileWaitingIsNotComputedFor() throws Exception {
    var first = asked("/api/view", "{\"do\": \"hold\"}");
    workbench.holding.acquire();
    var impatient = List.of(open("/api/view", "{}"), open("/api/view", "{}"));
    settle();
    assertThat(view("").status()).isEqualTo(503);
    for (var client : impatient) {
      client.close();
    }
    settle();
    var next = asked("/api/view", "{}");
    settle();
    workbench.permits.release();
    assertThat(first.get().status()).isEqualTo(200);
    assertThat(next.get().status()).isEqualTo(200);
    assertThat(workbench.views).hasValue(2);
  }

  @Test
  void sixteenClientsGetTheirOwnAnswersOrA503() throws Exception {
    var answers = new ArrayList<Future<List<Integer>>>();
    for (int i = 0; i < 16; i++) {
      int client = i;
      answers.add(
          clients.submit(() -> {
            var statuses = new ArrayList<Integer>();
            for (int round = 0; round < 20; round++) {
              var mine = "client " + client + " round " + round;
              var answer =
                  client % 5 == 0
                      ? post("/api/grid", "{}")
                      : post("/api/view", "{\"clean\": \"" + mine + "\"}");
              statuses.add(answer.status());
              if (answer.status() == 200) {
                assertThat(answer.body()).contains(client % 5 == 0 ? "\"end\"" : mine);
              } else {
                assertThat(answer.header("Retry-After")).isNotEmpty();
              }
            }
            return statuses;
          }));
    }
    var statuses = new ArrayList<Integer>();
    for (var each : answers) {
      statuses.addAll(each.get());
    }
    assertThat(statuses).hasSize(320).contains(200).allMatch(it -> it == 200 || it == 503);
    assertThat(workbench.together).hasValue(1);
  }

  @Test
  void severalRequestsGoOverOneConnection() throws IOException {
    var request = "GET /api/model HTTP/1.1\r\nHost: 127.0.0.1:" + port + "\r\n";
    var body = "{\"clean\": \"a\"}";
    var post =
        "POST /api/view HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
                .formatted(port)
            + "Content-Length: "
            + body.length()
            + "\r\n\r\n"
            + body;
    try (var client = Raw.connect(port)) {
      for (int i = 0; i < 3; i++) {
        client.getOutputStream().write(post.getBytes(StandardCharsets.UTF_8));
        var head = new byte[15];
        client.getInputStream().readNBytes(head, 0, head.length);
        assertThat(new String(head, StandardCharsets.UTF_8)).isEqualTo("HTTP/1.1 200 OK");
        skipTo(client, "\"text\":\"a\"}");
      }
      client
          .getOutputStream()
          .write((request + "Connection: close\r\n\r\n").getBytes(StandardCharsets.UTF_8));
      assertThat(client.getInputStream().readAllBytes()).isNotEmpty();
    }
  }

  private static void skipTo(Socket client, String end) throws IOException {
    var seen = new StringBuilder();
    while (seen.indexOf(end) < 0) {
      int next = client.getInputStream().read();
      assertThat(next).as("after " + seen).isNotNegative();
      seen.append((char) next);
    }
  }

  // ---- Its end

  @Test
  void temporaryIdle() throws Exception {
    var running = asked("/api/view", "{\"do\": \"hold\"}");
    var grid = asked("/api/grid", "{\"do\": \"hold\", \"pieces\": 1}");
    Thread.sleep(38_000);
    workbench.permits.release(10);
    assertThat(running.get().status()).isEqualTo(200);
    assertThat(grid.get().body()).contains("end");
  }

  @Test
  void closingLetsTheRunningAnswerEndAndRefusesTheRest() throws Exception {
    var running = asked("/api/view", "{\"do\": \"hold\"}");
    workbench.holding.acquire();
    var waiting = asked("/api/view", "{}");
    settle();
    var closing = clients.submit(explorer::close);
    var refused = waiting.get(10, TimeUnit.SECONDS);
    assertThat(refused.status()).isEqualTo(503);
    assertThat(refused.body()).contains("shut down");
    workbench.permits.release();
    assertThat(running.get(10, TimeUnit.SECONDS).status()).isEqualTo(200);
    closing.get(20, TimeUnit.SECONDS);
    assertThatThrownBy(() -> Raw.get(port, "/")).isInstanceOf(IOException.class);
  }

  @Test
  void aStreamIsToldThatTheServerEnds() throws Exception {
    var stream = asked("/api/grid", "{\"do\": \"hold\", \"pieces\": 50}");
    workbench.holding.acquire();
    var closing = clients.submit(explorer::close);
    settle();
    workbench.permits.release(100);
    closing.get(20, TimeUnit.SECONDS);
    assertThat(stream.get().body().lines().toList().getLast()).contains("\"error\"");
  }

  @Test
  void aPortThatIsTakenIsNamed() {
    assertThatThrownBy(
            () -> Explorer.start(new FakeWorkbench(), ExplorerOptions.standard().withPort(port)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("port " + port, "taken");
  }

  @Test
  void everyPortIsItsOwnServer() {
    var ports =
        IntStream.range(0, 2)
            .mapToObj(
                i -> Explorer.start(new FakeWorkbench(), ExplorerOptions.standard().withPort(0)))
            .toList();
    assertThat(ports.get(0).port()).isNotEqualTo(ports.get(1).port());
    ports.forEach(Explorer::close);
  }
}
