package dev.loupe.model.hub;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;

/** Repositories for a {@link FakeHub}. */
final class Models {
  static final String WEIGHTS = "model.safetensors";

  private Models() {}

  /** Five small files and 300,000 bytes of weights. */
  static Map<String, byte[]> single() {
    Map<String, byte[]> files = small();
    files.put(WEIGHTS, bytes(1, 300_000));
    return files;
  }

  static Map<String, byte[]> sharded(String... shards) {
    Map<String, byte[]> files = small();
    StringBuilder map = new StringBuilder();
    for (int i = 0; i < shards.length; i++) {
      map.append(i == 0 ? "" : ",").append("\"t%d\":\"%s\"".formatted(i, shards[i]));
    }
    files.put(
        "model.safetensors.index.json",
        text("{\"metadata\":{\"total_size\":1},\"weight_map\":{" + map + "}}"));
    return files;
  }

  static Map<String, byte[]> small() {
    Map<String, byte[]> files = new TreeMap<>();
    files.put("config.json", text("{\"model_type\":\"gpt2\"}"));
    files.put("tokenizer.json", text("{\"version\":\"1.0\"}"));
    files.put("vocab.json", text("{\"a\":0}"));
    files.put("merges.txt", new byte[0]);
    files.put("README.md", text("not needed"));
    return files;
  }

  static byte[] content(Map<String, byte[]> files, String name) {
    return Objects.requireNonNull(files.get(name), name);
  }

  static byte[] bytes(long seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
