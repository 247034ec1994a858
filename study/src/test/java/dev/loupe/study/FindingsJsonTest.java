package dev.loupe.study;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.heads.HeadEffects;
import dev.loupe.lens.heads.HeadEvidence;
import dev.loupe.model.Prompt;
import dev.loupe.model.Provenance;
import dev.loupe.model.Token;
import dev.loupe.model.WeightProcessing;
import dev.loupe.task.Position;
import dev.loupe.task.TaskData;
import dev.loupe.task.TaskExample;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

class FindingsJsonTest {
  private static final String HOSTILE = "\"</script>\\ \u2028 é\n";

  private static IndirectObjectFindings findings() {
    var clean = new Prompt("A B " + HOSTILE, List.of(1L, 2L), List.of("A", " B"), false);
    var corrupted = new Prompt("B A", List.of(2L, 1L), List.of("B", " A"), false);
    var example =
        new TaskExample(
            clean,
            corrupted,
            List.of(new Token(" B", 2)),
            List.of(new Token(" A", 1)),
            Map.of(Position.IO, 1));
    var recovery = new Estimate(0.1 + 0.2, 0.01, 2);
    var attention = Map.of("IO", 0.7, "S1", 0.1, "S2", 0.05);
    return new IndirectObjectFindings(
        new Provenance("m", "r1", "w2", "t3", WeightProcessing.none(), "F64"),
        new TaskData("indirect-object", "name-swap", List.of(example), List.of()),
        new HeadEffects(
            new Estimate(3, 0.5, 2),
            new Estimate(-2, Double.NaN, 1),
            0.75,
            0.5,
            List.of(List.of(recovery, new Estimate(-1e-9, 0, 2)))),
        List.of(new HeadEvidence(new Head(0, 0), recovery, attention, attention, 0.25)),
        List.of(new Head(0, 0)),
        new Estimate(1.5, 0.25, 2),
        Map.of(),
        1);
  }

  @Test
  void whatIsWrittenReadsBackAsTheSameNumbers(@TempDir Path folder) throws IOException {
    var file = folder.resolve("result.json");
    FindingsJson.write(file, findings(), Map.of("command", HOSTILE));
    var json = JsonMapper.builder().build().readTree(file.toFile());
    assertThat(json.at("/recovery/0/0").asDouble()).isEqualTo(0.1 + 0.2);
    assertThat(json.at("/recovery/0/1").asDouble()).isEqualTo(-1e-9);
    assertThat(json.at("/accuracy").asDouble()).isEqualTo(0.75);
    assertThat(json.at("/top_accuracy").asDouble()).isEqualTo(0.5);
    assertThat(json.at("/clean/standard_error").asDouble()).isEqualTo(0.5);
    assertThat(json.at("/corrupted/mean").asDouble()).isEqualTo(-2);
    assertThat(json.at("/corrupted/standard_error").isMissingNode()).isTrue();
    assertThat(json.at("/heads/0/attention_from_end/IO").asDouble()).isEqualTo(0.7);
    assertThat(json.at("/heads/0/direct").asDouble()).isEqualTo(0.25);
    assertThat(json.at("/heads/0/role").asString()).isEqualTo("name mover");
    assertThat(json.at("/knocked_out/0").asString()).isEqualTo("L0H0");
    assertThat(json.at("/after_knock_out/mean").asDouble()).isEqualTo(1.5);
    assertThat(json.at("/examples/0/clean").asString()).isEqualTo("A B " + HOSTILE);
    assertThat(json.at("/examples/0/positions/IO").asInt()).isEqualTo(1);
    assertThat(json.at("/provenance/weights_sha256").asString()).isEqualTo("w2");
    assertThat(json.at("/provenance/command").asString()).isEqualTo(HOSTILE);
  }
}
