package dev.loupe.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that the reference implementation wrote. */
class SafeTensorsGoldenTest {
  private static List<Path> golden(String suffix) throws IOException {
    var folder = Shared.path("golden");
    try (var files = Files.walk(folder)) {
      return files.filter(file -> file.toString().endsWith(suffix)).sorted().toList();
    }
  }

  @Test
  void everyFileOpensWithNamesTypesAndShapes() throws IOException {
    var files = golden(".safetensors");
    assertThat(files).hasSizeGreaterThan(100);
    for (var file : files) {
      try (var tensors = SafeTensors.open(file)) {
        // One file of the reference holds metadata and no tensor: the smallest.
        assertThat(tensors.names())
            .as("%s", file)
            .hasSizeGreaterThan(Files.size(file) > 80 ? 0 : -1);
        assertThat(tensors.metadata()).as("%s", file).isNotEmpty();
        for (var name : tensors.names()) {
          var info = tensors.info(name);
          long elements = info.shape().stream().reduce(1L, (a, b) -> a * b);
          assertThat(info.bytes()).isEqualTo(elements * info.dtype().bytes());
        }
      }
    }
  }

  @Test
  void tensorsOfOneTypeMakeTheSameFileAsTheReferences(@TempDir Path folder) throws IOException {
    var copy = folder.resolve("copy.safetensors");
    int compared = 0;
    for (var file : golden(".safetensors")) {
      try (var tensors = SafeTensors.open(file);
          var _ = TensorScope.open()) {
        var all = new LinkedHashMap<String, Tensor>();
        tensors.names().forEach(name -> all.put(name, tensors.get(name)));
        if (all.values().stream().map(Tensor::dtype).distinct().count() != 1) {
          // Of mixed types the reference at hand orders by name alone, and aligns nothing.
          continue;
        }
        SafeTensorsWriter.write(copy, all, tensors.metadata());
      }
      assertThat(Files.mismatch(file, copy)).as("%s", file).isEqualTo(-1);
      compared++;
    }
    assertThat(compared).isGreaterThan(50);
  }

  @Test
  void halfTypesWidenToTheNumbersTheyRound() throws IOException {
    var halves = golden("model_half.safetensors");
    assertThat(halves).isNotEmpty();
    for (var file : halves) {
      try (var half = SafeTensors.open(file);
          var full = SafeTensors.open(file.resolveSibling("model.safetensors"))) {
        assertThat(half.names()).isEqualTo(full.names());
        half.names().forEach(name -> assertRounded(half, full, name));
      }
    }
  }

  private static void assertRounded(SafeTensors half, SafeTensors full, String name) {
    try (var _ = TensorScope.open()) {
      var rounded = half.get(name);
      assertThat(rounded.dtype()).isIn(DType.F16, DType.BF16);
      boolean brain = rounded.dtype() == DType.BF16;
      float[] found = rounded.to(DType.F32).toFloats();
      float[] exact = full.get(name).toFloats();
      assertThat(found).hasSameSizeAs(exact);
      for (int i = 0; i < exact.length; i++) {
        float expected =
            brain ? toBrainFloat(exact[i]) : Float.float16ToFloat(Float.floatToFloat16(exact[i]));
        assertThat(found[i]).as("%s[%d]", name, i).isEqualTo(expected);
      }
    }
  }

  /** Rounds to the upper 16 bits, ties to even. */
  private static float toBrainFloat(float value) {
    int bits = Float.floatToRawIntBits(value);
    int rounded = bits + 0x7FFF + ((bits >>> 16) & 1);
    return Float.intBitsToFloat(rounded & 0xFFFF_0000);
  }
}
