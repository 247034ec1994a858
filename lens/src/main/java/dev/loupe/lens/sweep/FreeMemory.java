package dev.loupe.lens.sweep;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** How much memory the machine, or the container, has left. */
final class FreeMemory {
  private FreeMemory() {}

  static long bytes() {
    var system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    long free = system.getFreeMemorySize();
    // What caches of files hold is free to whoever asks; only Linux says how much that is.
    return Math.min(Math.max(free, available()), system.getTotalMemorySize());
  }

  private static long available() {
    try (var lines = Files.lines(Path.of("/proc/meminfo"))) {
      return lines
          .filter(line -> line.startsWith("MemAvailable:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
          .findFirst()
          .orElse(0);
    } catch (IOException | RuntimeException e) {
      return 0;
    }
  }
}
