package dev.loupe.model.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Knows which files of a repository make a model. */
final class ModelFiles {
  static final String CONFIG = "config.json";
  static final String TOKENIZER = "tokenizer.json";
  static final String WEIGHTS = "model.safetensors";
  static final String INDEX = "model.safetensors.index.json";

  private static final List<String> OPTIONAL =
      List.of(
          TOKENIZER,
          "tokenizer_config.json",
          "special_tokens_map.json",
          "generation_config.json",
          "vocab.json",
          "merges.txt");
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private ModelFiles() {}

  /** Picks what is to be had before the weights; the index is among them where they are sharded. */
  static List<String> describing(String repo, Set<String> listed) {
    if (!listed.contains(CONFIG)) {
      throw new HubException(repo + " has no config.json: it does not hold a transformers model");
    }
    List<String> picked = new ArrayList<>(List.of(CONFIG));
    OPTIONAL.stream().filter(listed::contains).forEach(picked::add);
    if (!listed.contains(WEIGHTS)) {
      if (!listed.contains(INDEX)) {
        throw new HubException(repo + noSafetensors(listed));
      }
      picked.add(INDEX);
    }
    return picked;
  }

  /** Picks the files of the weights, once those of {@link #describing} are in {@code folder}. */
  static List<String> weights(String repo, Set<String> listed, Path folder) throws IOException {
    if (listed.contains(WEIGHTS)) {
      return List.of(WEIGHTS);
    }
    List<String> shards = shards(repo, folder.resolve(INDEX));
    for (String shard : shards) {
      if (!listed.contains(shard)) {
        throw new HubException(
            "%s: %s names '%s', which the repository does not have"
                .formatted(repo, INDEX, Names.printable(shard)));
      }
    }
    return shards;
  }

  /** Tells whether a folder holds all weights and the configuration of a model. */
  static boolean holdsModel(String repo, Path folder) {
    if (!Files.isRegularFile(folder.resolve(CONFIG))) {
      return false;
    }
    if (Files.isRegularFile(folder.resolve(WEIGHTS))) {
      return true;
    }
    try {
      return Files.isRegularFile(folder.resolve(INDEX))
          && shards(repo, folder.resolve(INDEX)).stream()
              .allMatch(shard -> Files.isRegularFile(folder.resolve(shard)));
    } catch (IOException | HubException e) {
      return false;
    }
  }

  static boolean holdsTokenizer(Path folder) {
    return Files.isRegularFile(folder.resolve(TOKENIZER))
        || (Files.isRegularFile(folder.resolve("vocab.json"))
            && Files.isRegularFile(folder.resolve("merges.txt")));
  }

  private static List<String> shards(String repo, Path index) throws IOException {
    JsonNode map;
    try {
      map = JSON.readTree(Files.readAllBytes(index)).path("weight_map");
    } catch (JacksonException e) {
      throw new HubException(repo + ": " + INDEX + " is not JSON", e);
    }
    Set<String> shards = new TreeSet<>();
    for (JsonNode shard : map.values()) {
      String name = shard.asString("");
      Names.requireFile(repo, name);
      if (!name.endsWith(".safetensors")) {
        throw new HubException(
            "%s: %s names '%s', which is not a safetensors file".formatted(repo, INDEX, name));
      }
      shards.add(name);
    }
    if (shards.isEmpty()) {
      throw new HubException(repo + ": " + INDEX + " has no weight_map");
    }
    return List.copyOf(shards);
  }

  private static String noSafetensors(Set<String> listed) {
    boolean pickled =
        listed.contains("pytorch_model.bin") || listed.contains("pytorch_model.bin.index.json");
    return pickled
        ? " has its weights only as pytorch_model.bin; Loupe reads safetensors: look for a revision"
            + " that has model.safetensors (often refs/pr/N), or convert it with transformers'"
            + " save_pretrained"
        : " has no model.safetensors and no " + INDEX + ": Loupe reads nothing else";
  }
}
