package dev.loupe.demo;

import dev.loupe.model.EmbeddedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/** The model that comes with Loupe, {@code demo}. */
public final class DemoModel implements EmbeddedModel {
  private static final List<String> FILES =
      List.of(
          "config.json",
          "model.safetensors",
          "tokenizer.json",
          "tokenizer_config.json",
          ModelCard.FILE);

  @Override
  public String name() {
    return "demo";
  }

  @Override
  public void writeTo(Path folder) throws IOException {
    for (var file : FILES) {
      try (var in = Objects.requireNonNull(DemoModel.class.getResourceAsStream("model/" + file))) {
        Files.copy(in, folder.resolve(file));
      }
    }
  }
}
