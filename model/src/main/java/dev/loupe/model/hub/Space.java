package dev.loupe.model.hub;

import java.io.IOException;
import java.nio.file.Path;

/** Says in time, or at least plainly, that a disk is full. */
final class Space {
  private Space() {}

  /** Refuses a download that cannot fit. */
  static void require(Disk disk, Path folder, long bytes) throws IOException {
    long usable = disk.usableSpace(folder);
    // some network file systems report more than a long can hold as a negative number
    if (usable >= 0 && usable < bytes) {
      throw new HubException(full(folder, bytes, usable));
    }
  }

  /** Explains why something could not be written below {@code folder}. */
  static HubException writeFailed(Disk disk, Path folder, long remaining, IOException failure) {
    try {
      long usable = disk.usableSpace(folder);
      String reason = String.valueOf(failure.getMessage());
      // the system's words may be translated, so free space is looked at as well
      if (reason.contains("No space left")
          || reason.contains("not enough space")
          || (usable >= 0 && usable < remaining)) {
        return new HubException(full(folder, remaining, usable), failure);
      }
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
    return new HubException("cannot write to the model cache: " + failure, failure);
  }

  private static String full(Path folder, long bytes, long usable) {
    return ("disk full: %s more needed in %s, %s free; make room or set HF_HOME to a larger disk"
            + " (what has arrived is kept)")
        .formatted(size(bytes), folder, size(usable));
  }

  static String size(long bytes) {
    return bytes < 1_000_000
        ? bytes + " bytes"
        : bytes < 1_000_000_000
            ? "%d MB".formatted(bytes / 1_000_000)
            : "%.1f GB".formatted(bytes / 1e9);
  }
}
