package dev.loupe.cli;

import dev.loupe.model.EmbeddedModel;
import dev.loupe.model.hub.DownloadProgress;
import dev.loupe.model.hub.Hub;
import dev.loupe.model.hub.HubConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.Consumer;

/** Finds the files of a model for a command that needs no weights, and so no native tensors. */
final class ModelFolder {
  private ModelFolder() {}

  /** Calls {@code use} with the folder, which for an embedded model is gone afterwards. */
  static void use(
      String name, String revision, HubConfig hub, DownloadProgress progress, Consumer<Path> use)
      throws IOException {
    var embedded = embedded(name);
    refuseRevision(name, revision);
    if (embedded.isPresent()) {
      var folder = Files.createTempDirectory("loupe-" + name);
      try {
        embedded.get().writeTo(folder);
        use.accept(folder);
      } finally {
        delete(folder);
      }
    } else if (Files.isDirectory(Path.of(name))) {
      use.accept(Path.of(name));
    } else if (name.matches("[./~].*|.*\\\\.*|.*/.*/.*")) {
      throw new IllegalArgumentException(
          "no folder \"" + name + "\"; a model is demo, a folder, or a hub name such as gpt2");
    } else {
      use.accept(new Hub(hub).snapshot(name, revision, progress));
    }
  }

  /**
   * Checks that a revision is asked only of a model that has revisions.
   *
   * @throws IllegalArgumentException if the model is embedded or a folder and it is not the main
   *     one
   */
  static void refuseRevision(String name, String revision) {
    if (!revision.equals(Help.MAIN)
        && (embedded(name).isPresent() || Files.isDirectory(Path.of(name)))) {
      throw new IllegalArgumentException(
          "revision " + revision + " of " + name + ": only models from the hub have revisions");
    }
  }

  /** Finds the embedded model of a name. */
  static Optional<EmbeddedModel> embedded(String name) {
    return ServiceLoader.load(EmbeddedModel.class).stream()
        .map(ServiceLoader.Provider::get)
        .filter(it -> it.name().equals(name))
        .findFirst();
  }

  /** Deletes a folder and all in it. */
  static void delete(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
