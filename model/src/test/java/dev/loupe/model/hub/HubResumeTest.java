package dev.loupe.model.hub;

import static dev.loupe.model.hub.Models.WEIGHTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.loupe.model.hub.FakeHub.Stage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a download meets between its first byte and its last. */
@Timeout(60)
class HubResumeTest {
  private static final String REPO = "owner/model";

  @TempDir Path cache;
  private final FakeHub server = new FakeHub();
  private final Map<String, byte[]> files = Models.single();
  private final Recording progress = new Recording();

  @BeforeEach
  void add() {
    server.add(REPO, files);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void goesOnInTheSameCallAfterTheConnectionBroke() {
    server.fail(Stage.CONTENT, WEIGHTS, new Fault.Break(100_000), new Fault.Break(50_000));

    assertWeights(snapshot());

    assertThat(ranges()).hasSize(3);
    assertThat(ranges().getFirst()).isEmpty();
    assertThat(rangeStart(1)).isBetween(1L, 100_000L);
    assertThat(rangeStart(2)).isBetween(rangeStart(1), 150_000L);
    assertThat(progress.bytes).containsEntry(WEIGHTS, 300_000L);
    assertThat(progress.notes).anyMatch(note -> note.contains("next try in"));
  }

  @Test
  void goesOnInALaterCall() throws IOException {
    server.fail(Stage.CONTENT, WEIGHTS, new Fault.Break(100_000), status(500), status(503));
    assertThatThrownBy(this::snapshot)
        .isInstanceOf(HubException.class)
        .hasMessageContainingAll(WEIGHTS, "503");
    long kept = Files.size(partial());
    assertThat(kept).isBetween(1L, 100_000L);
    server.forgetRequests();

    assertWeights(snapshot());

    assertThat(ranges()).containsExactly("bytes=" + kept + "-");
    assertThat(progress.bytes).containsEntry(WEIGHTS, 300_000L);
    assertThat(partial()).doesNotExist();
  }

  @Test
  void givesUpAfterTriesThatBringNothing() {
    for (int i = 0; i < 3; i++) {
      server.fail(Stage.CONTENT, WEIGHTS, new Fault.Break(0));
    }

    assertThatThrownBy(this::snapshot)
        .isInstanceOf(HubException.class)
        .hasMessageContainingAll(WEIGHTS, "3 tries");
  }

  @Test
  void startsAgainWhereRangesAreIgnored() {
    server.fail(Stage.CONTENT, WEIGHTS, new Fault.Break(100_000), new Fault.IgnoreRange());

    assertWeights(snapshot());

    assertThat(progress.bytes).containsEntry(WEIGHTS, 300_000L);
  }

  @Test
  void startsAgainWhereAnotherRangeComesOrNone() {
    server.fail(
        Stage.CONTENT,
        WEIGHTS,
        new Fault.Break(100_000),
        new Fault.OtherRange(),
        new Fault.Break(100_000),
        status(416));

    assertWeights(snapshot());

    assertThat(progress.bytes).containsEntry(WEIGHTS, 300_000L);
  }

  @Test
  void asksForNothingWhereThePartialFileIsWhole() throws IOException {
    Files.createDirectories(partial().getParent());
    Files.write(partial(), Models.content(files, WEIGHTS));

    assertWeights(snapshot());

    assertThat(server.requests(Stage.CONTENT, WEIGHTS)).isEmpty();
  }

  @Test
  void startsAgainWhereThePartialFileIsTooLong() throws IOException {
    Files.createDirectories(partial().getParent());
    Files.write(partial(), new byte[300_001]);

    assertWeights(snapshot());
  }

  @Test
  void verifiesThePartThatWasThereToo() throws IOException {
    Files.createDirectories(partial().getParent());
    Files.write(partial(), new byte[1_000]);

    assertThatThrownBy(this::snapshot).hasMessageContainingAll(WEIGHTS, "wrong checksum");

    assertThat(partial()).doesNotExist();
    assertWeights(snapshot());
  }

  @ParameterizedTest
  @ValueSource(strings = {WEIGHTS, "config.json"})
  void refusesAWrongChecksum(String file) throws IOException {
    server.fail(Stage.CONTENT, file, new Fault.Corrupt());
    byte[] corrupt = Models.content(files, file).clone();
    corrupt[corrupt.length - 1] ^= 1;

    assertThatThrownBy(this::snapshot)
        .isInstanceOf(HubException.class)
        .hasMessageContainingAll(
            file,
            "wrong checksum",
            "expected " + FakeHub.etag(file, Models.content(files, file)),
            "got " + FakeHub.etag(file, corrupt));

    assertThat(blob(file)).doesNotExist();
    assertThat(partialOf(file)).doesNotExist();
    assertThat(new Hub(server.config(cache)).cached(REPO, "main")).isEmpty();
    assertWeights(snapshot());
  }

  @Test
  void refusesAWrongSize() {
    server.fail(Stage.CONTENT, WEIGHTS, new Fault.Shorten(1_000));

    assertThatThrownBy(this::snapshot)
        .isInstanceOf(HubException.class)
        .hasMessageContainingAll(WEIGHTS, "wrong size", "300000 bytes", "1000 bytes");

    assertThat(partial()).doesNotExist();
  }

  @Test
  void refusesMoreThanWasAnnounced() {
    String etag = FakeHub.etag(WEIGHTS, Models.content(files, WEIGHTS));
    server.fail(
        Stage.HEAD,
        WEIGHTS,
        new Fault.Headers(Map.of("X-Linked-Etag", etag, "X-Linked-Size", "1000")));

    assertThatThrownBy(this::snapshot).hasMessageContainingAll(WEIGHTS, "wrong size");
  }

  @Test
  void dropsAConnectionThatFallsSilent() {
    server.fail(Stage.CONTENT, WEIGHTS, new Fault.Stall(100_000));

    assertWeights(snapshot());

    assertThat(progress.notes).anyMatch(note -> note.contains("nothing came for"));
    assertThat(rangeStart(1)).isBetween(1L, 100_000L);
  }

  @Test
  void stopsPromptlyWhenInterruptedAndKeepsWhatCame() throws Exception {
    server.fail(Stage.CONTENT, WEIGHTS, new Fault.Stall(100_000));
    RetryPolicy patient = RetryPolicy.DEFAULT;
    HubConfig config = new HubConfig(server.endpoint(), cache, Optional.empty(), false, patient);
    AtomicReference<Throwable> failure = new AtomicReference<>();
    AtomicReference<Boolean> flag = new AtomicReference<>();
    Thread thread =
        Thread.ofPlatform()
            .start(() -> {
              try {
                new Hub(config).snapshot(REPO, "main", progress);
              } catch (HubException e) {
                failure.set(e);
                flag.set(Thread.currentThread().isInterrupted());
              }
            });
    while (progress.bytes.getOrDefault(WEIGHTS, 0L) < 100_000) {
      Thread.sleep(5);
    }

    thread.interrupt();
    thread.join(5_000);

    assertThat(thread.isAlive()).isFalse();
    assertThat(failure.get()).hasMessageContaining("interrupted");
    assertThat(flag.get()).isTrue();
    assertThat(Files.size(partial())).isEqualTo(100_000);
    server.forgetRequests();
    assertWeights(snapshot());
    assertThat(ranges()).containsExactly("bytes=100000-");
  }

  @Test
  void refusesWhatCannotFitBeforeItAsksForIt() {
    Disk small =
        new Disk() {
          @Override
          public long usableSpace(Path folder) {
            return 200_000;
          }

          @Override
          public void symlink(Path link, Path target) throws IOException {
            Disk.REAL.symlink(link, target);
          }
        };

    assertThatThrownBy(() -> new Hub(server.config(cache), small).snapshot(REPO, "main", progress))
        .isInstanceOf(HubException.class)
        .hasMessageContainingAll("disk full", "300000 bytes", "200000 bytes free", "HF_HOME");

    assertThat(server.requests(Stage.CONTENT, WEIGHTS)).isEmpty();
  }

  @Test
  void saysThatTheDiskBecameFull() throws IOException {
    // the system itself fails every write to this device with "no space left"
    Path full = Path.of("/dev/full");
    assumeThat(full).exists();
    Files.createDirectories(partial().getParent());
    Files.createSymbolicLink(partial(), full);

    assertThatThrownBy(this::snapshot)
        .isInstanceOf(HubException.class)
        .hasMessageContainingAll("disk full", "300000 bytes", "HF_HOME");

    assertThat(server.requests(Stage.CONTENT, WEIGHTS)).hasSize(1);
    Files.delete(partial());
    assertWeights(snapshot());
  }

  private Path snapshot() {
    return new Hub(server.config(cache)).snapshot(REPO, "main", progress);
  }

  private void assertWeights(Path folder) {
    assertThat(folder.resolve(WEIGHTS)).hasBinaryContent(Models.content(files, WEIGHTS));
  }

  private Path blob(String file) {
    return cache
        .resolve("models--owner--model/blobs")
        .resolve(FakeHub.etag(file, Models.content(files, file)));
  }

  private Path partialOf(String file) {
    return blob(file).resolveSibling(blob(file).getFileName() + ".incomplete");
  }

  private Path partial() {
    return partialOf(WEIGHTS);
  }

  private List<String> ranges() {
    return server.requests(Stage.CONTENT, WEIGHTS).stream()
        .map(request -> request.headers().getOrDefault("Range", ""))
        .toList();
  }

  private long rangeStart(int request) {
    return Long.parseLong(ranges().get(request).replaceAll("bytes=(\\d+)-", "$1"));
  }

  private static Fault status(int code) {
    return new Fault.Status(code);
  }
}
