package dev.loupe.model.hub;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The checksum that an etag of the hub is: SHA-256 of a large file, Git's blob SHA-1 of a small
 * one. Any other etag (a mirror's own) promises nothing about the content.
 */
final class Checksum {
  private static final Pattern SHA256 = Pattern.compile("[0-9a-fA-F]{64}");
  private static final Pattern SHA1 = Pattern.compile("[0-9a-fA-F]{40}");

  private final RemoteFile file;
  private Optional<MessageDigest> digest;

  Checksum(RemoteFile file) {
    this.file = file;
    this.digest = digestFor(file);
  }

  void restart() {
    digest = digestFor(file);
  }

  void update(ByteBuffer bytes) {
    digest.ifPresent(d -> d.update(bytes.duplicate()));
  }

  /** Returns the sum of what came if it is not what the etag promises. */
  Optional<String> mismatch() {
    return digest
        .map(d -> HexFormat.of().formatHex(d.digest()))
        .filter(got -> !got.equals(file.etag().toLowerCase(Locale.ROOT)));
  }

  private static Optional<MessageDigest> digestFor(RemoteFile file) {
    try {
      if (SHA256.matcher(file.etag()).matches()) {
        return Optional.of(MessageDigest.getInstance("SHA-256"));
      }
      if (SHA1.matcher(file.etag()).matches()) {
        MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
        sha1.update(("blob " + file.size() + "\0").getBytes(StandardCharsets.US_ASCII));
        return Optional.of(sha1);
      }
      return Optional.empty();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256 and SHA-1", e);
    }
  }
}
