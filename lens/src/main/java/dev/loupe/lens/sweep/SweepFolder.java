package dev.loupe.lens.sweep;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.zip.CRC32;

/**
 * The finished chunks of a sweep on disk. A chunk is one file, written beside and moved into place,
 * so that whatever ends the process leaves whole chunks or none.
 */
final class SweepFolder {
  private static final String DESCRIPTION = "sweep.properties";

  private final Path folder;
  private final SweepOptions options;

  private SweepFolder(Path folder, SweepOptions options) {
    this.folder = folder;
    this.options = options;
  }

  /**
   * Opens a folder for a sweep, new or begun. A sweep goes on in the chunks it was begun in, as the
   * last digits of a value depend on what it was computed with.
   *
   * @throws IllegalArgumentException if it holds chunks of another sweep
   */
  static SweepFolder open(Path folder, String fingerprint, SweepOptions options) {
    try {
      Files.createDirectories(folder);
      var file = folder.resolve(DESCRIPTION);
      var properties = new Properties();
      if (!Files.exists(file)) {
        properties.setProperty("sweep", fingerprint);
        properties.setProperty("threads", Integer.toString(options.threads()));
        properties.setProperty("memory", Long.toString(options.memory()));
        var text = new ByteArrayOutputStream();
        properties.store(text, "Loupe: chunks of a sweep; the same sweep run again goes on here");
        write(file, text.toByteArray());
        return new SweepFolder(folder, options);
      }
      try (var in = Files.newInputStream(file)) {
        properties.load(in);
      }
      if (!fingerprint.equals(properties.getProperty("sweep"))) {
        throw new IllegalArgumentException(
            "the folder "
                + folder
                + " holds chunks of another sweep (model, prompts, grid or metric differ): name"
                + " another folder, or empty it");
      }
      return new SweepFolder(
          folder,
          new SweepOptions(
              Long.parseLong(properties.getProperty("memory", "")),
              Integer.parseInt(properties.getProperty("threads", "")),
              options.folder()));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          folder.resolve(DESCRIPTION)
              + " is damaged: expected threads and memory; empty the folder",
          e);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot use the folder " + folder + " for a sweep", e);
    }
  }

  /** Returns the options that the sweep was begun with. */
  SweepOptions options() {
    return options;
  }

  /** Returns how many chunks are there. */
  int chunks() {
    try (var files = Files.list(folder)) {
      return (int) files.filter(file -> file.toString().endsWith(".bin")).count();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the folder " + folder, e);
    }
  }

  /** Returns a chunk if it is there and whole. */
  Optional<StoredChunk> read(String block, int chunk) {
    var file = file(block, chunk);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      byte[] bytes = Files.readAllBytes(file);
      var body = ByteBuffer.wrap(bytes, 0, Math.max(0, bytes.length - Long.BYTES));
      if (bytes.length < Long.BYTES
          || ByteBuffer.wrap(bytes).getLong(bytes.length - Long.BYTES) != checksum(body)) {
        return Optional.empty();
      }
      try (var in = new DataInputStream(new ByteArrayInputStream(bytes))) {
        var cells = integers(in);
        var rows = integers(in);
        double[] clean = numbers(in, rows.size());
        double[] corrupted = numbers(in, rows.size());
        var values = new double[cells.size()][];
        for (int i = 0; i < values.length; i++) {
          values[i] = numbers(in, rows.size());
        }
        return Optional.of(new StoredChunk(cells, rows, clean, corrupted, values));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the chunk " + file, e);
    }
  }

  /** Writes a chunk. */
  void write(String block, int number, StoredChunk chunk) {
    var file = file(block, number);
    var bytes = new ByteArrayOutputStream();
    try (var out = new DataOutputStream(bytes)) {
      integers(out, chunk.cells());
      integers(out, chunk.rows());
      numbers(out, chunk.clean());
      numbers(out, chunk.corrupted());
      for (double[] values : chunk.values()) {
        numbers(out, values);
      }
      out.writeLong(checksum(ByteBuffer.wrap(bytes.toByteArray())));
      write(file, bytes.toByteArray());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write the chunk " + file, e);
    }
  }

  private Path file(String block, int chunk) {
    return folder.resolve(block + "-chunk-" + chunk + ".bin");
  }

  private static void write(Path file, byte[] bytes) throws IOException {
    var beside = Files.createTempFile(file.toAbsolutePath().getParent(), "part", ".tmp");
    try {
      try (var channel = FileChannel.open(beside, StandardOpenOption.WRITE)) {
        var buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
          channel.write(buffer);
        }
        channel.force(true);
      }
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(beside);
    }
  }

  private static long checksum(ByteBuffer bytes) {
    var crc = new CRC32();
    crc.update(bytes);
    return crc.getValue();
  }

  private static void integers(DataOutputStream out, List<Integer> list) throws IOException {
    out.writeInt(list.size());
    for (int value : list) {
      out.writeInt(value);
    }
  }

  private static List<Integer> integers(DataInputStream in) throws IOException {
    int size = in.readInt();
    var list = new ArrayList<Integer>();
    for (int i = 0; i < size; i++) {
      list.add(in.readInt());
    }
    return list;
  }

  private static void numbers(DataOutputStream out, double[] values) throws IOException {
    for (double value : values) {
      out.writeDouble(value);
    }
  }

  private static double[] numbers(DataInputStream in, int size) throws IOException {
    var values = new double[size];
    for (int i = 0; i < size; i++) {
      values[i] = in.readDouble();
    }
    return values;
  }
}
