package dev.loupe.tensor;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Tensors in safetensors files: one file, or the shards of a model.
 *
 * <p>Files are mapped into memory and their headers checked when they are opened; a tensor's bytes
 * are copied when it is asked for, from the map straight into native memory. Whatever a file does
 * not keep to is refused with a {@link SafeTensorsException} that names the file, the tensor and
 * the reason. Threads may share one instance.
 *
 * @see <a href="https://github.com/huggingface/safetensors">the format</a>
 */
public final class SafeTensors implements AutoCloseable {
  private static final int SUGGESTIONS = 3;

  private record Place(SafeTensorsFile file, TensorInfo info) {}

  private final Path source;
  private final List<SafeTensorsFile> files;
  private final Map<String, Place> places = new LinkedHashMap<>();
  private final Map<String, String> metadata = new LinkedHashMap<>();

  private SafeTensors(Path source, List<SafeTensorsFile> files) {
    this.source = source;
    this.files = files;
    for (var file : files) {
      for (var info : file.header().tensors().values()) {
        var other = places.putIfAbsent(info.name(), new Place(file, info));
        if (other != null) {
          throw new SafeTensorsException(
              source,
              info.describe()
                  + " stands in two shards: "
                  + other.file.path()
                  + " and "
                  + file.path());
        }
      }
      file.header().metadata().forEach(metadata::putIfAbsent);
    }
  }

  /**
   * Opens one file.
   *
   * @throws SafeTensorsException if it cannot be read or is malformed
   */
  public static SafeTensors open(Path file) {
    return open(file, List.of(file));
  }

  /**
   * Opens the weights in a model's folder: {@code model.safetensors}, or the shards that {@code
   * model.safetensors.index.json} lists.
   *
   * @throws SafeTensorsException if there are none, the index names a shard outside the folder or a
   *     tensor that its shard lacks, two shards hold one tensor, or a file is malformed
   */
  public static SafeTensors openModel(Path folder) {
    Path whole = folder.resolve("model.safetensors");
    if (Files.exists(whole)) {
      return open(whole);
    }
    Path file = folder.resolve("model.safetensors.index.json");
    if (!Files.exists(file)) {
      throw new SafeTensorsException(
          folder, "has neither model.safetensors nor model.safetensors.index.json");
    }
    var index = SafeTensorsIndex.read(file);
    var tensors = open(file, index.shards());
    try {
      index.shardOf().forEach((name, shard) -> tensors.checkPromise(name, shard));
    } catch (SafeTensorsException e) {
      closeAfter(e, tensors.files);
      throw e;
    }
    return tensors;
  }

  private static SafeTensors open(Path source, Collection<Path> paths) {
    var files = new ArrayList<SafeTensorsFile>();
    try {
      for (var path : paths) {
        files.add(SafeTensorsFile.open(path));
      }
      return new SafeTensors(source, List.copyOf(files));
    } catch (RuntimeException e) {
      closeAfter(e, files);
      throw e;
    }
  }

  /**
   * Closes every file; what fails goes with {@code cause}, if any, else it is thrown at the end.
   */
  private static void closeAfter(@Nullable RuntimeException cause, List<SafeTensorsFile> files) {
    var first = cause;
    for (var file : files) {
      try {
        file.close();
      } catch (RuntimeException e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (cause == null && first != null) {
      throw first;
    }
  }

  private void checkPromise(String name, Path shard) {
    var place = places.get(name);
    if (place == null || !place.file.path().equals(shard)) {
      throw new SafeTensorsException(
          source,
          "promises tensor "
              + SafeTensorsException.quoted(name)
              + " in "
              + shard.getFileName()
              + ", which does not hold it"
              + (place == null ? "" : "; " + place.file.path().getFileName() + " does"));
    }
  }

  /** Returns the names of all tensors, in the order of the headers. */
  public Set<String> names() {
    return Collections.unmodifiableSet(places.keySet());
  }

  /**
   * Returns type, shape and place of a tensor without reading it.
   *
   * @throws SafeTensorsException if there is none of that name; the message lists near names
   */
  public TensorInfo info(String name) {
    return place(name).info;
  }

  /** Returns the free-form metadata; where shards differ, the first one's. */
  public Map<String, String> metadata() {
    return Collections.unmodifiableMap(metadata);
  }

  /**
   * Reads a tensor, in the type that the file has it, into the scope that is open.
   *
   * @throws SafeTensorsException if there is none of that name, if the file was shortened after it
   *     was opened, or if a BOOL tensor holds bytes other than 0 and 1
   * @throws IllegalStateException if this is closed
   */
  public Tensor get(String name) {
    var place = place(name);
    return place.file.read(place.info);
  }

  private Place place(String name) {
    var place = places.get(name);
    if (place != null) {
      return place;
    }
    String near =
        places.keySet().stream()
            .sorted(Comparator.comparingInt((String known) -> -likeness(known, name)))
            .limit(SUGGESTIONS)
            .map(SafeTensorsException::quoted)
            .collect(Collectors.joining(", "));
    throw new SafeTensorsException(
        source,
        "has no tensor "
            + SafeTensorsException.quoted(name)
            + (near.isEmpty()
                ? "; it has none at all"
                : "; nearest of " + places.size() + ": " + near));
  }

  // Names differ in a prefix ("transformer.") or a part in the middle: count what ends agree on.
  private static int likeness(String a, String b) {
    int shorter = Math.min(a.length(), b.length());
    int head = 0;
    while (head < shorter && a.charAt(head) == b.charAt(head)) {
      head++;
    }
    int tail = 0;
    while (tail < shorter - head
        && a.charAt(a.length() - 1 - tail) == b.charAt(b.length() - 1 - tail)) {
      tail++;
    }
    // Twice the agreement less the lengths, so that a long name does not win by length.
    return 2 * (head + tail) - a.length();
  }

  /** Unmaps the files. Tensors that were read stay as they are. */
  @Override
  public void close() {
    closeAfter(null, files);
  }
}
