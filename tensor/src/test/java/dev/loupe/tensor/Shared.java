package dev.loupe.tensor;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** The reference data beside the checkout, which a stranger's clone does not have. */
public final class Shared {
  private Shared() {}

  /** Returns a file or folder of it; skips the test, with a message, where there is none. */
  public static Path path(String name) {
    var root = root();
    assumeTrue(
        Files.isDirectory(root),
        () -> "no reference data at " + root + ": set -Dloupe.shared to its folder");
    // Past this point a missing file is a failure, not a reason to skip.
    return root.resolve(name);
  }

  /** Returns where it is, or would be. */
  public static Path root() {
    // Tests run in the folder of their module; the data lies beside that of the whole project.
    var module = Path.of("").toAbsolutePath();
    boolean inModule = Files.isRegularFile(module.resolveSibling("pom.xml"));
    var beside = module.resolve(inModule ? "../../shared" : "../shared").normalize();
    return Path.of(System.getProperty("loupe.shared", beside.toString()));
  }
}
