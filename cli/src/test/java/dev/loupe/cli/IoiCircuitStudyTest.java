package dev.loupe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.circuit.CircuitJson;
import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.WriteBudget;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.Progress;
import dev.loupe.lens.heads.HeadPatching;
import dev.loupe.model.HookedTransformer;
import dev.loupe.report.study.StudyPage;
import dev.loupe.study.StudyContext;
import dev.loupe.study.ioi.HeadClass;
import dev.loupe.study.ioi.IoiCircuit;
import dev.loupe.study.ioi.IoiCircuitFindings;
import dev.loupe.study.ioi.IoiPrompts;
import dev.loupe.task.Corruption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/** The whole study on the embedded model. */
@TestInstance(Lifecycle.PER_CLASS)
class IoiCircuitStudyTest {
  private static final int PROMPTS = 40;

  @TempDir private Path folder = Path.of("");
  private HookedTransformer model;
  private IoiCircuitFindings findings;

  private static IoiPrompts prompts(Corruption corruption) {
    return new IoiPrompts(PROMPTS, 3, corruption.toString(), "", "s2_io_flip_counterfactual", true);
  }

  private static IoiCircuit study(String compareWith, int random, boolean paths) {
    return new IoiCircuit(
        prompts(Corruption.ABC),
        3,
        3,
        4,
        15,
        WriteBudget.standard(),
        false,
        true,
        compareWith,
        random,
        0,
        paths);
  }

  @BeforeAll
  void run() {
    model = HookedTransformer.load("demo");
    findings = study("", 12, true).run(StudyContext.of(model));
  }

  @AfterAll
  void close() {
    model.close();
  }

  @Test
  void holdsTheBudgetAndReadsBack() throws IOException {
    var circuit = findings.circuit().orElseThrow();
    assertThat(findings.filling().budget()).isEqualTo(672);
    assertThat(findings.filling().used()).isEqualTo(672);
    // 4 MLPs of 128 and 10 heads of 16; the input is not counted.
    assertThat(circuit.nodes()).hasSize(15).isSorted().doesNotHaveDuplicates();
    assertThat(circuit.mlps()).containsExactly(0, 1, 2, 3);
    assertThat(circuit.heads()).hasSize(10);
    circuit.requireIn(model.config());
    var file = Files.write(folder.resolve("circuit.json"), CircuitJson.bytes(circuit, Map.of()));
    assertThat(CircuitJson.read(file)).isEqualTo(circuit);
    assertThat(findings.tops()).hasSize(10);
    for (var top : findings.tops()) {
      assertThat(circuit.has(CircuitNode.of(top.head()))).isTrue();
    }
    int total = 0;
    for (var step : findings.filling().steps()) {
      total += step.cost();
      assertThat(step.total()).isEqualTo(total);
    }
  }

  @Test
  void theCircuitDoesTheWork() {
    var measured = findings.measured();
    assertThat(measured.accuracy()).isGreaterThan(.9);
    assertThat(measured.preferred()).isGreaterThan(.9);
    assertThat(measured.clean().mean()).isGreaterThan(3);
    // Alone it does what the model does; without it nothing is left.
    assertThat(measured.faithfulness().mean()).isBetween(.8, 1.4);
    assertThat(Math.abs(measured.left().mean())).isLessThan(.3);
    assertThat(measured.random()).hasSize(12);
    assertThat(measured.alone().mean()).isGreaterThan(measured.randomMean().mean() + 1);
    assertThat(measured.aloneByPrompt()).hasSize(PROMPTS);
    double mean = measured.aloneByPrompt().stream().mapToDouble(it -> it).average().orElseThrow();
    assertThat(measured.alone().mean()).isCloseTo(mean, within(1e-9));
  }

  @Test
  void holdsTheHeadThatExactPatchingFinds() {
    var data = prompts(Corruption.NAME_SWAP).read(StudyContext.of(model));
    var best = new HeadPatching(model, data.pairs()).run(Progress.none()).ranked().getFirst();
    assertThat(findings.circuit().orElseThrow().heads()).contains(best.head());
  }

