package dev.loupe.report;

import java.util.List;
import java.util.Map;

/**
 * Say where the numbers come from: model, checksum, seed, versions, command.
 *
 * @param entries in reading order, at least one
 */
public record Provenance(List<Entry> entries) implements Block {

  /**
   * Name one fact.
   *
   * @param name such as "weights sha256"
   * @param value shown in full, in a monospaced face
   */
  public record Entry(String name, String value) {
    /** Refuse a blank name with {@link IllegalArgumentException}. */
    public Entry {
      Check.notBlank("name of a provenance entry", name);
    }
  }

  /** Copy the list; refuse an empty one with {@link IllegalArgumentException}. */
  public Provenance {
    entries = List.copyOf(entries);
    Check.notEmpty("provenance", entries);
  }

  /** Return the entries of a map, in its iteration order. */
  public static Provenance of(Map<String, String> entries) {
    return new Provenance(
        entries.entrySet().stream().map(e -> new Entry(e.getKey(), e.getValue())).toList());
  }
}
