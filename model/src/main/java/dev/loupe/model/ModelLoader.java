package dev.loupe.model;

import dev.loupe.model.hub.Hub;
import dev.loupe.tensor.SafeTensors;
import dev.loupe.tensor.TensorScope;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Finds a model by its name and makes it ready to run. */
final class ModelLoader {
  private ModelLoader() {}

  /** Loads the embedded model, the folder or the hub model that {@code name} names. */
  static HookedTransformer load(String name, LoadOptions options) {
    if (name.isBlank()) {
      throw new IllegalArgumentException("an empty model name: a model is " + kinds());
    }
    var embedded = embedded(name);
    if (embedded.isPresent()) {
      return loadEmbedded(embedded.get(), options);
    }
    return read(folder(name, options), name, options);
  }

  private static Path folder(String name, LoadOptions options) {
    if (!looksLikeFolder(name)) {
      return new Hub(options.hub()).snapshot(name, options.revision(), options.progress());
    }
    var folder = Path.of(name);
    if (!Files.isDirectory(folder)) {
      throw new IllegalArgumentException("no folder \"" + name + "\"; a model is " + kinds());
    }
    if (!options.revision().equals(LoadOptions.MAIN)) {
      throw new IllegalArgumentException(
          "revision "
              + options.revision()
              + " of the folder "
              + name
              + ": only models from the hub have revisions");
    }
    return folder;
  }

  // A hub name has at most one slash and is no path here.
  private static boolean looksLikeFolder(String name) {
    return Files.isDirectory(Path.of(name))
        || name.startsWith(".")
        || name.startsWith("/")
        || name.startsWith("~")
        || name.contains("\\")
        || name.chars().filter(c -> c == '/').count() > 1;
  }

  private static Optional<EmbeddedModel> embedded(String name) {
    return ServiceLoader.load(EmbeddedModel.class).stream()
        .map(ServiceLoader.Provider::get)
        .filter(m -> m.name().equals(name))
        .findFirst();
  }

  private static String kinds() {
    return ServiceLoader.load(EmbeddedModel.class).stream()
            .map(p -> "\"" + p.get().name() + "\", ")
            .collect(Collectors.joining())
        + "a folder with config.json and model.safetensors, or a hub name such as gpt2";
  }

  private static HookedTransformer loadEmbedded(EmbeddedModel model, LoadOptions options) {
    try {
      var folder = Files.createTempDirectory("loupe-" + model.name());
      try {
        model.writeTo(folder);
        var loaded = read(folder, model.name(), options);
        // The hash is taken while the files are there.
        loaded.provenance();
        return loaded;
      } finally {
        delete(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot unpack the embedded model " + model.name(), e);
    }
  }

  private static void delete(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private static HookedTransformer read(Path folder, String name, LoadOptions options) {
    options.device().require();
    var configFile = folder.resolve("config.json");
    var json = new ConfigReader(parse(configFile), configFile.toString());
    var type =
        json.node("model_type")
            .map(n -> n.asString(""))
            .orElseThrow(
                () -> new IllegalArgumentException(configFile + ": no field \"model_type\""));
    var architecture = Architecture.of(type, configFile.toString());
    var config = config(architecture, json);
    json.refuseLeftovers(options.ignoredConfigFields());
    try (var file = SafeTensors.openModel(folder);
        var _ = TensorScope.open()) {
      var reader = new TensorReader(file, options.dtype(), architecture.prefix());
      var stored = architecture.weights(json, config, reader);
      reader.refuseLeftovers();
      var weights = options.processing().apply(config, stored).map(w -> w.to(options.device()));
      // Last, as nothing but a model would close it.
      var tokenizer =
          TokenizerFiles.in(folder)
              ? Optional.of(SharedTokenizer.owned(Tokenizer.load(folder)))
              : Optional.<SharedTokenizer>empty();
      return new HookedTransformer(config, weights, tokenizer, Origin.of(name, folder, options));
    }
  }

  private static ModelConfig config(Architecture architecture, ConfigReader json) {
    try {
      return architecture.config(json);
    } catch (IllegalArgumentException e) {
      // What a shape refuses of itself does not say where it was read.
      String message = String.valueOf(e.getMessage());
      throw message.startsWith(json.where())
          ? e
          : new IllegalArgumentException(json.where() + ": " + message, e);
    }
  }

  private static JsonNode parse(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          "no " + file + ": a model folder has config.json, model.safetensors and tokenizer.json");
    }
    try {
      var node = JsonMapper.shared().readTree(file.toFile());
      if (!node.isObject()) {
        throw new IllegalArgumentException(file + ": expected a JSON object");
      }
      return node;
    } catch (JacksonException e) {
      throw new IllegalArgumentException(file + ": " + e.getOriginalMessage(), e);
    }
  }
}
