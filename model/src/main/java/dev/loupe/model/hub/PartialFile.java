package dev.loupe.model.hub;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Optional;

/** The growing {@code blobs/<etag>.incomplete}, with the checksum of all that is in it. */
final class PartialFile implements AutoCloseable {
  private static final int CHUNK = 1 << 20;

  private final Path path;
  private final Path folder;
  private final RemoteFile file;
  private final Disk disk;
  private final DownloadProgress progress;
  private final Checksum checksum;
  private final FileChannel channel;
  private long position;

  /** Opens the file, and reads what an earlier download left. */
  PartialFile(Path path, RemoteFile file, Disk disk, DownloadProgress progress) throws IOException {
    this.path = path;
    this.folder = Objects.requireNonNull(path.getParent());
    this.file = file;
    this.disk = disk;
    this.progress = progress;
    this.checksum = new Checksum(file);
    this.channel =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    boolean read = false;
    try {
      readExisting();
      read = true;
    } finally {
      if (!read) {
        channel.close();
      }
    }
  }

  long position() {
    return position;
  }

  boolean full() {
    return position == file.size();
  }

  void write(ByteBuffer bytes) {
    int length = bytes.remaining();
    if (length > file.size() - position) {
      throw wrongSize("more than that");
    }
    checksum.update(bytes);
    try {
      // at a position, not appended: whoever else writes this file writes the same bytes there
      while (bytes.hasRemaining()) {
        position += channel.write(bytes, position);
      }
    } catch (IOException e) {
      throw failed(e);
    }
    progress.advance(file.name(), length);
  }

  /** Forgets what there is. */
  void restart() {
    try {
      channel.truncate(0);
    } catch (IOException e) {
      throw failed(e);
    }
    if (position > 0) {
      progress.advance(file.name(), -position);
    }
    position = 0;
    checksum.restart();
  }

  /** Moves the verified file to its place, or deletes it and says what is wrong with it. */
  void moveTo(Path blob) throws IOException {
    if (channel.size() != file.size()) {
      throw wrongSize(Space.size(channel.size()));
    }
    Optional<String> wrong = checksum.mismatch();
    if (wrong.isPresent()) {
      discard();
      throw new HubException(
          "%s: wrong checksum: expected %s, got %s; the download was deleted, try again"
              .formatted(file.name(), file.etag(), wrong.get()));
    }
    channel.force(true); // the name must not outlive a crash that the content does not
    channel.close();
    Files.move(path, blob, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Deletes the file and says that the server does not keep to the size it announced. */
  HubException wrongSize(String got) {
    discard();
    return new HubException(
        "%s: wrong size: expected %s, got %s; the download was deleted, try again"
            .formatted(file.name(), Space.size(file.size()), got));
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private void readExisting() throws IOException {
    if (channel.size() > file.size()) {
      channel.truncate(0);
    }
    long existing = channel.size();
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
    while (position < existing) {
      chunk.clear().limit((int) Math.min(CHUNK, existing - position));
      if (channel.read(chunk, position) <= 0) {
        throw new EOFException(path + " shrank while it was read");
      }
      position += chunk.position();
      checksum.update(chunk.flip());
    }
    if (position > 0) {
      progress.advance(file.name(), position);
    }
  }

  private void discard() {
    try {
      channel.close();
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw new HubException("cannot delete the broken download " + path, e);
    }
  }

  private HubException failed(IOException e) {
    return e instanceof ClosedByInterruptException
        ? HubException.interrupted(file.name(), e)
        : Space.writeFailed(disk, folder, file.size() - position, e);
  }
}
