package dev.loupe.lens.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.loupe.lens.Answers;
import dev.loupe.lens.At;
import dev.loupe.lens.Change;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import dev.loupe.model.HookPoint;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.PaddingSide;
import dev.loupe.model.RandomModels;
import dev.loupe.model.Tokens;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GridBuilderTest {
  private static final ModelConfig GROUPED =
      RandomModels.families().stream().filter(ModelConfig::isGrouped).findFirst().orElseThrow();

  private static final PromptPairs PROMPTS = prompts();

  private static PromptPairs prompts() {
    var tokens =
        Tokens.padded(
            PaddingSide.LEFT, 0, List.of(new long[] {1, 2, 3}, new long[] {4, 5, 6, 7, 8}));
    var answers = Answers.of(new long[] {1, 2}, new long[] {2, 3});
    return new PromptPairs(tokens, tokens, answers, Map.of("S2", List.of(1, 3)), List.of("a", "b"));
  }

  private static Grid build(GridBuilder builder) {
    return builder.build(GROUPED, PROMPTS);
  }

  private static List<String> axes(GridBuilder builder) {
    return build(builder).axes().stream().map(a -> a.name() + " " + a.size()).toList();
  }

  @ParameterizedTest
  @CsvSource({
    "z, all, all, layer head",
    "z, each, all, layer position head",
    "k, S2, all, layer head",
    "pattern, all, all, layer head",
    "pattern, each, all, layer head position",
    "pattern, END, each, layer head src",
    "pattern, each, each, layer head dest src",
    "resid-pre, each, all, layer position",
    "mlp-out, END, all, layer",
    "neuron, all, all, layer neuron",
    "neuron, 'END,S2', all, layer neuron position"
  })
  void axesStandInTheOrderOfTransformerLens(String site, String at, String from, String names) {
    var builder = GridBuilder.of(PatchSite.parse(site)).at(Places.parse(at));
    var grid = build(from.equals("all") ? builder : builder.from(Places.parse(from)));
    assertThat(grid.axes().stream().map(Axis::name)).containsExactly(names.split(" ", -1));
    for (int cell = 0; cell < grid.size(); cell++) {
      assertThat(grid.cell(cell)).hasSize(1);
    }
  }

  @Test
  void positionsHaveAnAxisWhereTheyUsuallyDo() {
    int layers = GROUPED.nLayers();
    assertThat(axes(GridBuilder.of(PatchSite.RESID_PRE)))
        .containsExactly("layer " + layers, "position 5");
    assertThat(axes(GridBuilder.of(PatchSite.K)))
        .containsExactly("layer " + layers, "head " + GROUPED.nKeyValueHeads());
  }

  @Test
  void aCellIsWhatItsLabelsSay() {
    var grid =
        build(
            GridBuilder.of(PatchSite.PATTERN)
                .layers(List.of(1))
                .heads(List.of(2, 0))
                .at(Places.each())
                .from(Places.parse("S2,-1")));
    int cell = grid.index(List.of(0, 0, 3, 1));
    assertThat(grid.labels(cell)).containsExactly("1", "2", "3", "-1");
    assertThat(grid.cell(cell))
        .containsExactly(
            Intervention.patch(
                Site.head(HookPoint.pattern(1), 2).at(At.index(3)).from(At.index(-1))));
  }

  @Test
  void sitesThatShareAxesStandSideBySide() {
    var grid =
        build(
            GridBuilder.of(PatchSite.Z, PatchSite.Q).at(Places.each()).changing(new Change.Zero()));
    assertThat(grid.axes().getFirst()).isEqualTo(new Axis("site", List.of("z", "q")));
    assertThat(grid.cell(grid.index(List.of(1, 1, 4, 0))))
        .containsExactly(Intervention.zero(Site.head(HookPoint.q(1), 0).at(At.index(4))));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> build(GridBuilder.of(PatchSite.Z, PatchSite.K)))
        .withMessageContaining("z has the axes layer")
        .withMessageContaining("k has");
  }

  @Test
  void whatIsNotThereIsRefused() {
    var z = GridBuilder.of(PatchSite.Z);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> build(z.layers(List.of(GROUPED.nLayers()))));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> build(z.heads(List.of(GROUPED.nHeads()))))
        .withMessageContaining("H" + GROUPED.nHeads());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> build(z.at(Places.parse("5"))))
        .withMessage("position 5: the prompts have at most 5 tokens");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> build(z.at(Places.parse("IO"))))
        .withMessage("no position IO here; there are [END, S2]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> z.neurons(List.of(1)))
        .withMessageContaining("neurons [1] of z");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> z.from(Places.each()))
        .withMessageContaining("only patterns");
    assertThatIllegalArgumentException().isThrownBy(() -> GridBuilder.of());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PatchSite.parse("resid"))
        .withMessageContaining("resid-pre");
    assertThatIllegalArgumentException().isThrownBy(() -> Places.parse("each,2"));
    assertThatIllegalArgumentException().isThrownBy(() -> Places.parse("2,2"));
  }
}
