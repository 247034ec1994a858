package dev.loupe.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.loupe.report.Terminal.Colour;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TerminalCircuitTest {
  @Test
  void layersGroupsAndEdges() {
    CircuitGraph graph =
        new CircuitGraph(
            "Small",
            3,
            List.of(
                SampleCircuits.input(),
                SampleCircuits.head(0, 10, "first"),
                SampleCircuits.head(0, 2, "second"),
                SampleCircuits.mlp(2, "")),
            List.of(
                SampleCircuits.edge("input", "a0.h2", .125),
                SampleCircuits.edge("a0.h2", "m2", -2)));
    assertThat(TerminalCircuit.render(graph, Terminal.plain()))
        .isEqualTo(
            """
            Small
            L2  m2
            L0  B:a0.h2  A:a0.h10
                input

                A:first  B:second

            edges
            a0.h2 -> m2    -2.00
            input -> a0.h2 +0.12
            """);
  }

  @ParameterizedTest
  @ValueSource(ints = {20, 33, 80, 200})
  void nothingIsWiderThanTheTerminal(int width) {
    Terminal terminal = Terminal.plain().withWidth(width);
    for (CircuitGraph graph :
        List.of(SampleCircuits.ten(), SampleCircuits.gpt2(20), SampleCircuits.whole(0))) {
      for (String line : TerminalCircuit.render(graph, terminal).split("\n", -1)) {
        assertThat(VisibleText.width(line)).as(line).isLessThanOrEqualTo(width);
      }
    }
  }

  @Test
  void coloursAddNothingElse() {
    CircuitGraph graph = SampleCircuits.gpt2(30);
    Terminal colours = new Terminal(Colour.INDEXED, 80, true);
    String plain = TerminalCircuit.render(graph, Terminal.plain());
    String coloured = TerminalCircuit.render(graph, colours);
    assertThat(plain).doesNotContain("\u001b").contains("the 12 heaviest of 30 edges");
    assertThat(coloured).contains("\u001b[38;5;");
    assertThat(coloured.replaceAll("\u001b\\[[0-9;]*m", "")).isEqualTo(plain);
  }

  @Test
  void blocksOfAPageAreShownThatATerminalHas() {
    Terminal narrow = new Terminal(Colour.NONE, 24, false);
    assertThat(
            TerminalBlocks.render(
                new Bullets(List.of("The head `a9.h9` has `0.31 ± 0.02` of it")), narrow))
        .isEqualTo("* The head a9.h9 has\n  0.31 +/- 0.02 of it\n");
    assertThat(
            TerminalBlocks.render(
                KeyFigures.of(
                    new KeyFigures.Figure("accuracy", "99.0 %", "of `8`"),
                    new KeyFigures.Figure("clean", "+3.55", "")),
                Terminal.plain()))
        .isEqualTo("accuracy  99.0 %  of 8\nclean      +3.55\n");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TerminalBlocks.render(Sample.prompts(1), narrow))
        .withMessageContaining("no Prompts");
  }
}
