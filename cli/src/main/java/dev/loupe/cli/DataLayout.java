package dev.loupe.cli;

import dev.loupe.model.Bos;
import dev.loupe.model.Tokenizer;
import dev.loupe.task.MibIoi;
import dev.loupe.task.MibIoiOptions;
import dev.loupe.task.TaskData;
import dev.loupe.task.TextPairs;
import dev.loupe.task.TextPairsOptions;
import dev.loupe.task.TextRows;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** How a file of prompts is laid out, which its columns tell. */
sealed interface DataLayout {
  /** The parts of a row of texts that {@code --columns} can rename. */
  List<String> PARTS = List.of("clean", "corrupted", "answer", "wrong");

  /** That of the benchmark. */
  record Mib(Path file) implements DataLayout {}

  /**
   * A column for each part of a pair of texts.
   *
   * @param corrupted empty where the file has none
   * @param wrong likewise
   */
  record Pairs(Path file, String clean, String corrupted, String answer, String wrong)
      implements DataLayout {
    boolean isCorrupted() {
      return !corrupted.isEmpty();
    }
  }

  /**
   * Recognises a layout.
   *
   * @param renamed part to column, where a file has other names
   * @throws IllegalArgumentException if the file is absent, malformed, or of neither layout, with
   *     the columns that it has
   */
  static DataLayout of(Path file, Map<String, String> renamed) {
    var columns = TextRows.columns(file);
    if (renamed.isEmpty() && columns.containsAll(List.of("prompt", "choices", "metadata"))) {
      return new Mib(file);
    }
    for (var column : renamed.values()) {
      if (!columns.contains(column)) {
        throw new IllegalArgumentException(
            "%s: no column '%s'; there are %s".formatted(file, column, columns));
      }
    }
    var clean = renamed.getOrDefault("clean", "clean");
    var answer = renamed.getOrDefault("answer", "answer");
    if (!columns.contains(clean) || !columns.contains(answer)) {
      throw new IllegalArgumentException(
          ("%s has the columns %s: expected clean, answer and, where they are needed, corrupted and"
                  + " wrong (or --columns clean=NAME,answer=NAME,...), or those of mib-bench/ioi"
                  + " (prompt, choices, metadata, ...)")
              .formatted(file, columns));
    }
    return new Pairs(
        file,
        clean,
        present("corrupted", renamed, columns),
        answer,
        present("wrong", renamed, columns));
  }

  private static String present(String part, Map<String, String> renamed, List<String> columns) {
    var name = renamed.getOrDefault(part, part);
    return columns.contains(name) ? name : "";
  }

  /** Reads the prompts. */
  default TaskData read(Tokenizer tokenizer, String counterfactual, int most, Bos bos) {
    return switch (this) {
      case Mib(var file) ->
          MibIoi.read(file, tokenizer, new MibIoiOptions(counterfactual, most, bos));
      case Pairs(var file, var clean, var corrupted, var answer, var wrong) ->
          TextPairs.read(
              file, tokenizer, new TextPairsOptions(clean, corrupted, answer, wrong, most, bos));
    };
  }
}
