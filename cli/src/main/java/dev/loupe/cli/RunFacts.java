package dev.loupe.cli;

import dev.loupe.model.HookedTransformer;
import dev.loupe.tensor.Threads;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What the results of every run share: what it ran on, and where they go by default. */
final class RunFacts {
  private static final DateTimeFormatter STAMP =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);

  private RunFacts() {}

  /**
   * Returns what belongs to the provenance, in reading order.
   *
   * @param prompts where the prompts are from
   * @param again what to type to get it again
   */
  static Map<String, String> of(Map<String, String> prompts, String again) {
    var facts = new LinkedHashMap<>(prompts);
    facts.put("command", again);
    facts.put("Loupe", Version.current());
    facts.put("commit", Version.commit());
    facts.put("Java", Runtime.version().toString());
    facts.put("libtorch", Threads.libtorchVersion());
    facts.put("matrix threads", Integer.toString(Threads.matrixThreads()));
    facts.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    facts.put("time", Instant.now().toString());
    return facts;
  }

  /** Returns the same of what is made of files alone, without any model or tensor. */
  static Map<String, String> ofFiles(String again) {
    var facts = new LinkedHashMap<String, String>();
    facts.put("command", again);
    facts.put("Loupe", Version.current());
    facts.put("commit", Version.commit());
    facts.put("Java", Runtime.version().toString());
    facts.put("time", Instant.now().toString());
    return facts;
  }

  /** Returns the folder of a run that was given none. */
  static Path usualFolder(String study, HookedTransformer model) {
    return usualFolder(study, model.name());
  }

  /** Returns the folder of a run that was given none. */
  static Path usualFolder(String study, String model) {
    String name = model.replaceAll("[^A-Za-z0-9._-]+", "-").replaceAll("^-+|-+$", "");
    var time = STAMP.format(LocalDateTime.now(ZoneId.systemDefault()));
    return Path.of("runs", study + "-" + name + "-" + time);
  }

  /**
   * Refuses, before anything has run, what cannot become a folder.
   *
   * @throws IllegalArgumentException if it is a file
   */
  static void requireFolder(Path out) {
    for (var path = out.toAbsolutePath(); path != null; path = path.getParent()) {
      if (Files.exists(path)) {
        if (!Files.isDirectory(path)) {
          throw new IllegalArgumentException(
              "--out " + out + ": " + path + " is a file; expected a folder");
        }
        if (!Files.isWritable(path)) {
          throw new IllegalArgumentException("--out " + out + ": cannot write to " + path);
        }
        return;
      }
    }
  }
}
