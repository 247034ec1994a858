package dev.loupe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code pull}, and models by their hub name, against a server that plays a hub with one model. */
class PullCommandTest {
  private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

  @TempDir private Path folder = Path.of("");
  private Path model = Path.of("");
  private HttpServer server = none();

  private static HttpServer none() {
    try {
      return HttpServer.create();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @BeforeEach
  void serve() throws IOException {
    model = TinyModel.write(folder.resolve("model"));
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      var path = exchange.getRequestURI().getPath();
      var file = path.replace("/owner/tiny/resolve/" + COMMIT + "/", "");
      byte[] body;
      if (path.startsWith("/api/models/owner/tiny/revision/")) {
        try (var names = Files.list(model)) {
          var siblings =
              names
                  .map(f -> "{\"rfilename\": \"" + f.getFileName() + "\"}")
                  .collect(Collectors.joining(","));
          var json = "{\"sha\": \"" + COMMIT + "\", \"siblings\": [" + siblings + "]}";
          body = json.getBytes(StandardCharsets.UTF_8);
        }
      } else if (file.matches("[a-z_.]+") && Files.isRegularFile(model.resolve(file))) {
        body = Files.readAllBytes(model.resolve(file));
        exchange.getResponseHeaders().set("ETag", '"' + sha256(body) + '"');
        exchange.getResponseHeaders().set("X-Repo-Commit", COMMIT);
      } else {
        exchange.sendResponseHeaders(404, -1);
        return;
      }
      boolean head = exchange.getRequestMethod().equals("HEAD");
      if (head) {
        exchange.getResponseHeaders().set("Content-Length", Integer.toString(body.length));
      }
      exchange.sendResponseHeaders(200, head ? -1 : body.length);
      if (!head) {
        exchange.getResponseBody().write(body);
      }
    }
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private Shell shell() {
    var endpoint = "http://127.0.0.1:" + server.getAddress().getPort();
    return new Shell(
        Map.of("HF_ENDPOINT", endpoint, "HF_HOME", folder.resolve("home").toString()),
        false,
        false);
  }

  @Test
  void pullPrintsTheFolderAndTellsOfFiles() throws IOException {
    var pulled = CommandRun.of(shell(), "pull", "owner/tiny");
    assertThat(pulled.exitCode()).as(pulled.err()).isZero();
    assertThat(pulled.err()).contains("downloading model.safetensors, 5.5 kiB");
    var where = Path.of(pulled.out().strip());
    assertThat(where.getFileName()).hasToString(COMMIT);
    assertThat(where.resolve("model.safetensors"))
        .hasSameBinaryContentAs(model.resolve("model.safetensors"));

    var again = CommandRun.of(shell(), "pull", "owner/tiny");
    assertThat(again.lines()).containsExactly(where.toString());
  }

  @Test
  void aModelIsFoundByItsHubName() {
    var tokens = CommandRun.of(shell(), "tokens", "-m", "owner/tiny", "When Mary");
    assertThat(tokens.exitCode()).as(tokens.err()).isZero();
    assertThat(tokens.out()).contains("\" Mary\"");
    assertThat(CommandRun.of(shell(), "model", "owner/tiny").lines())
        .contains("revision        " + COMMIT);
  }

  @Test
  void whatTheHubDoesNotHaveIsAFailure() {
    CommandRun.of(shell(), "pull", "owner/none").failedWith(1, "owner/none");
    CommandRun.of(shell(), "pull", "a/b/c").failedWith(1, "a/b/c");
    CommandRun.of(shell(), "pull").failedWith(2, "NAME");
    CommandRun.of(shell(), "pull", "demo").failedWith(2, "demo is embedded");
  }
}
