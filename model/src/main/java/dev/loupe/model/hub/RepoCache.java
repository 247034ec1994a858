package dev.loupe.model.hub;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Objects;
import java.util.Optional;

/**
 * One repository in the layout of huggingface_hub: {@code blobs/<etag>}, {@code
 * snapshots/<commit>/<file>} linked to them, {@code refs/<revision>} that hold a commit, and empty
 * {@code .no_exist/<commit>/<file>} for what the repository is known not to have.
 */
final class RepoCache {
  private final String repo;
  private final Path root;
  private final Path locks;
  private final Disk disk;

  RepoCache(Path cache, String repo, Disk disk) {
    String folder = "models--" + repo.replace("/", "--");
    this.repo = repo;
    this.root = cache.toAbsolutePath().resolve(folder);
    this.locks = cache.toAbsolutePath().resolve(".locks").resolve(folder);
    this.disk = disk;
  }

  Path snapshot(String commit) {
    return root.resolve("snapshots").resolve(commit);
  }

  Path blobs() {
    return root.resolve("blobs");
  }

  Path blob(RemoteFile file) {
    return blobs().resolve(file.etag());
  }

  Path partial(RemoteFile file) {
    return blobs().resolve(file.etag() + ".incomplete");
  }

  /** Tells whether a whole blob is there; one of the wrong size is not. */
  boolean hasBlob(RemoteFile file) throws IOException {
    return Files.isRegularFile(blob(file)) && Files.size(blob(file)) == file.size();
  }

  /** Returns how much of a file is still to come. */
  long missing(RemoteFile file) throws IOException {
    if (hasBlob(file)) {
      return 0;
    }
    Path partial = partial(file);
    return file.size() - (Files.isRegularFile(partial) ? Files.size(partial) : 0);
  }

  /** Finds the snapshot of a revision if nothing of the model is missing. */
  Optional<Path> complete(String revision) {
    return commitOf(revision)
        .filter(commit ->
            ModelFiles.holdsModel(repo, snapshot(commit))
                && (ModelFiles.holdsTokenizer(snapshot(commit))
                    || Files.exists(absence(commit, ModelFiles.TOKENIZER))))
        .map(this::snapshot);
  }

  /** Records the commit that a branch or tag stands for, in one step. */
  void writeRef(String revision, String commit) throws IOException {
    if (Names.isCommit(revision) || commitOf(revision).filter(commit::equals).isPresent()) {
      return;
    }
    Path ref = root.resolve("refs").resolve(revision);
    Files.createDirectories(parent(ref));
    Files.createDirectories(locks);
    Path draft = Files.createTempFile(locks, "ref", ".tmp");
    Files.writeString(draft, commit);
    Files.move(draft, ref, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  void markAbsent(String commit, String file) throws IOException {
    Path mark = absence(commit, file);
    if (!Files.exists(mark)) {
      Files.createDirectories(parent(mark));
      Files.write(mark, new byte[0]);
    }
  }

  BlobLock lock(RemoteFile file, Runnable onWait) throws IOException, InterruptedException {
    return BlobLock.take(locks, file.etag() + ".lock", onWait);
  }

  /**
   * Puts a blob into a snapshot under its name: as a link, or where there are no links as the file
   * itself if it was just downloaded, else as a copy.
   */
  void link(String commit, RemoteFile file, boolean justDownloaded) throws IOException {
    Path pointer = snapshot(commit).resolve(file.name());
    if (Files.exists(pointer)) {
      return;
    }
    Files.createDirectories(parent(pointer));
    Files.deleteIfExists(pointer); // a link whose blob is gone
    Path blob = blob(file);
    try {
      disk.symlink(pointer, parent(pointer).relativize(blob));
    } catch (FileAlreadyExistsException e) {
      // Python's client was faster: the blob is the same
    } catch (UnsupportedOperationException | FileSystemException e) {
      Path source = blob;
      if (!justDownloaded) {
        Files.createDirectories(locks);
        source = Files.createTempFile(locks, "copy", ".tmp");
        Files.copy(blob, source, StandardCopyOption.REPLACE_EXISTING);
      }
      Files.move(source, pointer, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private static Path parent(Path below) {
    return Objects.requireNonNull(below.getParent());
  }

  private Path absence(String commit, String file) {
    return root.resolve(".no_exist").resolve(commit).resolve(file);
  }

  private Optional<String> commitOf(String revision) {
    if (Names.isCommit(revision)) {
      return Optional.of(revision);
    }
    Path ref = root.resolve("refs").resolve(revision);
    try {
      return Files.isRegularFile(ref)
          ? Optional.of(Files.readString(ref).strip()).filter(Names::isCommit)
          : Optional.empty();
    } catch (IOException e) {
      throw new HubException("cannot read " + ref, e);
    }
  }
}
