package dev.loupe.explorer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/** The files of the page, read once: what a request names is looked up here and nowhere else. */
final class Assets {
  /** The page itself. */
  static final String PAGE = "index.html";

  private static final Map<String, String> TYPES =
      Map.of(
          ".html", "text/html; charset=utf-8",
          ".css", "text/css; charset=utf-8",
          ".js", "text/javascript; charset=utf-8",
          ".svg", "image/svg+xml");

  private final Map<String, Asset> assets;

  private Assets(Map<String, Asset> assets) {
    this.assets = assets;
  }

  /** A file with its type and what tells its versions apart. */
  static final class Asset {
    private final byte[] bytes;
    private final String type;
    private final String etag;

    private Asset(byte[] bytes, String type) {
      this.bytes = bytes;
      this.type = type;
      etag = "\"" + HexFormat.of().formatHex(Arrays.copyOf(sha256(bytes), 16)) + "\"";
    }

    byte[] bytes() {
      return bytes.clone();
    }

    String type() {
      return type;
    }

    String etag() {
      return etag;
    }
  }

  /** Reads the page that lies beside this class. */
  static Assets ofPage() {
    return beside(
        Objects.requireNonNull(
            Assets.class.getResource(PAGE), "the page is not on the class path"));
  }

  /** Reads all files of known types in the folder, or folder of a jar, of a resource. */
  static Assets beside(URL resource) {
    try {
      var uri = resource.toURI();
      if (!uri.getScheme().equals("jar")) {
        return read(parent(Path.of(uri)));
      }
      // Of jar:file:/a.jar!/b/c the part before ! is the file; not the shared file system of it,
      // which somebody else might close.
      var text = uri.getSchemeSpecificPart();
      int end = text.indexOf("!/");
      try (FileSystem jar =
          FileSystems.newFileSystem(Path.of(URI.create(text.substring(0, end))))) {
        return read(parent(jar.getPath(text.substring(end + 1))));
      }
    } catch (URISyntaxException e) {
      throw new IllegalStateException(resource + ": the page cannot be found", e);
    } catch (IOException e) {
      throw new UncheckedIOException(resource + ": the page cannot be read", e);
    }
  }

  private static Path parent(Path file) {
    return Objects.requireNonNull(file.getParent());
  }

  private static Assets read(Path folder) throws IOException {
    var assets = new TreeMap<String, Asset>();
    try (var files = Files.list(folder)) {
      for (var file : files.toList()) {
        var name = file.getFileName().toString();
        var type = type(name);
        if (type.isPresent() && Files.isRegularFile(file)) {
          assets.put(name, new Asset(Files.readAllBytes(file), type.get()));
        }
      }
    }
    return new Assets(assets);
  }

  private static Optional<String> type(String name) {
    return TYPES.keySet().stream().filter(name::endsWith).findFirst().map(TYPES::get);
  }

  /** Returns a file by its name. */
  Optional<Asset> find(String name) {
    return Optional.ofNullable(assets.get(name));
  }

  /** Returns the names of all files. */
  Iterable<String> names() {
    return assets.keySet();
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
