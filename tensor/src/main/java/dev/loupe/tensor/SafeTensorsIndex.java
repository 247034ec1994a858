package dev.loupe.tensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;

/**
 * The index of a sharded model.
 *
 * @param shardOf the file that holds each tensor
 */
record SafeTensorsIndex(Map<String, Path> shardOf) {
  private static final String WEIGHT_MAP = "weight_map";

  static SafeTensorsIndex read(Path file) {
    var shardOf = new LinkedHashMap<String, Path>();
    SafeTensorsJson.readObject(
        file,
        "index",
        bytes(file),
        (json, field) -> {
          json.toValue();
          if (!field.equals(WEIGHT_MAP)) {
            json.skip();
            return;
          }
          json.object(
              WEIGHT_MAP,
              name -> {
                json.about(name);
                json.toValue();
                shardOf.put(name, shard(file, json, json.string("its file")));
                json.about(null);
              });
        });
    if (shardOf.isEmpty()) {
      throw new SafeTensorsException(file, "has no " + WEIGHT_MAP + " from tensors to files");
    }
    return new SafeTensorsIndex(shardOf);
  }

  Collection<Path> shards() {
    return new LinkedHashSet<>(shardOf.values());
  }

  private static byte[] bytes(Path file) {
    try {
      long size = Files.size(file);
      if (size > SafeTensorsHeader.MAX_BYTES) {
        throw new SafeTensorsException(
            file, "index of " + size + " bytes; expected at most " + SafeTensorsHeader.MAX_BYTES);
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new SafeTensorsException(file, "cannot be read: " + e.getMessage(), e);
    }
  }

  // By the letters only: in the hub's cache the shards are links to blobs outside the folder.
  private static Path shard(Path index, SafeTensorsJson json, String name) {
    try {
      Path given = Path.of(name);
      Path inside = given.normalize();
      if (!given.isAbsolute()
          && given.getRoot() == null
          && !inside.startsWith("..")
          && !inside.toString().isEmpty()) {
        return index.resolveSibling(inside);
      }
    } catch (InvalidPathException e) {
      // Refused below like any other name that is none of a file in the folder.
    }
    throw json.refusal(
        "has the file " + SafeTensorsException.quoted(name) + ", which is not one in the folder");
  }
}
