package dev.loupe.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.loupe.lens.Answers;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.sweep.Axis;
import dev.loupe.lens.sweep.Grid;
import dev.loupe.lens.sweep.Sweep;
import dev.loupe.lens.sweep.SweepResult;
import dev.loupe.model.Provenance;
import dev.loupe.model.Token;
import dev.loupe.model.Tokens;
import dev.loupe.model.WeightProcessing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class SweepFilesTest {
  private static final double NONE = Double.NaN;

  @TempDir private Path folder = Path.of("");

  /** Two prompts on a grid of 2 x 1 x 2, of which two cells lack a value or one prompt's. */
  private static SweepFindings findings(double[] clean, double[] corrupted) {
    var tokens = Tokens.of(new long[] {1, 2}, new long[] {3, 4});
    var pairs = PromptPairs.of(tokens, tokens, Answers.of(new long[] {5, 6}, new long[] {7, 8}));
    var axes =
        List.of(
            Axis.numbered("layer", 2),
            new Axis("position", List.of("END")),
            new Axis("it's \"it\"", List.of("a", "b'")));
    var sweep =
        Sweep.of(
            Grid.of(axes, at -> List.of()),
            pairs,
            PatchDirection.NOISING,
            StandardMetric.LOGIT_DIFFERENCE);
    double[][] values = {{1, 2}, {0.1 + 0.2, -1e-9}, {NONE, NONE}, {4, NONE}};
    var row =
        new PromptRow(
            List.of(new Token("A", 1), new Token(" \"B", 2)),
            List.of(new Token("", 1), new Token("", 2)),
            List.of(new Token(" C", 5)),
            List.of(),
            Map.of("S2", 1));
    return new SweepFindings(
        SweepFindings.Kind.PATCHING,
        new Provenance("m", "r1", "w2", "t3", WeightProcessing.none(), "F64"),
        "z at END",
        Map.of("sites", List.of("z")),
        SweepResult.of(sweep, clean, corrupted, values),
        List.of(row, row),
        List.of("note"),
        1);
  }

  private static SweepFindings usual() {
    return findings(new double[] {3, 5}, new double[] {-1, 1});
  }

  private JsonNode json(SweepFindings findings) throws IOException {
    var file = folder.resolve("result.json");
    SweepFiles.writeJson(file, findings, Map.of("command", "again"));
    assertThat(Files.readString(file)).doesNotContain("NaN");
    return JsonMapper.shared().readTree(file.toFile());
  }

  @Test
  void jsonHoldsTheGridAsNestedArrays() throws IOException {
    var json = json(usual());
    assertThat(json.path("metric").asString()).isEqualTo("logit-difference");
    assertThat(json.path("direction").asString()).isEqualTo("noising");
    assertThat(json.at("/axes/1").asString()).isEqualTo("position");
    assertThat(json.at("/labels/1/0").asString()).isEqualTo("END");
    assertThat(json.at("/clean").asDouble()).isEqualTo(4);
    assertThat(json.at("/corrupted_standard_error").asDouble()).isEqualTo(1);
    assertThat(json.path("values")).hasSize(2);
    assertThat(json.at("/values/0/0/0").asDouble()).isEqualTo(1.5);
    assertThat(json.at("/values/0/0/1").asDouble()).isEqualTo((0.1 + 0.2 - 1e-9) / 2);
    // (1.5 - 0) / (4 - 0)
    assertThat(json.at("/recovery/0/0/0").asDouble()).isEqualTo(0.375);
    assertThat(json.at("/standard_errors/0/0/0").asDouble()).isEqualTo(0.5);
    assertThat(json.at("/recovery_standard_errors/0/0/0").asDouble()).isEqualTo(0.125);
    assertThat(json.at("/prompts/0/clean_tokens/1").asString()).isEqualTo(" \"B");
    assertThat(json.at("/prompts/0/clean_ids/1").asLong()).isEqualTo(2);
    assertThat(json.at("/prompts/0/corrupted_tokens").isMissingNode()).isTrue();
    assertThat(json.at("/prompts/1/clean_metric").asDouble()).isEqualTo(5);
    assertThat(json.at("/interventions/sites/0").asString()).isEqualTo("z");
    assertThat(json.at("/provenance/weights_sha256").asString()).isEqualTo("w2");
    assertThat(json.at("/provenance/command").asString()).isEqualTo("again");
  }

  @Test
  void whatWasNotComputedIsNullAndNever0() throws IOException {
    var json = json(usual());
    assertThat(json.path("complete").asBoolean()).isFalse();
    assertThat(json.at("/values/1/0/0").isNull()).isTrue();
    assertThat(json.at("/recovery/1/0/0").isNull()).isTrue();
    assertThat(json.at("/n/1/0/0").asInt()).isZero();
    assertThat(json.at("/n/1/0/1").asInt()).isEqualTo(1);
    assertThat(json.at("/values/1/0/1").asDouble()).isEqualTo(4);
    assertThat(json.at("/standard_errors/1/0/1").isNull()).isTrue();
  }

  @Test
  void intervalsAreThoseOfTheResult() throws IOException {
    var findings = usual();
    var json = json(findings);
    assertThat(json.path("interval_confidence").asDouble()).isEqualTo(.95);
    // Of 1 and 2 half of all resamples have both, a quarter each only one of them.
    assertThat(json.at("/intervals/0/0/0").toString()).isEqualTo("[1.0,2.0]");
    // (1 + 1) / 4 and (2 - 1) / 4.
    assertThat(json.at("/recovery_intervals/0/0/0").toString()).isEqualTo("[0.25,0.5]");
    var low = findings.result().interval(1).low();
    assertThat(low).isEqualTo(-1e-9);
    assertThat(json.at("/intervals/0/0/1/0").asDouble()).isEqualTo(low);
    // No prompt, and one.
    assertThat(json.at("/intervals/1/0/0").isNull()).isTrue();
    assertThat(json.at("/intervals/1/0/1").isNull()).isTrue();
    assertThat(json.at("/recovery_intervals/1/0/1").isNull()).isTrue();
  }

  @Test
  void largeGridsSayThatTheyHaveNoIntervals() throws IOException {
    var usual = usual();
    var sweep = usual.result().sweep();
    var axis = Axis.numbered("neuron", 5001);
    var large =
        Sweep.of(
            Grid.of(List.of(axis), at -> List.of()),
            sweep.prompts(),
            sweep.direction(),
            sweep.metric());
    var values = new double[axis.size()][2];
    var result = SweepResult.of(large, new double[] {3, 5}, new double[] {-1, 1}, values);
    var json =
        json(
            new SweepFindings(
                usual.kind(),
                usual.model(),
                usual.what(),
                usual.interventions(),
                result,
                usual.prompts(),
                usual.notes(),
                1));
    assertThat(json.path("intervals").isNull()).isTrue();
    assertThat(json.path("intervals_absent").asString()).contains("5001 cells", "5000");
    assertThat(json.path("recovery_intervals").isMissingNode()).isTrue();
    assertThat(json.at("/standard_errors/5000").asDouble()).isZero();
  }

  @Test
  void withoutAGapThereIsNoRecovery() throws IOException {
    var json = json(findings(new double[] {1, 3}, new double[] {3, 1}));
    assertThat(json.path("recovery").isNull()).isTrue();
    assertThat(json.path("recovery_intervals").isMissingNode()).isTrue();
    assertThat(json.at("/intervals/0/0/0/1").asDouble()).isEqualTo(2);
    assertThat(json.path("recovery_absent").asString()).contains("do not differ");
    assertThat(json.at("/values/0/0/0").asDouble()).isEqualTo(1.5);
  }

  @Test
  void parquetHasARowForEachCell() throws IOException, SQLException {
    var file = folder.resolve("it's.parquet");
    Files.writeString(file, "old");
    SweepFiles.writeParquet(file, usual());
    var rows = new ArrayList<String>();
    try (var database = DriverManager.getConnection("jdbc:duckdb:");
        var query = database.prepareStatement("SELECT * FROM read_parquet(?)")) {
      query.setString(1, file.toString());
      try (var found = query.executeQuery()) {
        var columns = found.getMetaData();
        assertThat(columns.getColumnName(3)).isEqualTo("it's \"it\"");
        while (found.next()) {
          var row = new ArrayList<String>();
          for (int i = 1; i <= columns.getColumnCount(); i++) {
            row.add(String.valueOf(found.getObject(i)));
          }
          rows.add(String.join(" ", row));
        }
      }
    }
    assertThat(rows)
        .hasSize(4)
        .contains(
            "0 END a 1.5 0.5 1.0 2.0 2 0.375 0.125 0.25 0.5",
            "1 END a null null null null 0 null null null null",
            "1 END b' 4.0 null null null 1 1.25 null null null");
    assertThat(folder).isDirectoryNotContaining("glob:**.part");
  }

  @Test
  void promptsAndResultBelongTogether() {
    var findings = usual();
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            new SweepFindings(
                findings.kind(),
                findings.model(),
                "",
                Map.of(),
                findings.result(),
                List.of(),
                List.of(),
                1));
  }
}