  @Test
  void flowsAreMeasuredWhereThereAreWays() {
    assertThat(findings.paths().flows()).hasSize(5);
    var first = findings.paths().flows().getFirst();
    assertThat(first.from()).isEqualTo(HeadClass.DUPLICATE_TOKEN);
    assertThat(first.to()).contains(HeadClass.S_INHIBITION);
    // In this model the heads that look at S2 act on the logits themselves.
    var inhibition =
        findings.paths().flows().stream()
            .filter(flow -> flow.from() == HeadClass.S_INHIBITION && flow.to().isEmpty())
            .findFirst()
            .orElseThrow();
    assertThat(inhibition.loss().mean()).isGreaterThan(findings.measured().clean().mean() / 2);
    for (var path : findings.paths().paths()) {
      assertThat(path.loss().n()).isEqualTo(PROMPTS);
      path.to().ifPresent(to -> assertThat(path.from().layer()).isLessThan(to.layer()));
    }
    for (var flow : findings.paths().flows()) {
      var from = findings.classes().getOrDefault(flow.from(), List.of());
      boolean isPath =
          findings.paths().paths().stream()
              .anyMatch(path -> path.input().equals(flow.input()) && from.contains(path.from()));
      assertThat(flow.loss().n()).isEqualTo(isPath ? PROMPTS : 0);
    }
  }

  @Test
  void comesOutTheSameAgain() {
    var again = study("", 12, true).run(StudyContext.of(model));
    assertThat(again.numbers()).isEqualTo(findings.numbers());
    assertThat(findings.tables().stream().map(table -> table.name()))
        .containsExactly("heads", "budget_steps", "ablations", "prompts", "paths");
    assertThat(findings.tables().getFirst().rows()).hasSize(32 * 3);
  }

  @Test
  void comparesWithAnEarlierCircuit() throws IOException {
    var circuit = findings.circuit().orElseThrow();
    var out = circuit.heads().getFirst();
    var in =
        Head.all(model.config()).stream()
            .filter(head -> !circuit.heads().contains(head))
            .findFirst()
            .orElseThrow();
    var names =
        circuit.nodes().reversed().stream()
            .filter(node -> !node.equals(CircuitNode.of(out)))
            .map(node -> "\"" + node + "\"")
            .collect(Collectors.joining(", "));
    var file = folder.resolve("earlier.json");
    Files.writeString(file, "{\"nodes\": [" + names + ", \"" + CircuitNode.of(in) + "\"]}");
    var compared = study(file.toString(), 0, false).run(StudyContext.of(model));
    var found = compared.comparison().orElseThrow();
    assertThat(found.matching()).hasSize(14);
    assertThat(found.onlyHere())
        .singleElement()
        .satisfies(it -> {
          assertThat(it.node()).isEqualTo(CircuitNode.of(out));
          assertThat(it.rank()).isPresent();
        });
    assertThat(found.onlyThere())
        .singleElement()
        .satisfies(it -> {
          assertThat(it.node()).isEqualTo(CircuitNode.of(in));
          assertThat(it.rank().orElseThrow().of()).isEqualTo(32);
        });
    assertThat(found.moved()).hasSize(14);
    assertThat(StudyPage.of(compared).page("./loupe run x.yaml", Map.of()).html())
        .contains("Compared with", "Nodes of one circuit alone", "The lists have another order");

    Files.writeString(file, "{\"nodes\": [\"a9.h1\"]}");
    assertThatThrownBy(() -> study(file.toString(), 0, false).run(StudyContext.of(model)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("earlier.json: node a9.h1: this model has a0.h0 to a3.h7");
  }

  @Test
  void isToldOnAPage() {
    var page = StudyPage.of(findings);
    var html = page.page("./loupe run ioi-circuit", Map.of("Loupe", "test")).html();
    assertThat(html)
        .contains(
            "Where heads look",
            "The write budget, step by step",
            "Logit difference with parts of the model ablated",
            "The circuit within the write budget",
            "./loupe run ioi-circuit");
    for (var step : findings.filling().steps()) {
      assertThat(html).contains(step.candidate().node().toString());
    }
    assertThat(page.highlights()).hasSize(2);
    assertThat(String.join("\n", page.conclusions()))
        .contains("15 nodes: the input, 4 MLPs and 10 heads", "`672` of a budget of 672");
  }

  @Test
  void oneSmallStudySuffices() {
    var prompts = new IoiPrompts(1, 0, "abc", "", "s2_io_flip_counterfactual", false);
    var small =
        new IoiCircuit(prompts, 0, 0, 1, 1, WriteBudget.of(16), false, false, "", 0, 0, true)
            .run(StudyContext.of(model));
    assertThat(small.circuit().orElseThrow().heads()).hasSize(1);
    assertThat(small.measured().randomMean()).isEqualTo(Estimate.none());
    assertThat(StudyPage.of(small).page("x", Map.of()).html()).contains("no path");
    assertThat(StudyPage.of(small).conclusions()).isNotEmpty();
    assertThat(List.copyOf(small.numbers().keySet())).contains("ablations");
  }
}
