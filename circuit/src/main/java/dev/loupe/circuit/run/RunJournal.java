package dev.loupe.circuit.run;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.zip.CRC32;

/**
 * What of long work is finished, in a file: the same work done again takes it from there and goes
 * on. Each part stands under a hash of all that it was computed from, so that one of other work is
 * never taken. A part is appended when it is finished; of one that was being written when the
 * process ended nothing is taken. For one process at a time, and one thread.
 */
public final class RunJournal implements AutoCloseable {
  private static final int KEY = 32;
  // The key, rows and columns before the numbers; a checksum after them.
  private static final int HEAD = KEY + 2 * Integer.BYTES;

  private final Optional<File> file;
  private final Map<String, Long> places = new HashMap<>();
  private Optional<RandomAccessFile> open = Optional.empty();
  private long end;

  private RunJournal(Optional<File> file) {
    this.file = file;
  }

  /** Returns one that keeps nothing. */
  public static RunJournal none() {
    return new RunJournal(Optional.empty());
  }

  /**
   * Opens a file, which is made when the first part is finished.
   *
   * @throws UncheckedIOException if it cannot be read
   */
  public static RunJournal at(Path file) {
    var journal = new RunJournal(Optional.of(file.toFile()));
    if (Files.exists(file)) {
      try {
        journal.scan();
      } catch (IOException e) {
        journal.close();
        throw new UncheckedIOException("cannot read what was finished before: " + file, e);
      }
    }
    return journal;
  }

  /** Tells whether it keeps anything. */
  public boolean keeps() {
    return file.isPresent();
  }

  /** Returns how many parts are finished. */
  public int finished() {
    return places.size();
  }

  /**
   * Returns a part: as it is kept, or computed now and kept.
   *
   * @param key a hash in hexadecimal digits of all that decides what the part is
   * @param work computes it; as many numbers in every row
   * @throws UncheckedIOException if it cannot be read or written
   */
  public double[][] kept(Supplier<String> key, Supplier<double[][]> work) {
    if (file.isEmpty()) {
      return work.get();
    }
    var name = key.get();
    try {
      var place = places.get(name);
      if (place != null) {
        return read(place);
      }
      double[][] found = work.get();
      append(name, found);
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot keep what is finished in " + file.get(), e);
    }
  }

  /** Returns what hashes the key of a part, begun with a text. */
  public static MessageDigest digest(String text) {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      digest.update(text.getBytes(UTF_8));
      return digest;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  // ---- The file. A channel would be closed by the interruption that the file is there for.

  private RandomAccessFile opened() throws IOException {
    if (open.isEmpty()) {
      var parent = file.orElseThrow().getAbsoluteFile().getParentFile();
      Files.createDirectories(parent.toPath());
      open = Optional.of(new RandomAccessFile(file.orElseThrow(), "rw"));
    }
    return open.get();
  }

  private void scan() throws IOException {
    var in = opened();
    long length = in.length();
    var key = new byte[KEY];
    while (end + HEAD <= length) {
      in.seek(end);
      in.readFully(key);
      long numbers = (long) in.readInt() * in.readInt();
      long next = end + HEAD + numbers * Double.BYTES + Long.BYTES;
      if (numbers < 0 || next > length || !isWhole(in, next)) {
        break;
      }
      places.put(HexFormat.of().formatHex(key), end);
      end = next;
    }
  }

  private boolean isWhole(RandomAccessFile in, long next) throws IOException {
    byte[] bytes = bytes(in, end, next - end);
    var body = ByteBuffer.wrap(bytes, 0, bytes.length - Long.BYTES);
    return ByteBuffer.wrap(bytes).getLong(bytes.length - Long.BYTES) == checksum(body);
  }

  private static byte[] bytes(RandomAccessFile in, long from, long count) throws IOException {
    var bytes = new byte[Math.toIntExact(count)];
    in.seek(from);
    in.readFully(bytes);
    return bytes;
  }

  private double[][] read(long place) throws IOException {
    var in = opened();
    in.seek(place + KEY);
    int rows = in.readInt();
    int columns = in.readInt();
    var numbers =
        ByteBuffer.wrap(bytes(in, place + HEAD, (long) rows * columns * Double.BYTES))
            .asDoubleBuffer();
    var values = new double[rows][columns];
    for (double[] row : values) {
      numbers.get(row);
    }
    return values;
  }

  private void append(String key, double[][] values) throws IOException {
    int columns = values.length == 0 ? 0 : values[0].length;
    int body = Math.toIntExact(HEAD + (long) values.length * columns * Double.BYTES);
    var part = ByteBuffer.allocate(body + Long.BYTES);
    part.put(HexFormat.of().parseHex(key)).putInt(values.length).putInt(columns);
    for (double[] row : values) {
      for (double value : row) {
        part.putDouble(value);
      }
    }
    part.putLong(checksum(ByteBuffer.wrap(part.array(), 0, body)));
    var out = opened();
    out.seek(end);
    out.write(part.array());
    places.put(key, end);
    end += part.capacity();
  }

  private static long checksum(ByteBuffer bytes) {
    var crc = new CRC32();
    crc.update(bytes);
    return crc.getValue();
  }

  /** Lets go of the file, which stays. */
  @Override
  public void close() {
    try {
      if (open.isPresent()) {
        open.get().close();
      }
      open = Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot close " + file.orElseThrow(), e);
    }
  }
}
