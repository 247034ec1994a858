package dev.loupe.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/** Where the prompts of a study come from: what it takes to have the same ones again. */
sealed interface PromptSource {
  /** Prompts that a seed gives. */
  record Generated(long seed) implements PromptSource {
    @Override
    public Map<String, String> facts() {
      return Map.of("seed", Long.toString(seed));
    }

    @Override
    public String toString() {
      return "seed " + seed;
    }
  }

  /** Prompts that were read from a file, which its hash identifies. */
  record DataFile(Path file, String sha256) implements PromptSource {
    /** Hashes the file. */
    static DataFile of(Path file) throws IOException {
      try {
        var digest = MessageDigest.getInstance("SHA-256");
        Files.copy(file, new DigestOutputStream(OutputStream.nullOutputStream(), digest));
        return new DataFile(file, HexFormat.of().formatHex(digest.digest()));
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("this Java has no SHA-256, which all must have", e);
      }
    }

    @Override
    public Map<String, String> facts() {
      var facts = new LinkedHashMap<String, String>();
      facts.put("data", file.toString());
      facts.put("data sha256", sha256);
      return facts;
    }

    @Override
    public String toString() {
      return "from " + file + " (sha256 " + sha256.substring(0, 12) + ")";
    }
  }

  /** Returns what belongs to the provenance, in reading order. */
  Map<String, String> facts();
}
