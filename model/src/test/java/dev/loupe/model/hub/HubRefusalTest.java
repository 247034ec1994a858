package dev.loupe.model.hub;

import static dev.loupe.model.hub.Models.WEIGHTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loupe.model.hub.FakeHub.Stage;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the hub refuses, and what is refused of it. */
@Timeout(60)
class HubRefusalTest {
  private static final String REPO = "owner/model";
  private static final String SECRET = "hf_abcdefghSECRET";

  @TempDir Path folder;
  private final FakeHub server = new FakeHub();

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void saysHowToGetAPrivateModel() {
    server.fail(Stage.LISTING, REPO, new Fault.Status(401), new Fault.Status(403));

    assertThatThrownBy(this::snapshot)
        .isInstanceOf(HubException.class)
        .hasMessageContainingAll(REPO, "401", "no token was sent: set HF_TOKEN");
    assertThatThrownBy(() -> snapshot(Optional.of(SECRET)))
        .hasMessageContainingAll(REPO, "403", "your HF_TOKEN has no access")
        .hasMessageNotContaining(SECRET);
    assertThat(server.requests()).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource({"401", "403"})
  void saysHowToGetAGatedFile(int status) {
    server.add(REPO, Models.single());
    server.fail(Stage.HEAD, WEIGHTS, new Fault.Status(status, Map.of("X-Error-Code", "GatedRepo")));

    assertThatThrownBy(this::snapshot)
        .hasMessageContainingAll(
            "is gated", "accept its licence at " + server.endpoint() + "/" + REPO, "HF_TOKEN");
  }

  @Test
  void saysWhatIsNotThere() {
    server.add(REPO, Models.single());

    assertThatThrownBy(() -> hub().snapshot("owner/none", "main", DownloadProgress.none()))
        .isInstanceOf(HubException.class)
        .hasMessageContainingAll("no model owner/none", "404");
    assertThatThrownBy(() -> hub().snapshot(REPO, "v2", DownloadProgress.none()))
        .hasMessageContainingAll(REPO, "no revision 'v2'", "404");
    server.list(REPO, "generation_config.json");
    assertThatThrownBy(this::snapshot).hasMessageContainingAll("no file generation_config.json");
  }

  @Test
  void waitsAsLongAsItIsToldButNotLonger() {
    server.add(REPO, Models.single());
    server.fail(Stage.LISTING, REPO, tooMany("1"));
    server.fail(Stage.HEAD, WEIGHTS, tooMany("Wed, 21 Oct 2015 07:28:00 GMT"));
    server.fail(Stage.CONTENT, WEIGHTS, tooMany("86400"));
    Recording progress = new Recording();
    long start = System.nanoTime();

    Path snapshot = hub().snapshot(REPO, "main", progress);

    assertThat(snapshot.resolve(WEIGHTS)).exists();
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    assertThat(took).isBetween(Duration.ofSeconds(3), Duration.ofSeconds(20));
    assertThat(progress.notes).hasSize(3).allMatch(note -> note.contains("too many requests"));
    assertThat(progress.notes.get(1)).contains("next try in 0.0 s");
  }

  @Test
  void givesUpWhereThereAreAlwaysTooMany() {
    server.fail(Stage.LISTING, REPO, tooMany("0"), tooMany("0"), tooMany("0"));

    assertThatThrownBy(this::snapshot)
        .isInstanceOf(HubException.class)
        .hasMessageContainingAll(REPO, "429", "3 tries");
  }

  @Test
  void triesAgainAfterAnErrorOfTheServer() {
    server.add(REPO, Models.single());
    server.fail(Stage.LISTING, REPO, new Fault.Status(500), new Fault.Status(502));
    server.fail(Stage.HEAD, "config.json", new Fault.Status(503));
    server.fail(Stage.REDIRECT, WEIGHTS, new Fault.Status(504));
    // the signed address has expired
    server.fail(Stage.CONTENT, WEIGHTS, new Fault.Status(403));

    assertThat(snapshot().resolve(WEIGHTS)).exists();
  }

  @Test
  void sendsTheTokenToTheHubOnly() {
    server.add(REPO, Models.single());

    snapshot(Optional.of(SECRET));

    List<FakeHub.Request> toContentHost = server.requests(Stage.CONTENT, WEIGHTS);
    assertThat(toContentHost)
        .hasSize(1)
        .allMatch(request -> !request.headers().containsKey("Authorization"));
    assertThat(server.requests())
        .filteredOn(request -> !toContentHost.contains(request))
        .isNotEmpty()
        .allMatch(request -> ("Bearer " + SECRET).equals(request.headers().get("Authorization")));
  }

  @Test
  void neverFallsFromHttpsToHttp() {
    URI from = URI.create("https://hub.example/a/b");

    assertThatThrownBy(() -> HubHttp.target(from, "http://content.example/x?signature=abc"))
        .isInstanceOf(HubException.class)
        .hasMessageContainingAll("from https to http", "content.example")
        .hasMessageNotContaining("signature");
    assertThatThrownBy(() -> HubHttp.target(from, "http://127.0.0.1.example/x"))
        .isInstanceOf(HubException.class);
    assertThatThrownBy(() -> HubHttp.target(from, "file:///etc/passwd"))
        .isInstanceOf(HubException.class);
    assertThat(HubHttp.target(from, "/c")).hasToString("https://hub.example/c");
    assertThat(HubHttp.target(from, "http://127.0.0.1:8/x")).hasHost("127.0.0.1");
    assertThat(HubHttp.target(from, "https://content.example/x")).hasHost("content.example");
  }

  @Test
  void leavesARedirectThatHasNoEnd() {
    URI self = server.endpoint().resolve("/api/models/" + REPO + "/revision/main");
    for (int i = 0; i < 20; i++) {
      server.fail(Stage.LISTING, REPO, new Fault.Redirect(self));
    }

    assertThatThrownBy(this::snapshot).hasMessageContaining("redirects without end");
  }

  @Test
  void explainsWhatARepositoryLacks() {
    server.add("only/bin", files("config.json", "pytorch_model.bin"));
    server.add("only/gguf", files("config.json", "model.gguf"));
    server.add("no/config", files(WEIGHTS));

    assertThatThrownBy(() -> hub().snapshot("only/bin", "main", DownloadProgress.none()))
        .isInstanceOf(HubException.class)
        .hasMessageContainingAll("only/bin", "pytorch_model.bin", "safetensors", "convert");
    assertThatThrownBy(() -> hub().snapshot("only/gguf", "main", DownloadProgress.none()))
        .hasMessageContaining("no model.safetensors");
    assertThatThrownBy(() -> hub().snapshot("no/config", "main", DownloadProgress.none()))
        .hasMessageContaining("no config.json");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../outside.safetensors",
        "/outside.safetensors",
        "parts/../../outside.safetensors",
        "..\\\\outside.safetensors",
        "C:outside.safetensors",
        "parts//outside.safetensors",
        "a\\u0000.safetensors",
        ""
      })
  void refusesAShardOutside(String shard) throws IOException {
    server.add(REPO, Models.sharded(shard));
    server.list(REPO, shard);

    assertThatThrownBy(this::snapshot)
        .isInstanceOf(HubException.class)
        .hasMessageContaining("would not stay inside its folder");

    assertThat(everything()).noneMatch(path -> path.toString().contains("outside"));
  }

