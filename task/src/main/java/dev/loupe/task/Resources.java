package dev.loupe.task;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import tools.jackson.databind.json.JsonMapper;

/** The lists in Loupe's own jar. */
final class Resources {
  private Resources() {}

  static <T> T read(String name, Class<T> type) {
    try (InputStream in = Objects.requireNonNull(Resources.class.getResourceAsStream(name), name)) {
      return JsonMapper.shared().readValue(in, type);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the word lists in Loupe's own jar", e);
    }
  }

  static List<String> words(String name) {
    return List.of(read(name, String[].class));
  }
}
