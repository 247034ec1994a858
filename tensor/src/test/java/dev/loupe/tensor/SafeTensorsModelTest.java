package dev.loupe.tensor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loupe.tensor.SafeTensorsFiles.Part;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafeTensorsModelTest {
  private static final Part A = part("a", 3);
  private static final Part B = part("b", 5);
  private static final Part C = part("c", 2);

  private @TempDir Path folder = Path.of("");

  private static Part part(String name, long size) {
    return Part.random(name, DType.F32, List.of(size), new Random(size));
  }

  private void shard(String name, Part... parts) {
    SafeTensorsFiles.write(folder.resolve(name), parts);
  }

  private void index(String text) {
    SafeTensorsFiles.write(folder.resolve("model.safetensors.index.json"), text.getBytes(UTF_8));
  }

  private void assertRefused(String reason) {
    assertThatThrownBy(() -> SafeTensors.openModel(folder).close())
        .isInstanceOf(SafeTensorsException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining(reason);
  }

  @Test
  void oneFileIsReadAsIs() {
    shard("model.safetensors", A, B);
    index("not looked at");
    try (var model = SafeTensors.openModel(folder)) {
      assertThat(model.names()).containsExactlyInAnyOrder("a", "b");
    }
  }

  @Test
  void shardsAreFollowed() throws IOException {
    shard("model-1.safetensors", A, C);
    Files.createDirectory(folder.resolve("more"));
    shard("more/model-2.safetensors", B);
    index(
        """
        {"metadata": {"total_size": 40, "by": {"x": [1.5]}},
         "weight_map": {"b": "more/model-2.safetensors", "a": "model-1.safetensors",
                        "c": "./model-1.safetensors"}}
        """);
    try (var model = SafeTensors.openModel(folder);
        var _ = TensorScope.open()) {
      assertThat(model.names()).containsExactlyInAnyOrder("a", "b", "c");
      for (var part : List.of(A, B, C)) {
        assertThat(SafeTensorsFiles.bytes(model.get(part.name()))).isEqualTo(part.bytes());
      }
      assertThat(model.metadata()).containsEntry("format", "pt");
      assertThatThrownBy(() -> model.get("d")).hasMessageContaining("index.json: has no tensor");
    }
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "links need a privilege there")
  void shardsAreFollowedThroughLinksAsTheHubCacheHasThem(@TempDir Path blobs) throws IOException {
    var blob = SafeTensorsFiles.write(blobs.resolve("0123abcd"), A);
    Files.createSymbolicLink(folder.resolve("model-1.safetensors"), blob);
    index("{\"weight_map\": {\"a\": \"model-1.safetensors\"}}");
    try (var model = SafeTensors.openModel(folder)) {
      assertThat(model.names()).containsExactly("a");
    }
  }

  @Test
  void aFolderWithoutWeightsIsRefused() {
    assertRefused("has neither model.safetensors nor model.safetensors.index.json");
  }

  @Test
  void aBrokenPromiseIsRefusedByName() {
    shard("1.safetensors", A);
    shard("2.safetensors", B);
    index("{\"weight_map\": {\"a\": \"1.safetensors\", \"zzz\": \"2.safetensors\"}}");
    assertRefused("promises tensor \"zzz\" in 2.safetensors, which does not hold it");
    index("{\"weight_map\": {\"a\": \"1.safetensors\", \"b\": \"1.safetensors\"}}");
    assertRefused("promises tensor \"b\" in 1.safetensors, which does not hold it");
    index("{\"weight_map\": {\"a\": \"2.safetensors\", \"b\": \"1.safetensors\"}}");
    assertRefused("which does not hold it; 1.safetensors does");
  }

  @Test
  void aTensorInTwoShardsIsRefusedByName() {
    shard("1.safetensors", A, C);
    shard("2.safetensors", B, C);
    index("{\"weight_map\": {\"a\": \"1.safetensors\", \"b\": \"2.safetensors\"}}");
    assertRefused("tensor \"c\" [2] F32 stands in two shards");
  }

  @Test
  void aMissingOrMalformedShardIsRefused() {
    index("{\"weight_map\": {\"a\": \"1.safetensors\"}}");
    assertRefused("1.safetensors: does not exist");
    SafeTensorsFiles.write(folder.resolve("1.safetensors"), new byte[3]);
    assertRefused("1.safetensors: is 3 bytes long");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"../1.safetensors", "x/../../1.safetensors", "..", "", ".", "x/..", "/etc/passwd"})
  void aShardOutsideTheFolderIsRefused(String name) {
    index("{\"weight_map\": {\"a\": \"" + name + "\"}}");
    assertRefused("tensor \"a\" has the file \"" + name + "\", which is not one in the");
  }

  @Test
  void aShardNameThatNoFileCanHaveIsRefused() {
    index("{\"weight_map\": {\"a\": \"1\\u0000.safetensors\"}}");
    assertRefused("has the file \"1?.safetensors\"");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{}| has no weight_map",
        "{\"weight_map\": {}}| has no weight_map",
        "{\"weight_map\": []}| has an array as weight_map; expected an object",
        "{\"weight_map\": {\"a\": 1}}| tensor \"a\" has 1 as its file; expected a string",
        "{\"weight_map\": {\"a\": \"x\", \"a\": \"y\"}}| Duplicate",
        "{\"weight_map\": {\"a\": \"x\"}, \"weight_map\": {}}| Duplicate",
        "[]| has an array as its content; expected an object",
        "``| has nothing as its content; expected an object",
        "{\"weight_map\"| not valid JSON",
        "{\"weight_map\": {\"a\": \"x\"}} {}| has more behind the end of its object",
      })
  void aMalformedIndexIsRefused(String text, String reason) {
    index(text);
    assertRefused(reason);
  }

  @Test
  void aDeeplyNestedIndexIsRefused() {
    index("{\"metadata\": " + "[".repeat(200_000) + "]".repeat(200_000) + "}");
    assertRefused("nesting depth");
  }
}
