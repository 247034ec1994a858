package dev.loupe.tensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** Reads how much memory this process holds, which is where a native leak shows. */
public final class Resident {
  private Resident() {}

  /** Returns resident bytes; skips the test where the system does not tell. */
  public static long bytes() throws IOException {
    var status = Path.of("/proc/self/status");
    Assumptions.assumeTrue(Files.exists(status), "no /proc/self/status on this system");
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }
}
