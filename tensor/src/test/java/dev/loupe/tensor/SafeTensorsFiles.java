package dev.loupe.tensor;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import tools.jackson.databind.json.JsonMapper;

/** Makes well-formed safetensors files by hand, without the writer under test. */
final class SafeTensorsFiles {
  private static final JsonMapper JSON = new JsonMapper();

  /** A tensor of a file: {@code bytes} in the layout of {@code dtype} and {@code shape}. */
  record Part(String name, DType dtype, List<Long> shape, ByteBuffer bytes) {
    static Part random(String name, DType dtype, List<Long> shape, Random random) {
      long count = shape.stream().reduce(1L, (a, b) -> a * b);
      var bytes = new byte[Math.toIntExact(count * dtype.bytes())];
      random.nextBytes(bytes);
      if (dtype == DType.BOOL) {
        for (int i = 0; i < bytes.length; i++) {
          bytes[i] &= 1;
        }
      }
      return new Part(name, dtype, shape, ByteBuffer.wrap(bytes));
    }
  }

  /**
   * A well-formed file.
   *
   * @param parts in the order of their bytes
   * @param order seeds the order of the header
   * @param padding spaces behind the header
   */
  record Good(List<Part> parts, Map<String, String> metadata, long order, int padding) {
    byte[] bytes() {
      var data = new ByteArrayOutputStream();
      var fields = new ArrayList<String>();
      fields.add("\"__metadata__\":" + JSON.writeValueAsString(metadata));
      for (var part : parts) {
        int begin = data.size();
        data.writeBytes(part.bytes().array());
        fields.add(
            "%s:{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
                .formatted(
                    JSON.writeValueAsString(part.name()),
                    part.dtype(),
                    part.shape(),
                    begin,
                    data.size()));
      }
      Collections.shuffle(fields, new Random(order));
      String header =
          fields.stream().collect(Collectors.joining(",", "{", "}")) + " ".repeat(padding);
      return withHeader(header.getBytes(UTF_8), data.toByteArray());
    }
  }

  private SafeTensorsFiles() {}

  static byte[] withHeader(byte[] header, byte[] data) {
    return ByteBuffer.allocate(Long.BYTES + header.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.length)
        .put(header)
        .put(data)
        .array();
  }

  static Path write(Path file, Part... parts) {
    return write(file, new Good(List.of(parts), Map.of("format", "pt"), 0, 0).bytes());
  }

  static Path write(Path file, byte[] bytes) {
    try {
      // As a new file: ext4 flushes one that was emptied and filled again, which takes
      // milliseconds.
      Files.deleteIfExists(file);
      return Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static ByteBuffer bytes(Tensor tensor) {
    return ByteBuffer.wrap(tensor.segment().toArray(ValueLayout.JAVA_BYTE));
  }

  static Arbitrary<Good> good() {
    var text = Arbitraries.strings().withChars("abh.01_\"\\/ \n\u00e9\u20ac\u0000").ofMaxLength(8);
    var shape = Arbitraries.longs().between(0, 3).list().ofMaxSize(4);
    var parts =
        Combinators.combine(text, Arbitraries.of(DType.class), shape, Arbitraries.longs())
            .as((name, dtype, sizes, seed) -> Part.random(name, dtype, sizes, new Random(seed)))
            .list()
            .ofMaxSize(5)
            .uniqueElements(Part::name);
    var metadata = Arbitraries.maps(text, text).ofMaxSize(2);
    return Combinators.combine(
            parts, metadata, Arbitraries.longs(), Arbitraries.integers().between(0, 9))
        .as(Good::new);
  }
}
