package dev.loupe.tensor;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** Writes tensors to safetensors files. */
public final class SafeTensorsWriter {
  // Widest first, so that each tensor is aligned; among equals the order of the reference.
  private static final List<DType> RANKING =
      List.of(
          DType.I64, DType.F64, DType.F32, DType.I32, DType.BF16, DType.F16, DType.U8, DType.BOOL);

  private static final int ALIGNMENT = 8;
  private static final long CHUNK = 1L << 30;
  private static final JsonFactory JSON = new JsonFactory();

  private record Item(TensorInfo info, Tensor tensor) {}

  private SafeTensorsWriter() {}

  /**
   * Writes tensors and metadata to {@code file}, replacing it in one step once all is written.
   *
   * <p>Tensors are laid out by width of type, widest first, and then by name, so that each is
   * aligned. Their bytes go from native memory to the file; those that are not contiguous or not on
   * the processor are copied first, one at a time.
   *
   * @throws SafeTensorsException if a name cannot stand in a file or the file cannot be written; an
   *     existing one is then as it was
   */
  public static void write(Path file, Map<String, Tensor> tensors, Map<String, String> metadata) {
    if (tensors.containsKey(SafeTensorsHeader.METADATA)) {
      throw new SafeTensorsException(
          file,
          "no tensor can be named " + SafeTensorsHeader.METADATA + "; the format reserves it");
    }
    Stream.of(tensors.keySet(), metadata.keySet(), metadata.values())
        .flatMap(Collection::stream)
        .filter(text -> !SafeTensorsJson.isUnicode(text))
        .forEach(text -> {
          throw new SafeTensorsException(
              file, SafeTensorsException.quoted(text) + " is not valid Unicode");
        });
    var items = layout(tensors);
    byte[] header = header(items, metadata);
    // What is refused on reading is refused here, by the same rules.
    SafeTensorsHeader.parse(file, header, items.isEmpty() ? 0 : items.getLast().info.end());
    Path part = file.resolveSibling("." + file.getFileName() + "." + UUID.randomUUID() + ".part");
    try {
      try {
        writeNew(part, header, items);
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(part);
      }
    } catch (IOException e) {
      throw new SafeTensorsException(file, "cannot be written: " + e, e);
    }
  }

  private static List<Item> layout(Map<String, Tensor> tensors) {
    var sorted = new ArrayList<>(tensors.entrySet());
    sorted.sort(
        Comparator.comparingInt(
                (Map.Entry<String, Tensor> e) -> RANKING.indexOf(e.getValue().dtype()))
            .thenComparing(Map.Entry::getKey));
    var items = new ArrayList<Item>();
    long at = 0;
    for (var entry : sorted) {
      var tensor = entry.getValue();
      var shape = LongStream.of(tensor.shape()).boxed().toList();
      long end = at + tensor.bytes();
      items.add(new Item(new TensorInfo(entry.getKey(), tensor.dtype(), shape, at, end), tensor));
      at = end;
    }
    return items;
  }

  private static byte[] header(List<Item> items, Map<String, String> metadata) {
    var out = new ByteArrayOutputStream();
    try (var json = JSON.createGenerator(ObjectWriteContext.empty(), out)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeName(SafeTensorsHeader.METADATA).writeStartObject();
        metadata.forEach(json::writeStringProperty);
        json.writeEndObject();
      }
      for (var item : items) {
        writeEntry(json, item.info);
      }
      json.writeEndObject();
    }
    while (out.size() % ALIGNMENT != 0) {
      out.write(' ');
    }
    return out.toByteArray();
  }

  private static void writeEntry(JsonGenerator json, TensorInfo info) {
    json.writeName(info.name()).writeStartObject();
    json.writeStringProperty("dtype", info.dtype().name());
    json.writeArrayPropertyStart("shape");
    info.shape().forEach(json::writeNumber);
    json.writeEndArray();
    json.writeArrayPropertyStart("data_offsets");
    json.writeNumber(info.begin()).writeNumber(info.end());
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void writeNew(Path file, byte[] header, List<Item> items) throws IOException {
    var head = ByteBuffer.allocate(Long.BYTES + header.length).order(ByteOrder.LITTLE_ENDIAN);
    head.putLong(header.length).put(header).flip();
    try (var out =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      writeAll(out, head);
      for (var item : items) {
        try (var _ = TensorScope.open()) {
          writeAll(out, item.tensor.to(Device.cpu()).contiguous().segment(), CHUNK);
        }
      }
    }
  }

  /** Writes memory in pieces, since a buffer cannot be longer than 2 GB. */
  static void writeAll(WritableByteChannel out, MemorySegment bytes, long piece)
      throws IOException {
    for (long at = 0; at < bytes.byteSize(); at += piece) {
      long length = Math.min(piece, bytes.byteSize() - at);
      writeAll(out, bytes.asSlice(at, length).asByteBuffer());
    }
  }

  private static void writeAll(WritableByteChannel out, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      out.write(bytes);
    }
  }
}
