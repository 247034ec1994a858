package dev.loupe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.circuit.CircuitJson;
import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.WriteBudget;
import dev.loupe.model.HookedTransformer;
import dev.loupe.report.study.StudyPage;
import dev.loupe.study.StudyContext;
import dev.loupe.study.differential.DifferentialCircuit;
import dev.loupe.study.differential.DifferentialFindings;
import dev.loupe.study.differential.MlpThreshold;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/** The whole study on the embedded model. */
@TestInstance(Lifecycle.PER_CLASS)
class DifferentialCircuitStudyTest {
  @TempDir private Path folder = Path.of("");
  private HookedTransformer model;
  private DifferentialFindings findings;

  private static DifferentialCircuit study(
      String pairs, List<String> columns, boolean bos, String budget, String compareWith) {
    return new DifferentialCircuit(
        pairs,
        columns,
        100,
        bos,
        MlpThreshold.standard(),
        WriteBudget.parse(budget),
        compareWith,
        "remarks",
        "1.0",
        "differential activations");
  }

  @BeforeAll
  void run() {
    model = HookedTransformer.load("demo");
    findings = DifferentialCircuit.standard().run(StudyContext.of(model));
  }

  @AfterAll
  void close() {
    model.close();
  }

  @Test
  void holdsTheBudgetAndReadsBack() throws IOException {
    var circuit = findings.circuit().orElseThrow();
    // 7/12 of 1,152: the input, 3 MLPs of 4 above the quantile 1/6, 10 heads of 16.
    assertThat(findings.filling().used()).isEqualTo(672);
    assertThat(circuit.mlps()).hasSize(3);
    assertThat(circuit.heads()).hasSize(10);
    assertThat(circuit.has(CircuitNode.input())).isTrue();
    assertThat(circuit.metadata().keySet())
        .containsExactly(
            "total_components",
            "write_budget_used",
            "write_budget_max",
            "budget_utilization",
            "num_mlps",
            "num_attention_heads",
            "model",
            "task",
            "version",
            "method");
    assertThat(circuit.metadata())
        .containsEntry("total_components", 14)
        .containsEntry("budget_utilization", 1.0)
        .containsEntry("model", "demo");
    var file = folder.resolve("circuit.json");
    Files.write(file, CircuitJson.bytes(circuit, Map.of()));
    assertThat(CircuitJson.read(file)).isEqualTo(circuit);
    Files.write(file, CircuitJson.bytes(circuit, Map.of("timestamp", "2026-05-06T07:08:09Z")));
    assertThat(CircuitJson.read(file).metadata())
        .containsEntry("timestamp", "2026-05-06T07:08:09Z")
        .containsEntry("num_mlps", 3);
  }

  @Test
  void chosenNodesAreThoseThatDifferMost() {
    var circuit = findings.circuit().orElseThrow();
    assertThat(findings.rankedHeads().subList(0, 10)).allMatch(circuit::has);
    assertThat(findings.rankedMlps().subList(0, 3)).allMatch(circuit::has);
    double least = findings.norm(findings.rankedMlps().get(2)).mean();
    assertThat(findings.threshold().norm()).isLessThan(least);
    assertThat(findings.chosenAfterBos().orElseThrow()).hasSizeBetween(7, 13);
  }

  @Test
  void comesOutTheSameAgain() {
    var again = DifferentialCircuit.standard().run(StudyContext.of(model));
    assertThat(again.numbers()).isEqualTo(findings.numbers());
    assertThat(findings.tables().stream().map(table -> table.name()))
        .containsExactly("nodes", "budget_steps");
    assertThat(findings.tables().getFirst().rows()).hasSize(36);
  }

  @Test
  void pairsComeFromAFile() throws IOException {
    var file = folder.resolve("pairs.jsonl");
    Files.writeString(
        file,
        """
        {"a": "Wow, the wifi is down again.", "b": "The wifi connection is working great today."}
        {"a": "The wifi is down again.", "b": "The wifi is down again."}
        """);
    var earlier = folder.resolve("earlier.json");
    Files.write(earlier, CircuitJson.bytes(findings.circuit().orElseThrow(), Map.of()));
    var own =
        study(file.toString(), List.of("a", "b"), false, "50 %", earlier.toString())
            .run(StudyContext.of(model));
    assertThat(own.prompts()).hasSize(2);
    // The second pair is twice the same text, and differs in nothing.
    var top = own.norm(own.rankedMlps().getFirst());
    assertThat(top.mean()).isGreaterThan(0);
    assertThat(top.standardError()).isCloseTo(top.mean(), within(1e-9));
    assertThat(own.afterBos()).isEmpty();
    assertThat(own.filling().used()).isLessThanOrEqualTo(576);
    var compared = own.comparison().orElseThrow();
    assertThat(compared.matching().size() + compared.onlyThere().size()).isEqualTo(14);
    assertThat(StudyPage.of(own).page("x", Map.of()).html())
        .contains("Compared with")
        .doesNotContain("How much of it is BOS?");

    Files.writeString(file, "{\"a\": \"Wow.\", \"b\": \"Wow.\"}\n{\"a\": \"Wow.\"}\n");
    assertThatThrownBy(() ->
            study(file.toString(), List.of("a", "b"), true, "standard", "")
                .run(StudyContext.of(model)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("pairs.jsonl, row 2")
        .hasMessageContaining("'b'");
  }

  @Test
  void isToldOnAPage() {
    var page = StudyPage.of(findings);
    assertThat(page.page("./loupe run differential-circuit", Map.of("Loupe", "test")).html())
        .contains(
            "What differs between sarcastic and sincere texts in demo",
            "All 5 pairs",
            "Difference of each head",
            "How much of it is BOS?",
            "The circuit within the write budget");
    assertThat(page.highlights()).hasSize(2);
    assertThat(String.join("\n", page.conclusions()))
        .contains("14 nodes: the input, 3 MLPs and 10 heads");
  }
}
