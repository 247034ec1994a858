package dev.loupe.model;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import tools.jackson.databind.json.JsonMapper;

/**
 * Where a model was read from.
 *
 * @param name what it was asked for by
 * @param folder the files, of a model that was read from any
 * @param revision the commit, of a model from the hub; else empty
 * @param processing what was done to the weights
 * @param loaded when
 */
record Origin(
    String name,
    Optional<Path> folder,
    String revision,
    WeightProcessing processing,
    Instant loaded) {

  static Origin of(String name, Path folder, LoadOptions options) {
    // The hub's cache keeps a snapshot in a folder named by its commit.
    String last = String.valueOf(folder.getFileName());
    String revision = last.matches("[0-9a-f]{40}") ? last : "";
    return new Origin(name, Optional.of(folder), revision, options.processing(), Instant.now());
  }

  static Origin inMemory(WeightProcessing processing) {
    return new Origin("in memory", Optional.empty(), "", processing, Instant.now());
  }

  Origin withProcessing(WeightProcessing changed) {
    return new Origin(name, folder, revision, changed, loaded);
  }

  /** Hashes the weights: the one file, or a list of the shards and their hashes. */
  String weightsSha256() {
    return folder.map(this::hashWeights).orElse("");
  }

  private String hashWeights(Path folder) {
    try {
      // The files that were read, whatever else lies beside them.
      var whole = folder.resolve("model.safetensors");
      if (Files.exists(whole)) {
        return sha256(whole);
      }
      var index =
          JsonMapper.shared().readTree(folder.resolve("model.safetensors.index.json").toFile());
      var weights =
          index.path("weight_map").values().stream()
              .map(shard -> folder.resolve(shard.asString()))
              .collect(Collectors.toCollection(TreeSet::new));
      var list = new StringBuilder();
      for (var file : weights) {
        list.append(sha256(file)).append("  ").append(file.getFileName()).append('\n');
      }
      var digest = digest();
      digest.update(list.toString().getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest.digest());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot hash the weights in " + folder, e);
    }
  }

  private String sha256(Path file) throws IOException {
    if (Files.getLastModifiedTime(file).toInstant().isAfter(loaded)) {
      throw new IllegalStateException(
          file + " has changed since the model was loaded: its hash would be another model's");
    }
    var digest = digest();
    var buffer = new byte[1 << 20];
    try (InputStream in = Files.newInputStream(file)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
