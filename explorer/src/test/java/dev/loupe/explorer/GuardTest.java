package dev.loupe.explorer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whom the server answers: of this machine alone, and with a token. */
class GuardTest {
  private static final String TOKEN = "0123456789abcdef";
  private static final String BODY = "{\"clean\": \"a\"}";

  private static Explorer alone;
  private static Explorer shared;
  private static int port;
  private static int sharedPort;

  @BeforeAll
  static void start() {
    var options = ExplorerOptions.standard().withPort(0);
    alone = Explorer.start(new FakeWorkbench(), options);
    shared = Explorer.start(new FakeWorkbench(), options.withHost("0.0.0.0", Optional.of(TOKEN)));
    port = alone.port();
    sharedPort = shared.port();
  }

  @AfterAll
  static void stop() {
    alone.close();
    shared.close();
  }

  // ---- Names

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "localhost", "LOCALHOST", "[::1]"})
  void namesOfThisMachineAreAnswered(String host) throws IOException {
    assertThat(Raw.get(port, "/api/model", "Host: " + host + ":" + port).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "evil.example:%d",
        "127.0.0.1.evil.example:%d",
        "localhost.evil.example:%d",
        "192.0.2.1:%d",
        "127.0.0.1",
        "127.0.0.1:1",
        "evil.example"
      })
  void aNameThatSomebodyElseHasBoundIsRefused(String host) throws IOException {
    for (var target : new String[] {"/", "/api/model", "/assets/main.js", "/none"}) {
      var answer = Raw.get(port, target, "Host: " + host.replace("%d", "" + port));
      assertThat(answer.status()).as(target).isEqualTo(421);
      assertThat(answer.body()).contains("http://127.0.0.1:" + port + "/").doesNotContain("fake");
    }
  }

  @Test
  void aRequestThatNamesNoHostOrTwoIsRefused() throws IOException {
    var ours = "Host: 127.0.0.1:" + port;
    assertThat(Raw.get(port, "/api/model", "Host: evil.example", ours).status()).isEqualTo(400);
    assertThat(Raw.get(port, "/api/model", "Host:").status()).isIn(400, 421);
    assertThat(Raw.get(port, "http://evil.example/api/model", ours).status()).isIn(400, 421);
  }

  // ---- Other sites

  @Test
  void thePageItselfIsAnswered() throws IOException {
    var answer =
        Raw.post(
            port,
            "/api/view",
            BODY,
            "Origin: http://127.0.0.1:" + port,
            "Sec-Fetch-Site: same-origin");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(Raw.post(port, "/api/view", BODY).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://evil.example",
        "null",
        "http://127.0.0.1:1",
        "https://127.0.0.1:%d",
        "http://localhost:%d"
      })
  void postsOfOtherSitesAreRefused(String origin) throws IOException {
    var answer = Raw.post(port, "/api/view", BODY, "Origin: " + origin.replace("%d", "" + port));
    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.body()).contains("\"error\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"cross-site", "same-site"})
  void whatABrowserCallsForeignIsRefused(String site) throws IOException {
    var header = "Sec-Fetch-Site: " + site;
    assertThat(Raw.post(port, "/api/view", BODY, header).status()).isEqualTo(403);
    assertThat(Raw.get(port, "/api/examples?task=ioi", header).status()).isEqualTo(403);
    // A link to the page may stand anywhere.
    assertThat(Raw.get(port, "/", header).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=a",
        "application/jsonp",
        "text/plain; application/json",
        ""
      })
  void whatFormsOfOtherSitesCanSendIsRefused(String type) throws IOException {
    var answer = Raw.post(port, "/api/view", BODY, "Content-Type: " + type);
    assertThat(answer.status()).isEqualTo(415);
    assertThat(answer.body()).contains("application/json");
  }

  @Test
  void jsonMayNameItsCharset() throws IOException {
    var type = "Content-Type: application/json; charset=UTF-8";
    assertThat(Raw.post(port, "/api/view", BODY, type).status()).isEqualTo(200);
  }

  @Test
  void nobodyIsGivenLeaveToReadFromElsewhere() throws IOException {
    var preflight =
        Raw.ask(
            port,
            "OPTIONS /api/view HTTP/1.1",
            "",
            "Origin: http://evil.example",
            "Access-Control-Request-Method: POST");
    assertThat(preflight.status()).isBetween(400, 499);
    assertThat(preflight.headers().keySet()).noneMatch(name -> name.startsWith("access-control-"));
  }

  // ---- The token

  @Test
  void withoutTheTokenNothingIsAnswered() throws IOException {
    for (var target : new String[] {"/", "/assets/main.js", "/api/model", "/none"}) {
      var answer = Raw.get(sharedPort, target);
      assertThat(answer.status()).as(target).isEqualTo(401);
      assertThat(answer.body()).contains("token").doesNotContain(TOKEN, "fake");
    }
    assertThat(Raw.post(sharedPort, "/api/view", BODY).status()).isEqualTo(401);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0123456789abcdeg", "0123456789abcde", "0123456789abcdef0", ""})
  void aWrongTokenIsRefused(String token) throws IOException {
    var answer = Raw.get(sharedPort, "/?token=" + token);
    assertThat(answer.status()).isEqualTo(401);
    assertThat(answer.header("Set-Cookie")).isEmpty();
    assertThat(Raw.get(sharedPort, "/api/model", "Authorization: Bearer " + token).status())
        .isEqualTo(401);
    var cookie = "Cookie: loupe-" + sharedPort + "=" + token;
    assertThat(Raw.get(sharedPort, "/api/model", cookie).status()).isEqualTo(401);
  }

  @Test
  void theTokenIsShownOnceAndBecomesACookie() throws IOException {
    var answer = Raw.get(sharedPort, "/?layer=3&token=" + TOKEN + "&head=2%20");
    assertThat(answer.status()).isEqualTo(303);
    assertThat(answer.header("Location")).isEqualTo("/?layer=3&head=2%20");
    assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
    var cookie = answer.header("Set-Cookie");
    assertThat(cookie).contains("HttpOnly", "SameSite=Strict", "Path=/").doesNotContain(TOKEN);
    assertThat(answer.body()).isEmpty();

    var shown = "Cookie: a=b; " + cookie.split(";", -1)[0];
    assertThat(Raw.get(sharedPort, "/", shown).status()).isEqualTo(200);
    assertThat(Raw.get(sharedPort, "/api/model", shown).body()).contains("fake");
    assertThat(Raw.get(sharedPort, "/?token=" + TOKEN).header("Location")).isEqualTo("/");
  }

  @Test
  void theTokenOpensNothingElsewhereInAnAddress() throws IOException {
    assertThat(Raw.get(sharedPort, "/api/model?token=" + TOKEN).status()).isEqualTo(401);
  }

  @Test
  void programsShowTheTokenInAHeader() throws IOException {
    var bearer = "Authorization: Bearer " + TOKEN;
    assertThat(Raw.get(sharedPort, "/api/model", bearer).body()).contains("fake");
    assertThat(Raw.post(sharedPort, "/api/view", BODY, bearer).status()).isEqualTo(200);
    assertThat(Raw.post(sharedPort, "/api/view", BODY, bearer, "Origin: http://evil.example"))
        .extracting(Raw.Answer::status)
        .isEqualTo(403);
  }

  @Test
  void whoListensEverywhereAnswersToAddressesButNotToNames() throws IOException {
    var bearer = "Authorization: Bearer " + TOKEN;
    for (var host : new String[] {"192.0.2.7", "[2001:db8::7]", "localhost"}) {
      assertThat(Raw.get(sharedPort, "/api/model", bearer, "Host: " + host + ":" + sharedPort))
          .extracting(Raw.Answer::status)
          .isEqualTo(200);
    }
    assertThat(Raw.get(sharedPort, "/api/model", bearer, "Host: evil.example:" + sharedPort))
        .extracting(Raw.Answer::status)
        .isEqualTo(421);
  }

  @Test
  void theAddressToOpenHoldsTheToken() {
    assertThat(alone.url()).isEqualTo("http://127.0.0.1:" + port + "/");
    assertThat(shared.url()).endsWith(":" + sharedPort + "/?token=" + TOKEN);
  }

  // ---- Headers

  @ParameterizedTest
  @ValueSource(
      strings = {"/", "/assets/none.js", "/api/model", "/none", "/../../pom.xml", "/%2e%2e/a"})
  void everyAnswerSaysWhatMayBeDoneWithIt(String target) throws IOException {
    var answer = Raw.get(port, target);
    assertThat(answer.header("Content-Security-Policy"))
        .isEqualTo(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
                + " connect-src 'self'; base-uri 'none'; form-action 'none';"
                + " frame-ancestors 'none'");
    assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
    assertThat(answer.header("Referrer-Policy")).isEqualTo("no-referrer");
    assertThat(answer.header("Cross-Origin-Opener-Policy")).isEqualTo("same-origin");
    assertThat(answer.header("Cross-Origin-Resource-Policy")).isEqualTo("same-origin");
    assertThat(answer.header("Loupe-Instance")).isNotEmpty();
    assertThat(answer.headers()).doesNotContainKeys("server", "x-powered-by");
  }

  @Test
  void refusalsSayItToo() throws IOException {
    var foreign = Raw.get(port, "/", "Host: evil.example");
    assertThat(foreign.header("Loupe-Instance")).isNotEmpty();
    assertThat(foreign.header("Content-Security-Policy")).contains("default-src 'none'");
    var broken = Raw.ask(port, "GET / HTTP/7.3", "");
    assertThat(broken.status()).isBetween(400, 599);
    assertThat(broken.headers()).doesNotContainKeys("server");
    assertThat(broken.body()).doesNotContainIgnoringCase("jetty").doesNotContain("<");
  }
}
