package dev.loupe.model;

import java.io.IOException;
import java.nio.file.Path;

/** A model that comes with a jar, found through {@link java.util.ServiceLoader}. */
public interface EmbeddedModel {
  /** Returns the name it is loaded by. */
  String name();

  /** Writes its files, in Hugging Face layout, into an empty folder. */
  void writeTo(Path folder) throws IOException;
}
