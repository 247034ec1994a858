package dev.loupe.study.differential;

import dev.loupe.study.StudyContext;
import dev.loupe.task.TextRows;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;

/** Reads pairs of texts: those that ship, or a user's. */
final class PairReader {
  private static final String SHIPPED = "sarcasm.json";

  private PairReader() {}

  /** Reads the pairs that a study asks for. */
  static List<TextPair> read(DifferentialCircuit study, StudyContext context) {
    if (study.pairs().isEmpty()) {
      return shipped().stream().limit(study.most()).toList();
    }
    var columns = study.columns();
    return TextRows.read(context.file(study.pairs()), columns, study.most()).stream()
        .map(row ->
            new TextPair(
                row.getOrDefault(columns.getFirst(), ""), row.getOrDefault(columns.getLast(), "")))
        .toList();
  }

  private record Remark(String sarcastic, String sincere) {}

  static List<TextPair> shipped() {
    try (var in = PairReader.class.getResourceAsStream(SHIPPED)) {
      if (in == null) {
        throw new IllegalStateException("the study module lacks its resource " + SHIPPED);
      }
      return List.of(JsonMapper.shared().readValue(in, Remark[].class)).stream()
          .map(remark -> new TextPair(remark.sarcastic(), remark.sincere()))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
