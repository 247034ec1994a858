package dev.loupe.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loupe.tensor.SafeTensorsFiles.Good;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class SafeTensorsWriterTest {
  @Provide
  Arbitrary<Good> good() {
    return SafeTensorsFiles.good();
  }

  @Property(tries = 300)
  void whatIsReadAndWrittenIsTheSameBitForBit(@ForAll("good") Good good) throws IOException {
    var folder = Files.createTempDirectory("loupe-written");
    var read = SafeTensorsFiles.write(folder.resolve("read"), good.bytes());
    var written = folder.resolve("written");
    try (var _ = TensorScope.open()) {
      var tensors = new HashMap<String, Tensor>();
      try (var file = SafeTensors.open(read)) {
        assertHolds(file, good);
        file.names().forEach(name -> tensors.put(name, file.get(name)));
        SafeTensorsWriter.write(written, tensors, file.metadata());
      }
      try (var file = SafeTensors.open(written)) {
        assertHolds(file, good);
        assertThat(file.names().stream().map(file::info))
            .allMatch(info -> info.begin() % info.dtype().bytes() == 0, "aligned");
      }
      assertThat(PlainReader.headerLength(Files.readAllBytes(written)) % 8).isZero();
    } finally {
      for (var file : new Path[] {read, written, folder}) {
        Files.deleteIfExists(file);
      }
    }
  }

  private static void assertHolds(SafeTensors file, Good good) {
    assertThat(file.metadata()).isEqualTo(good.metadata());
    assertThat(file.names()).hasSize(good.parts().size());
    for (var part : good.parts()) {
      var tensor = file.get(part.name());
      assertThat(tensor.dtype()).isEqualTo(part.dtype());
      assertThat(tensor.shape()).containsExactly(part.shape().toArray(Long[]::new));
      assertThat(SafeTensorsFiles.bytes(tensor)).isEqualTo(part.bytes());
    }
  }

  @Test
  void aViewIsWrittenInTheOrderOfItsElements(@TempDir Path folder) {
    var file = folder.resolve("view.safetensors");
    try (var _ = TensorScope.open()) {
      var tensor = Tensors.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
      SafeTensorsWriter.write(
          file,
          Map.of("transposed", tensor.transpose(0, 1), "column", tensor.select(1, 1)),
          Map.of());
      try (var read = SafeTensors.open(file)) {
        assertThat(read.metadata()).isEmpty();
        assertThat(read.names()).containsExactly("column", "transposed");
        assertThat(read.get("transposed").toFloats()).containsExactly(1, 4, 2, 5, 3, 6);
        assertThat(read.get("column").toFloats()).containsExactly(2, 5);
      }
    }
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "Windows does not replace a mapped file")
  void anExistingFileIsReplacedAndNothingElseStays(@TempDir Path folder) throws IOException {
    var file = folder.resolve("out.safetensors");
    try (var _ = TensorScope.open()) {
      SafeTensorsWriter.write(file, Map.of("a", Tensors.zeros(DType.F32, 4)), Map.of());
      try (var before = SafeTensors.open(file)) {
        SafeTensorsWriter.write(file, Map.of("b", Tensors.zeros(DType.I64)), Map.of());
        assertThat(before.get("a").toFloats()).containsOnly(0);
      }
      try (var after = SafeTensors.open(file)) {
        assertThat(after.names()).containsExactly("b");
      }
      assertThat(filesIn(folder)).containsExactly(file);
    }
  }

  @Test
  void whatCannotBeWrittenIsRefusedAndLeavesTheFolderAsItWas(@TempDir Path folder)
      throws IOException {
    var file = folder.resolve("out.safetensors");
    Files.writeString(file, "as it was");
    try (var _ = TensorScope.open()) {
      var tensor = Tensors.zeros(DType.F32, 4);
      assertRefused(file, Map.of("__metadata__", tensor), Map.of(), "the format reserves it");
      assertRefused(file, Map.of("\ud800", tensor), Map.of(), "not valid Unicode");
      assertRefused(file, Map.of("a", tensor), Map.of("k", "\udc00"), "not valid Unicode");
      assertRefused(folder.resolve("no/a"), Map.of("a", tensor), Map.of(), "cannot be written");
      var long65 = new long[65];
      Arrays.fill(long65, 1);
      assertRefused(file, Map.of("a", Tensors.zeros(DType.U8, long65)), Map.of(), "more than 64");
      var taken = folder.resolve("taken");
      Files.createDirectories(taken.resolve("full"));
      assertRefused(taken, Map.of("a", tensor), Map.of(), "cannot be written");
      assertThat(file).hasContent("as it was");
      assertThat(filesIn(folder)).containsExactlyInAnyOrder(file, taken);
    }
  }

  private static void assertRefused(
      Path file, Map<String, Tensor> tensors, Map<String, String> metadata, String reason) {
    assertThatThrownBy(() -> SafeTensorsWriter.write(file, tensors, metadata))
        .isInstanceOf(SafeTensorsException.class)
        .hasMessageStartingWith(file.toString())
        .hasMessageContaining(reason);
  }

  private static Stream<Path> filesIn(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.toList().stream();
    }
  }

  @Test
  void memoryLongerThanABufferIsWrittenInPieces() throws IOException {
    try (var arena = Arena.ofConfined()) {
      var memory = arena.allocate(10);
      for (int i = 0; i < 10; i++) {
        memory.set(ValueLayout.JAVA_BYTE, i, (byte) i);
      }
      for (int piece : new int[] {1, 3, 5, 9, 10, 11}) {
        var out = new ByteArrayOutputStream();
        SafeTensorsWriter.writeAll(Channels.newChannel(out), memory, piece);
        assertThat(out.toByteArray()).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
      }
    }
  }
}