  @ParameterizedTest
  @CsvSource({
    "missing.safetensors, which the repository does not have",
    "pytorch_model.bin, not a safetensors file"
  })
  void refusesAShardThatIsNone(String shard, String message) {
    server.add(REPO, Models.sharded(shard));

    assertThatThrownBy(this::snapshot)
        .isInstanceOf(HubException.class)
        .hasMessageContainingAll(shard, message);
  }

  @Test
  void writesNothingUnderTheEvilNamesOfAListing() throws IOException {
    server.add(REPO, Models.single());
    server.list(REPO, "../../../../outside.json");
    server.list(REPO, "../config.json");

    Path snapshot = snapshot();

    assertThat(snapshot.resolve("../config.json")).doesNotExist();
    assertThat(everything()).noneMatch(path -> path.toString().contains("outside"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"../../outside", "", "a/b", ".."})
  void refusesAnEtagThatIsNoFileName(String etag) throws IOException {
    server.add(REPO, Models.single());
    server.fail(
        Stage.HEAD, WEIGHTS, new Fault.Headers(Map.of("ETag", etag, "X-Linked-Size", "300000")));

    assertThatThrownBy(this::snapshot).hasMessageContaining("no usable ETag");

    assertThat(everything()).noneMatch(path -> path.toString().contains("outside"));
  }

  @Test
  void recognizesWhatIsNoHub() {
    Map<String, String> html = Map.of("Content-Type", "text/html");
    server.fail(Stage.LISTING, REPO, new Fault.Status(200, html), new Fault.Status(410));

    assertThatThrownBy(this::snapshot).hasMessageContaining("check HF_ENDPOINT");
    assertThatThrownBy(this::snapshot).hasMessageContaining("410");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "a/b/c", "../x", "a/..", "a..b/c", "a--b", "/a", "a/", "-a", "a b", "a.git", "a\n"
      })
  void refusesWhatIsNoRepositoryName(String repo) {
    assertThatThrownBy(() -> hub().snapshot(repo, "main", DownloadProgress.none()))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("is not the name of a model");
    assertThat(server.requests()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "..", "../main", "a/../b", "/main", "main/", "a\\b", "a?b", "a\0b"})
  void refusesWhatIsNoRevision(String revision) {
    assertThatThrownBy(() -> hub().cached(REPO, revision))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("is not a revision");
  }

  private Path snapshot() {
    return snapshot(Optional.empty());
  }

  private Path snapshot(Optional<String> token) {
    Path cache = folder.resolve("a/b/c/hub");
    return new Hub(server.config(cache, token)).snapshot(REPO, "main", DownloadProgress.none());
  }

  private Hub hub() {
    return new Hub(server.config(folder.resolve("hub")));
  }

  private List<Path> everything() throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      return all.toList();
    }
  }

  private static Fault tooMany(String retryAfter) {
    return new Fault.Status(429, Map.of("Retry-After", retryAfter));
  }

  private static Map<String, byte[]> files(String... names) {
    return Stream.of(names).collect(Collectors.toMap(name -> name, name -> new byte[0]));
  }
}
