package dev.loupe.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** Knows which Loupe this is. */
final class Version implements IVersionProvider {
  /** Returns the version of the build, such as {@code 0.1.0}. */
  static String current() {
    try (var in = Version.class.getResourceAsStream("version.properties")) {
      var properties = new Properties();
      properties.load(Objects.requireNonNull(in, "version.properties is part of the jar"));
      return properties.getProperty("version", "unknown");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the version of Loupe", e);
    }
  }

  @Override
  public String[] getVersion() {
    return new String[] {"loupe " + current() + " (Java " + Runtime.version() + ")"};
  }
}
