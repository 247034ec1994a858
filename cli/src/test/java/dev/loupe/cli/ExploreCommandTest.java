package dev.loupe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class ExploreCommandTest {
  private static final Pattern LINE =
      Pattern.compile("Explore (\\S+) at (http://127\\.0\\.0\\.1:\\d+/\\S*) \\(Ctrl-C ends it\\)");

  @TempDir private Path folder = Path.of("");
  private String model = "";

  @BeforeEach
  void writeModel() {
    model = TinyModel.write(folder).toString();
  }

  @Test
  void thePageIsServedUntilCtrlC() throws Exception {
    try (var http = HttpClient.newHttpClient()) {
      var address = new AtomicInteger();
      var lines =
          whileItRuns(
              url -> {
                address.set(URI.create(url).getPort());
                assertThat(get(http, url).body()).startsWith("<!doctype html>");
                assertThat(get(http, url + "api/model").body())
                    .contains("\"layers\":1", "\"heads\":2", "\"vocabulary\":37");
              },
              "explore",
              "--model",
              model,
              "--port",
              "0");
      assertThat(lines.lines()).singleElement().asString().matches(LINE);
      assertThatThrownBy(() -> get(http, "http://127.0.0.1:" + address + "/"))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void theAddressHoldsTheToken() throws Exception {
    try (var http = HttpClient.newHttpClient()) {
      whileItRuns(
          url -> {
            assertThat(url).endsWith("/?token=0123456789abcdef");
            assertThat(get(http, url).statusCode()).isEqualTo(303);
            assertThat(get(http, url.replace("?token=", "?nothing=")).statusCode()).isEqualTo(401);
          },
          "explore",
          "--model",
          model,
          "--port",
          "0",
          "--token",
          "0123456789abcdef");
    }
  }

  @Test
  void aHostForOthersNeedsAToken() {
    CommandRun.of("explore", "--model", model, "--host", "0.0.0.0")
        .failedWith(2, "0.0.0.0", "--token");
    CommandRun.of("explore", "--model", model, "--token", "short").failedWith(2, "16");
    CommandRun.of("explore", "--model", model, "--host", "").failedWith(2, "no host");
  }

  @Test
  void portsAreChecked() throws IOException {
    CommandRun.of("explore", "--model", model, "--port", "70000").failedWith(2, "65535");
    CommandRun.of("explore", "--model", model, "--port", "x").failedWith(2, "--port");
    try (var taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      var port = Integer.toString(taken.getLocalPort());
      CommandRun.of("explore", "--model", model, "--port", port)
          .failedWith(1, "port " + port, "taken", "--port");
    }
  }

  @Test
  void aModelThatIsNotThereIsAFailure() {
    CommandRun.of("explore", "--model", folder.resolve("none").toString(), "--port", "0")
        .failedWith(1, "none");
  }

  private interface Visit {
    void to(String url) throws Exception;
  }

  /** Runs the command as a process would, and ends it as Ctrl-C does. */
  private static String whileItRuns(Visit visit, String... arguments) throws Exception {
    var out = new StringWriter();
    var err = new StringWriter();
    var code = new AtomicInteger(-1);
    var shell = new Shell(Map.of("HF_HUB_OFFLINE", "1"), false, false);
    var command =
        Thread.ofPlatform()
            .start(() ->
                code.set(Main.run(shell, new PrintWriter(out), new PrintWriter(err), arguments)));
    try {
      var line = LINE.matcher(out.toString());
      while (!line.find()) {
        assertThat(command.isAlive()).as(err.toString()).isTrue();
        Thread.sleep(20);
        line = LINE.matcher(out.toString());
      }
      visit.to(line.group(2));
    } finally {
      command.interrupt();
      command.join();
    }
    assertThat(err.toString()).isEmpty();
    assertThat(code).hasValue(0);
    return out.toString();
  }

  private static java.net.http.HttpResponse<String> get(HttpClient http, String url)
      throws IOException, InterruptedException {
    return http.send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofString());
  }
}
