package dev.loupe.tensor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loupe.tensor.SafeTensorsFiles.Part;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class SafeTensorsTest {
  private @TempDir Path folder = Path.of("");

  private static Part part(String name, DType dtype, long... shape) {
    return Part.random(
        name, dtype, Arrays.stream(shape).boxed().toList(), new Random(name.hashCode()));
  }

  @Test
  void aMissingNameIsRefusedWithNearOnes() {
    var file =
        SafeTensorsFiles.write(
            folder.resolve("a.safetensors"),
            part("transformer.h.0.attn.c_attn.weight", DType.F32, 1),
            part("transformer.h.0.attn.c_attn.bias", DType.F32, 1),
            part("transformer.h.0.mlp.c_fc.weight", DType.F32, 1),
            part("wte", DType.F32, 1));
    try (var tensors = SafeTensors.open(file)) {
      assertThatThrownBy(() -> tensors.get("h.0.attn.c_attn.weight"))
          .isInstanceOf(SafeTensorsException.class)
          .hasMessageStartingWith(file + ": has no tensor \"h.0.attn.c_attn.weight\"; nearest of 4")
          .hasMessageContaining("4: \"transformer.h.0.attn.c_attn.weight\"");
      assertThatThrownBy(() -> tensors.info("transformer.h.0.atn.c_attn.bias"))
          .hasMessageContaining("4: \"transformer.h.0.attn.c_attn.bias\"");
    }
    SafeTensorsFiles.write(file);
    try (var tensors = SafeTensors.open(file)) {
      assertThatThrownBy(() -> tensors.info("w")).hasMessageContaining("it has none at all");
    }
  }

  @Test
  void whatIsNoReadableFileIsRefused() {
    Path absent = folder.resolve("absent.safetensors");
    assertThatThrownBy(() -> SafeTensors.open(absent))
        .isInstanceOf(SafeTensorsException.class)
        .hasMessage(absent + ": does not exist");
    assertThatThrownBy(() -> SafeTensors.open(folder))
        .isInstanceOf(SafeTensorsException.class)
        .hasMessage(folder + ": is not a file");
  }

  @Test
  void booleansOtherThanZeroAndOneAreRefusedOnReading() {
    for (int length : new int[] {1, 7, 8, 9, 64, 1000}) {
      for (int at : new int[] {0, length / 2, length - 1}) {
        var bytes = new byte[length];
        var good = new Part("good", DType.BOOL, List.of((long) length), ByteBuffer.wrap(bytes));
        bytes = bytes.clone();
        bytes[at] = (byte) (at % 2 == 0 ? 2 : 0x80);
        var bad = new Part("bad", DType.BOOL, List.of((long) length), ByteBuffer.wrap(bytes));
        var file = SafeTensorsFiles.write(folder.resolve("bool.safetensors"), good, bad);
        try (var tensors = SafeTensors.open(file);
            var _ = TensorScope.open()) {
          assertThat(tensors.get("good").toLongs()).containsOnly(0);
          assertThatThrownBy(() -> tensors.get("bad"))
              .isInstanceOf(SafeTensorsException.class)
              .hasMessageContaining("tensor \"bad\" [" + length + "] BOOL holds bytes other than");
        }
      }
    }
  }

  @Test
  void aTensorOutlivesItsFile() {
    var part = part("w", DType.F32, 300, 7);
    var file = SafeTensorsFiles.write(folder.resolve("a.safetensors"), part);
    try (var _ = TensorScope.open()) {
      Tensor kept;
      var tensors = SafeTensors.open(file);
      try (tensors) {
        kept = tensors.get("w");
      }
      tensors.close();
      SafeTensorsFiles.write(file, new byte[8]);
      assertThat(SafeTensorsFiles.bytes(kept)).isEqualTo(part.bytes());
      assertThatThrownBy(() -> tensors.get("w"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("is closed");
    }
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "Windows does not shorten a mapped file")
  void aFileShortenedAfterOpeningIsAnErrorAndNoCrash() throws IOException {
    // The small tensor is read word by word in compiled code, where faults arrive late.
    var large = part("large", DType.F32, 64, 1024);
    var small = part("small", DType.F64, 4);
    var file = folder.resolve("a.safetensors");
    long size = Files.size(SafeTensorsFiles.write(file, large, small));
    for (long length : new long[] {size - 1, 1 << 16, 8, 0}) {
      SafeTensorsFiles.write(file, large, small);
      try (var tensors = SafeTensors.open(file)) {
        try (var out = new RandomAccessFile(file.toFile(), "rw")) {
          out.setLength(length);
        }
        for (int i = 0; i < 2000; i++) {
          assertShortened(tensors, i % 100 == 0 ? "large" : "small");
        }
      }
    }
  }

  private static void assertShortened(SafeTensors tensors, String name) {
    try (var _ = TensorScope.open()) {
      tensors.get(name);
    } catch (SafeTensorsException e) {
      assertThat(e).hasMessageContaining("the file was shortened after it was opened");
      return;
    }
    throw new AssertionError("read " + name + " from a shortened file");
  }

  @Test
  void aTensorBehindTheFirstFourGigabytesIsRead() throws IOException {
    long large = 5L << 30;
    String header =
        ("{\"large\":{\"dtype\":\"U8\",\"shape\":[%1$d],\"data_offsets\":[0,%1$d]},"
                + "\"last\":{\"dtype\":\"I32\",\"shape\":[2],\"data_offsets\":[%1$d,%2$d]}}")
            .formatted(large, large + 8);
    byte[] begin = SafeTensorsFiles.withHeader(header.getBytes(UTF_8), new byte[0]);
    Path file = SafeTensorsFiles.write(folder.resolve("sparse.safetensors"), begin);
    try (var out = new RandomAccessFile(file.toFile(), "rw")) {
      out.seek(begin.length + large);
      out.write(new byte[] {1, 0, 0, 0, -2, -1, -1, -1});
    }
    try (var tensors = SafeTensors.open(file);
        var _ = TensorScope.open()) {
      assertThat(tensors.info("large").bytes()).isEqualTo(large);
      assertThat(tensors.get("last").toLongs()).containsExactly(1, -2);
    }
  }

  @Test
  void threadsShareAnOpenFile() {
    var parts =
        IntStream.range(0, 20).mapToObj(i -> part("w" + i, DType.F32, 30, 30)).toArray(Part[]::new);
    var file = SafeTensorsFiles.write(folder.resolve("a.safetensors"), parts);
    try (var tensors = SafeTensors.open(file)) {
      var wrong =
          IntStream.range(0, 200)
              .parallel()
              .mapToObj(i -> parts[i % parts.length])
              .filter(part -> !part.bytes().equals(read(tensors, part.name())))
              .toList();
      assertThat(wrong).isEmpty();
      // An interrupt must not close the file for the others.
      Thread.currentThread().interrupt();
      assertThat(read(tensors, "w3")).isEqualTo(parts[3].bytes());
      assertThat(Thread.interrupted()).isTrue();
      assertThat(read(tensors, "w4")).isEqualTo(parts[4].bytes());
    }
  }

  private static ByteBuffer read(SafeTensors tensors, String name) {
    try (var _ = TensorScope.open()) {
      return SafeTensorsFiles.bytes(tensors.get(name));
    }
  }
}
