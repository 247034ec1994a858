package dev.loupe.tensor;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;

/** One mapped safetensors file. */
final class SafeTensorsFile implements AutoCloseable {
  private final Path path;
  private final SafeTensorsHeader header;
  // Not a channel: its length() survives an interrupt of the thread that asks.
  private final RandomAccessFile file;
  private final long size;
  private final Arena arena;
  private final MemorySegment data;

  private SafeTensorsFile(Path path, RandomAccessFile file) throws IOException {
    this.path = path;
    this.file = file;
    header = SafeTensorsHeader.read(path, file);
    size = file.length();
    arena = Arena.ofShared();
    try {
      data = file.getChannel().map(MapMode.READ_ONLY, 0, size, arena).asSlice(header.dataBegin());
    } catch (IOException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  static SafeTensorsFile open(Path path) {
    if (!Files.isRegularFile(path)) {
      throw new SafeTensorsException(path, Files.exists(path) ? "is not a file" : "does not exist");
    }
    try {
      var file = new RandomAccessFile(path.toFile(), "r");
      try {
        return new SafeTensorsFile(path, file);
      } catch (IOException | RuntimeException e) {
        file.close();
        throw e;
      }
    } catch (FileNotFoundException e) {
      throw new SafeTensorsException(path, "cannot be opened: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new SafeTensorsException(path, "cannot be read: " + e.getMessage(), e);
    }
  }

  Path path() {
    return path;
  }

  SafeTensorsHeader header() {
    return header;
  }

  /** Copies one tensor's bytes from the map into native memory of its own. */
  Tensor read(TensorInfo info) {
    if (!arena.scope().isAlive()) {
      throw new IllegalStateException(path + " is closed; read tensors before closing it");
    }
    try (var scope = TensorScope.open()) {
      var tensor = copy(info);
      if (info.dtype() == DType.BOOL) {
        checkBooleans(info, tensor.segment());
      }
      return scope.keep(tensor);
    }
  }

  private Tensor copy(TensorInfo info) {
    try {
      long[] shape = info.shape().stream().mapToLong(Long::longValue).toArray();
      var tensor =
          Tensor.fromSegment(data.asSlice(info.begin(), info.bytes()), info.dtype(), shape);
      // Within the page where a shortened file ends, the map reads zeros instead of failing. The
      // system call also delivers a pending fault of this thread here, and not after the return.
      if (file.length() < size) {
        throw shortened(info, new IOException("the file now has " + file.length() + " bytes"));
      }
      return tensor;
    } catch (InternalError e) {
      throw shortened(info, e);
    } catch (IOException e) {
      throw new SafeTensorsException(path, info.describe() + " cannot be read", e);
    }
  }

  private SafeTensorsException shortened(TensorInfo info, Throwable cause) {
    return new SafeTensorsException(
        path,
        info.describe()
            + " cannot be read: the file was shortened after it was opened, or its disk failed",
        cause);
  }

  private void checkBooleans(TensorInfo info, MemorySegment bytes) {
    long words = bytes.byteSize() & -Long.BYTES;
    long seen = 0;
    for (long i = 0; i < words; i += Long.BYTES) {
      seen |= bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, i);
    }
    for (long i = words; i < bytes.byteSize(); i++) {
      seen |= bytes.get(ValueLayout.JAVA_BYTE, i);
    }
    if ((seen & 0xFEFE_FEFE_FEFE_FEFEL) != 0) {
      throw new SafeTensorsException(
          path, info.describe() + " holds bytes other than 0 and 1; expected booleans");
    }
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
    try {
      file.close();
    } catch (IOException e) {
      throw new SafeTensorsException(path, "cannot be closed", e);
    }
  }
}
