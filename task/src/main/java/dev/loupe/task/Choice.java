package dev.loupe.task;

import dev.loupe.model.Tokenizer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Chooses the entries of lists that a tokenizer can use, and notes the others with the reason. */
final class Choice {
  static final String UNKNOWN = "not in the vocabulary";

  private static final int NAMED = 8;

  private final Tokenizer tokenizer;
  private final String advice;
  private final List<String> notes = new ArrayList<>();

  /**
   * @param advice what to do where nothing remains of a list
   */
  Choice(Tokenizer tokenizer, String advice) {
    this.tokenizer = tokenizer;
    this.advice = advice;
  }

  /** Keeps the entries without an obstacle, of which there must be one. */
  <T> List<T> keep(String kind, List<T> all, Function<T, Optional<String>> obstacle) {
    var kept = new ArrayList<T>();
    var left = new LinkedHashMap<String, List<String>>();
    for (var entry : all) {
      obstacle
          .apply(entry)
          .ifPresentOrElse(
              reason -> left.computeIfAbsent(reason, _ -> new ArrayList<>()).add(entry.toString()),
              () -> kept.add(entry));
    }
    left.forEach((reason, entries) ->
        notes.add(
            "%d of %d %s left out (%s): %s"
                .formatted(entries.size(), all.size(), kind, reason, few(entries))));
    if (kept.isEmpty()) {
      throw new IllegalArgumentException(
          "none of the %d %s can be used with %s: %s. %s"
              .formatted(
                  all.size(),
                  kind,
                  tokenizer,
                  left.entrySet().stream()
                      .map(it -> it.getValue().size() + " " + it.getKey())
                      .collect(Collectors.joining("; ")),
                  advice));
    }
    return List.copyOf(kept);
  }

  /** A note is read: it names some, and counts the rest. */
  private static String few(List<String> entries) {
    return entries.size() <= NAMED
        ? String.join(", ", entries)
        : String.join(", ", entries.subList(0, NAMED - 1))
            + " and "
            + (entries.size() - NAMED + 1)
            + " more";
  }

  List<String> notes() {
    return List.copyOf(notes);
  }
}
