package dev.loupe.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** Knows which Loupe this is. */
final class Version implements IVersionProvider {
  private static final String UNKNOWN = "unknown";

  /** Returns the version of the build, such as {@code 0.1.0}. */
  static String current() {
    return property("version");
  }

  /**
   * Returns the commit that was built, with {@code -dirty} where files were changed since; {@code
   * unknown} where it was built away from its repository.
   */
  static String commit() {
    var commit = property("commit");
    return commit.equals(UNKNOWN) || !property("dirty").equals("true") ? commit : commit + "-dirty";
  }

  private static String property(String name) {
    try (var in = Version.class.getResourceAsStream("version.properties")) {
      var properties = new Properties();
      properties.load(Objects.requireNonNull(in, "version.properties is part of the jar"));
      var value = properties.getProperty(name, UNKNOWN);
      // What the build did not know stays as its placeholder.
      return value.isBlank() || value.startsWith("${") ? UNKNOWN : value;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the version of Loupe", e);
    }
  }

  @Override
  public String[] getVersion() {
    return new String[] {"loupe " + current() + " (Java " + Runtime.version() + ")"};
  }
}
