package dev.loupe.model.hub;

import dev.loupe.model.hub.HubApi.Listing;
import dev.loupe.model.hub.HubHttp.Reply;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileLockInterruptionException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Brings models of a Hugging Face hub to this machine, into the cache that its Python client uses
 * too: each finds what the other has downloaded.
 *
 * <p>Safe for use by several threads, and by several processes on one cache. Java's usual proxy
 * properties ({@code -Dhttps.proxyHost}) apply.
 */
public final class Hub {
  private static final Pattern CONTENT_RANGE =
      Pattern.compile("bytes (\\d{1,18})-\\d+/(\\d{1,18})");

  private final HubConfig config;
  private final Disk disk;

  /** Create a client; nothing is read or sent yet. */
  public Hub(HubConfig config) {
    this(config, Disk.REAL);
  }

  Hub(HubConfig config, Disk disk) {
    this.config = config;
    this.disk = disk;
  }

  /**
   * Find the folder of a model that was downloaded before, without any network.
   *
   * @param repo {@code owner/name} or {@code name}
   * @param revision branch, tag or commit, usually {@code main}
   * @return the folder, or empty unless configuration, all weights and the tokenizer are there
   * @throws HubException if a name is not valid
   */
  public Optional<Path> cached(String repo, String revision) {
    Names.requireRepo(repo);
    Names.requireRevision(revision);
    return cache(repo).complete(revision);
  }

  /**
   * Bring a model to this machine and return its folder: {@code config.json}, safetensors, and the
   * tokenizer's files. Downloads what is missing, going on where an earlier call stopped, and
   * verifies sizes and checksums. A commit that is here already needs no network; a branch whose
   * hub does not answer is taken from the cache with a {@link DownloadProgress#note}.
   *
   * @param repo {@code owner/name} or {@code name}
   * @param revision branch, tag or commit, usually {@code main}
   * @throws HubException if the model cannot be had, with the reason and the remedy; also if the
   *     thread is interrupted, whose interrupt flag is then set
   */
  public Path snapshot(String repo, String revision, DownloadProgress progress) {
    Optional<Path> present = cached(repo, revision);
    if (config.offline()) {
      return present.orElseThrow(() ->
          new HubException(
              "%s (%s) is not complete in %s and HF_HUB_OFFLINE is set: unset it to download"
                  .formatted(repo, revision, config.cache())));
    }
    if (present.isPresent() && Names.isCommit(revision)) {
      return present.get();
    }
    try (HubApi api = new HubApi(config, repo, progress)) {
      RetryPolicy policy = present.isPresent() ? config.retry().once() : config.retry();
      Listing listing;
      try {
        listing = api.listing(revision, policy);
      } catch (HubException.Unreachable e) {
        Path copy = present.orElseThrow(() -> e);
        progress.note(e.getMessage() + "; using the copy in the cache");
        return copy;
      }
      return new Download(api, cache(repo), repo, listing, progress).run(revision);
    } catch (InterruptedException | ClosedByInterruptException | FileLockInterruptionException e) {
      throw HubException.interrupted(repo, e);
    } catch (IOException e) {
      throw Space.writeFailed(disk, config.cache(), 0, e);
    }
  }

  private RepoCache cache(String repo) {
    return new RepoCache(config.cache(), repo, disk);
  }

  /** The files of one commit on their way here. */
  private final class Download {
    private final HubApi api;
    private final RepoCache cache;
    private final String repo;
    private final Listing listing;
    private final DownloadProgress progress;
    private final String commit;
    private final Path folder;

    Download(HubApi api, RepoCache cache, String repo, Listing listing, DownloadProgress progress) {
      this.api = api;
      this.cache = cache;
      this.repo = repo;
      this.listing = listing;
      this.progress = progress;
      this.commit = listing.commit();
      this.folder = cache.snapshot(commit);
    }

    Path run(String revision) throws IOException, InterruptedException {
      fetch(ModelFiles.describing(repo, listing.files()));
      fetch(ModelFiles.weights(repo, listing.files(), folder));
      if (!listing.files().contains(ModelFiles.TOKENIZER)) {
        cache.markAbsent(commit, ModelFiles.TOKENIZER);
      }
      // last, so that an older complete snapshot stays in use until this one is complete
      cache.writeRef(revision, commit);
      return folder;
    }

    private void fetch(List<String> names) throws IOException, InterruptedException {
      List<RemoteFile> files = new ArrayList<>();
      long missing = 0;
      for (String name : names) {
        if (!Files.exists(folder.resolve(name))) {
          RemoteFile file = api.head(commit, name);
          files.add(file);
          missing += cache.missing(file);
        }
      }
      if (files.isEmpty()) {
        return;
      }
      Files.createDirectories(cache.blobs());
      Space.require(disk, cache.blobs(), missing);
      for (RemoteFile file : files) {
        fetch(file);
      }
    }

    private void fetch(RemoteFile file) throws IOException, InterruptedException {
      Runnable onWait =
          () -> progress.note(file.name() + ": another process downloads it; waiting");
      try (BlobLock _ = cache.lock(file, onWait)) {
        boolean here = Files.exists(folder.resolve(file.name())) || cache.hasBlob(file);
        progress.start(file.name(), file.size());
        if (here) {
          progress.advance(file.name(), file.size());
        } else {
          download(file);
        }
        cache.link(commit, file, !here);
        progress.done(file.name());
      }
    }

    private void download(RemoteFile file) throws IOException, InterruptedException {
      Backoff backoff = new Backoff(file.name(), config.retry(), progress);
      try (PartialFile partial = new PartialFile(cache.partial(file), file, disk, progress)) {
        while (!partial.full()) {
          long before = partial.position();
          try {
            receive(file, partial);
          } catch (IOException e) {
            if (partial.position() > before) {
              backoff.reset();
            }
            backoff.after(e);
          }
        }
        partial.moveTo(cache.blob(file));
      }
    }

    /** Takes what one connection brings; an IOException here is always the network's. */
    private void receive(RemoteFile file, PartialFile partial)
        throws IOException, InterruptedException {
      try (Reply reply = api.open(commit, file, partial.position())) {
        switch (reply.status()) {
          case 206 -> requireRange(reply, file, partial);
          case 416 -> {
            partial.restart();
            throw new IOException("the server has no byte at which to go on");
          }
          default -> {
            if (partial.position() > 0) {
              partial.restart(); // the server does not do ranges
            }
            Optional<String> length = reply.header("Content-Length");
            if (length.isPresent() && !length.get().equals(Long.toString(file.size()))) {
              throw partial.wrongSize(length.get() + " bytes");
            }
          }
        }
        for (List<ByteBuffer> piece = reply.next(); !piece.isEmpty(); piece = reply.next()) {
          piece.forEach(partial::write);
        }
      }
      if (!partial.full()) {
        throw new EOFException(
            "the connection ended after %d of %d bytes".formatted(partial.position(), file.size()));
      }
    }

    private void requireRange(Reply reply, RemoteFile file, PartialFile partial)
        throws IOException {
      Matcher range = CONTENT_RANGE.matcher(reply.header("Content-Range").orElse(""));
      if (!range.matches() || Long.parseLong(range.group(1)) != partial.position()) {
        partial.restart();
        throw new IOException("the server sent another part of the file than was asked for");
      }
      if (Long.parseLong(range.group(2)) != file.size()) {
        throw partial.wrongSize(range.group(2) + " bytes");
      }
    }
  }
}
