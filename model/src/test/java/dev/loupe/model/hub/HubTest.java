package dev.loupe.model.hub;

import static dev.loupe.model.hub.Models.WEIGHTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.loupe.model.hub.FakeHub.Stage;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubTest {
  private static final String REPO = "owner/model-1";

  @TempDir Path cache;
  private final FakeHub server = new FakeHub();

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void bringsTheFilesOfAModelAndNoOther() throws IOException {
    Map<String, byte[]> files = Models.single();
    String commit = server.add(REPO, files);
    Recording progress = new Recording();

    Path folder = hub().snapshot(REPO, "main", progress);

    assertThat(folder).isEqualTo(cache.resolve("models--owner--model-1/snapshots/" + commit));
    files.remove("README.md");
    assertThat(names(folder)).containsExactlyElementsOf(files.keySet());
    for (var file : files.entrySet()) {
      assertThat(folder.resolve(file.getKey())).hasBinaryContent(file.getValue());
      assertThat(progress.bytes).containsEntry(file.getKey(), (long) file.getValue().length);
    }
    assertThat(progress.totals).isEqualTo(progress.bytes);
    assertThat(progress.done).containsExactlyInAnyOrderElementsOf(files.keySet());
  }

  @Test
  void laysTheCacheOutAsPythonDoes() throws IOException {
    assumeThat(FileSystems.getDefault().supportedFileAttributeViews()).contains("posix");
    Map<String, byte[]> files = Models.single();
    String commit = server.add(REPO, files);

    Path folder = hub().snapshot(REPO, "main", DownloadProgress.none());

    Path root = cache.resolve("models--owner--model-1");
    for (String file : names(folder)) {
      String etag = FakeHub.etag(file, Models.content(Models.single(), file));
      assertThat(Files.readSymbolicLink(folder.resolve(file))).hasToString("../../blobs/" + etag);
      assertThat(root.resolve("blobs").resolve(etag)).isRegularFile();
      assertThat(cache.resolve(".locks/models--owner--model-1/" + etag + ".lock")).exists();
    }
    assertThat(names(root.resolve("blobs"))).hasSameSizeAs(names(folder));
    assertThat(root.resolve("refs/main")).hasContent(commit);
  }

  @Test
  void asksForNoFileASecondTime() {
    server.add(REPO, Models.single());
    Path first = hub().snapshot(REPO, "main", DownloadProgress.none());
    server.forgetRequests();

    assertThat(hub().snapshot(REPO, "main", DownloadProgress.none())).isEqualTo(first);

    assertThat(server.requests()).extracting(FakeHub.Request::stage).containsOnly(Stage.LISTING);
  }

  @Test
  void asksForNothingWhereACommitIsHere() {
    String commit = server.add(REPO, Models.single());
    hub().snapshot(REPO, "main", DownloadProgress.none());
    server.forgetRequests();

    assertThat(hub().snapshot(REPO, commit, DownloadProgress.none())).isDirectory();

    assertThat(server.requests()).isEmpty();
  }

  @Test
  void findsADownloadOfPythonsClientOffline() throws IOException {
    String commit = "0123456789abcdef0123456789abcdef01234567";
    Path root = cache.resolve("models--gpt2");
    Path folder = Files.createDirectories(root.resolve("snapshots").resolve(commit));
    Files.createDirectories(root.resolve("refs"));
    Files.writeString(root.resolve("refs/main"), commit);
    Files.writeString(folder.resolve("config.json"), "{}");
    Files.writeString(folder.resolve("tokenizer.json"), "{}");
    assertThat(hub().cached("gpt2", "main")).isEmpty();
    Files.write(folder.resolve(WEIGHTS), Models.bytes(1, 10));

    assertThat(hub().cached("gpt2", "main")).contains(folder);
    assertThat(offline().snapshot("gpt2", "main", DownloadProgress.none())).isEqualTo(folder);
    assertThat(offline().snapshot("gpt2", commit, DownloadProgress.none())).isEqualTo(folder);
    assertThat(server.requests()).isEmpty();
  }

  @Test
  void saysOfflineWhatIsMissing() {
    server.add(REPO, Models.single());

    assertThatThrownBy(() -> offline().snapshot(REPO, "main", DownloadProgress.none()))
        .isInstanceOf(HubException.class)
        .hasMessageContainingAll(REPO, "HF_HUB_OFFLINE", cache.toString());

    assertThat(server.requests()).isEmpty();
  }

  @Test
  void usesTheCopyWhereTheHubDoesNotAnswer() {
    server.add(REPO, Models.single());
    Path folder = hub().snapshot(REPO, "main", DownloadProgress.none());
    Hub hub = hub();
    server.close();
    Recording progress = new Recording();

    assertThat(hub.snapshot(REPO, "main", progress)).isEqualTo(folder);

    assertThat(progress.notes).anyMatch(note -> note.contains("using the copy in the cache"));
    assertThatThrownBy(() -> hub.snapshot("owner/other", "main", DownloadProgress.none()))
        .hasMessageContaining("no connection to the host");
  }

  @Test
  void keepsTheOldSnapshotUntilTheNewOneIsComplete() {
    server.add(REPO, Models.single());
    Path old = hub().snapshot(REPO, "main", DownloadProgress.none());
    Map<String, byte[]> files = Models.single();
    files.put(WEIGHTS, Models.bytes(2, 200_000));
    files.put("generation_config.json", Models.text("{}"));
    server.add(REPO, files);
    server.fail(Stage.CONTENT, WEIGHTS, new Fault.Corrupt());
    server.forgetRequests();

    assertThatThrownBy(() -> hub().snapshot(REPO, "main", DownloadProgress.none()));
    assertThat(hub().cached(REPO, "main")).contains(old);
    Path now = hub().snapshot(REPO, "main", DownloadProgress.none());

    assertThat(now).isNotEqualTo(old);
    assertThat(hub().cached(REPO, "main")).contains(now);
    // the blob is the same in both commits
    assertThat(server.requests(Stage.CONTENT, "config.json")).isEmpty();
  }

  @Test
  void takesARevisionWithSlashes() {
    String commit = server.add(REPO, Models.single());

    hub().snapshot(REPO, "refs/pr/1", DownloadProgress.none());

    assertThat(server.requests(Stage.LISTING, REPO))
        .extracting(FakeHub.Request::path)
        .containsExactly("/api/models/" + REPO + "/revision/refs%2Fpr%2F1");
    assertThat(cache.resolve("models--owner--model-1/refs/refs/pr/1")).hasContent(commit);
  }

  @Test
  void followsARenamedRepository() {
    server.add("new/name", Models.single());
    server.rename("gpt2", "new/name");

    Path folder = hub().snapshot("gpt2", "main", DownloadProgress.none());

    assertThat(folder.resolve(WEIGHTS)).hasBinaryContent(Models.content(Models.single(), WEIGHTS));
    assertThat(folder).startsWith(cache.resolve("models--gpt2"));
  }

  @Test
  void bringsAllShards() throws IOException {
    Map<String, byte[]> files = Models.sharded("a.safetensors", "parts/b c.safetensors");
    files.put("a.safetensors", Models.bytes(1, 5_000));
    files.put("parts/b c.safetensors", Models.bytes(2, 6_000));
    files.put("unused.safetensors", Models.bytes(3, 7_000));
    server.add(REPO, files);

    Path folder = hub().snapshot(REPO, "main", DownloadProgress.none());

    assertThat(folder.resolve("a.safetensors"))
        .hasBinaryContent(Models.content(files, "a.safetensors"));
    assertThat(folder.resolve("parts/b c.safetensors"))
        .hasBinaryContent(Models.content(files, "parts/b c.safetensors"));
    assertThat(folder.resolve("unused.safetensors")).doesNotExist();
    assertThat(hub().cached(REPO, "main")).contains(folder);
    Files.delete(folder.resolve("a.safetensors"));
    assertThat(hub().cached(REPO, "main")).isEmpty();
  }

  @Test
  void bringsAModelWithoutTokenizerAndRemembersThatItHasNone() {
    Map<String, byte[]> files = Models.single();
    files.keySet().retainAll(Set.of("config.json", WEIGHTS));
    String commit = server.add(REPO, files);

    Path folder = hub().snapshot(REPO, "main", DownloadProgress.none());

    assertThat(hub().cached(REPO, "main")).contains(folder);
    assertThat(cache.resolve("models--owner--model-1/.no_exist/" + commit + "/tokenizer.json"))
        .isEmptyFile();
  }

  @Test
  void repairsALinkWhoseBlobIsGone() throws IOException {
    Map<String, byte[]> files = Models.single();
    server.add(REPO, files);
    Path folder = hub().snapshot(REPO, "main", DownloadProgress.none());
    Files.delete(folder.resolve(WEIGHTS).toRealPath());

    assertThat(hub().cached(REPO, "main")).isEmpty();
    hub().snapshot(REPO, "main", DownloadProgress.none());

    assertThat(folder.resolve(WEIGHTS)).hasBinaryContent(Models.content(files, WEIGHTS));
  }

  @Test
  void movesOrCopiesFilesWhereThereAreNoLinks() throws IOException {
    Map<String, byte[]> files = Models.single();
    String commit = server.add(REPO, files);
    Hub hub = new Hub(server.config(cache), new NoLinks());
    Path blobs = Files.createDirectories(cache.resolve("models--owner--model-1/blobs"));
    Path config = blobs.resolve(FakeHub.etag("config.json", Models.content(files, "config.json")));
    Files.write(config, Models.content(files, "config.json"));

    Path folder = hub.snapshot(REPO, "main", DownloadProgress.none());

    assertThat(folder.getFileName()).hasToString(commit);
    for (String file : names(folder)) {
      assertThat(folder.resolve(file)).hasBinaryContent(Models.content(files, file));
      assertThat(Files.isSymbolicLink(folder.resolve(file))).isFalse();
    }
    assertThat(names(blobs)).containsExactly(config.getFileName().toString());
    assertThat(hub.cached(REPO, "main")).contains(folder);
  }

  private record NoLinks() implements Disk {
    @Override
    public long usableSpace(Path folder) throws IOException {
      return Disk.REAL.usableSpace(folder);
    }

    @Override
    public void symlink(Path link, Path target) throws IOException {
      throw new FileSystemException(link.toString(), target.toString(), "privilege not held");
    }
  }

  private Hub hub() {
    return new Hub(server.config(cache));
  }

  private Hub offline() {
    HubConfig config = server.config(cache);
    return new Hub(new HubConfig(config.endpoint(), cache, Optional.empty(), true));
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    }
  }
}
