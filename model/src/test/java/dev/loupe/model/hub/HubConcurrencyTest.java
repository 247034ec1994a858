package dev.loupe.model.hub;

import static dev.loupe.model.hub.Models.WEIGHTS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.model.hub.FakeHub.Stage;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class HubConcurrencyTest {
  private static final String REPO = "owner/model";

  @TempDir Path cache;
  private final FakeHub server = new FakeHub();
  private final Map<String, byte[]> files = Models.single();

  @BeforeEach
  void add() {
    server.add(REPO, files);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  /** Another process: downloads a model and prints its folder after what it was told meanwhile. */
  static final class Other {
    private Other() {}

    public static void main(String[] args) {
      Recording progress = new Recording();
      HubConfig config =
          new HubConfig(URI.create(args[0]), Path.of(args[1]), Optional.empty(), false);
      Path folder = new Hub(config).snapshot(args[2], "main", progress);
      progress.notes.forEach(System.out::println);
      System.out.println(folder);
    }
  }

  @Test
  void threadsDownloadOnce() throws Exception {
    server.fail(Stage.CONTENT, WEIGHTS, new Fault.Slow(Duration.ofMillis(100)));
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<Path>> folders = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        Hub hub = new Hub(server.config(cache));
        folders.add(threads.submit(() -> hub.snapshot(REPO, "main", DownloadProgress.none())));
      }
      for (Future<Path> folder : folders) {
        assertWhole(folder.get());
      }
    }
  }

  @Test
  void processesDownloadOnce() throws Exception {
    // long enough for the other process to come while this one is in the middle
    server.fail(Stage.CONTENT, WEIGHTS, new Fault.Slow(Duration.ofMillis(500)));
    HubConfig config =
        new HubConfig(server.endpoint(), cache, Optional.empty(), false, RetryPolicy.DEFAULT);
    Process first = otherJvm();
    Process second = otherJvm();

    Path here = new Hub(config).snapshot(REPO, "main", DownloadProgress.none());

    assertThat(lastLine(first)).isEqualTo(here.toString());
    assertThat(lastLine(second)).isEqualTo(here.toString());
    assertWhole(here);
  }

  @Test
  void aProcessWaitsForOneThatIsInTheMiddle() throws Exception {
    server.fail(Stage.CONTENT, WEIGHTS, new Fault.Stall(100_000));
    HubConfig config =
        new HubConfig(server.endpoint(), cache, Optional.empty(), false, RetryPolicy.DEFAULT);
    Process other = otherJvm();
    while (server.requests(Stage.CONTENT, WEIGHTS).isEmpty()) {
      assertThat(other.isAlive() || !server.requests(Stage.CONTENT, WEIGHTS).isEmpty()).isTrue();
      Thread.sleep(5);
    }
    Recording progress = new Recording();
    try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
      Future<Path> here = thread.submit(() -> new Hub(config).snapshot(REPO, "main", progress));
      while (progress.notes.isEmpty()) {
        Thread.sleep(5);
      }

      // its lock goes with it, and what it left is resumed
      other.destroyForcibly().waitFor();

      assertThat(here.get().resolve(WEIGHTS)).hasBinaryContent(Models.content(files, WEIGHTS));
    }
    assertThat(progress.notes.getFirst()).contains(WEIGHTS, "another process");
    assertThat(server.requests(Stage.CONTENT, WEIGHTS)).hasSize(2);
    assertThat(server.requests(Stage.CONTENT, WEIGHTS).getLast().headers()).containsKey("Range");
  }

  private void assertWhole(Path folder) throws IOException {
    for (String file : List.of("config.json", "tokenizer.json", "vocab.json", WEIGHTS)) {
      assertThat(folder.resolve(file)).hasBinaryContent(Models.content(files, file));
      assertThat(server.requests(Stage.CONTENT, file)).hasSize(1);
    }
    try (Stream<Path> all = Files.walk(cache)) {
      assertThat(all).noneMatch(path -> path.toString().matches(".*\\.(incomplete|tmp)"));
    }
  }

  private Process otherJvm() throws IOException {
    String classes =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    return new ProcessBuilder(
            List.of(
                java.toString(),
                "-Xmx128m",
                "-cp",
                classes,
                Other.class.getName(),
                server.endpoint().toString(),
                cache.toString(),
                REPO))
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private static String lastLine(Process process) throws Exception {
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    return out.lines().toList().getLast();
  }
}
