package dev.loupe.study.run;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A file that a study read.
 *
 * @param name as the specification has it
 * @param sha256 of its contents
 * @param bytes how many it has
 * @param path where it was
 * @param copy where its copy is within the run folder; empty where it was too large for one
 */
@JsonInclude(JsonInclude.Include.ALWAYS)
public record RecordedFile(String name, String sha256, long bytes, String path, String copy) {
  /** Returns the hash of a file. */
  static String sha256(Path file) throws IOException {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      Files.copy(file, new DigestOutputStream(OutputStream.nullOutputStream(), digest));
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java has no SHA-256, which all must have", e);
    }
  }
}
