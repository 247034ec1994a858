package dev.loupe.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The specification in docs/hook-points.md says what the code does. */
class HookPointsDocTest {
  private record Row(String name, String shape, String exists, String computed) {
    boolean existsIn(ModelConfig c) {
      return switch (exists) {
        case "every model" -> true;
        case "learned positions" -> !c.isRotary();
        case "rotary positions" -> c.isRotary();
        case "serial blocks" -> !c.parallelBlocks();
        case "gated MLP" -> c.gatedMlp();
        default -> throw new AssertionError("the page says \"" + exists + "\"");
      };
    }

    String shapeIn(ModelConfig c) {
      return shape
          .replace("kv_head", "" + c.nKeyValueHeads())
          .replace("d_head", "" + c.dHead())
          .replace("head", "" + c.nHeads())
          .replace("d_model", "" + c.dModel())
          .replace("d_mlp", "" + c.dMlp());
    }
  }

  static List<ModelConfig> families() {
    return RandomModels.families();
  }

  private static List<Row> rows() throws IOException {
    // From the module in a build, from the root in an editor.
    var page = Path.of("../docs/hook-points.md");
    var text = Files.readString(Files.exists(page) ? page : Path.of("docs/hook-points.md"));
    return Pattern.compile("(?m)^\\| `([^`]+)` \\| `([^`]+)` \\| ([^|]+) \\| ([^|]+) \\|$")
        .matcher(text)
        .results()
        .map(m -> new Row(m.group(1), m.group(2), m.group(3), m.group(4)))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("families")
  void thePageListsThePointsOfEveryFamilyInOrderWithTheirShapes(ModelConfig config)
      throws IOException {
    var expected = rows().stream().filter(row -> row.existsIn(config)).toList();
    var points = HookPoint.all(config).stream().filter(point -> point.layer() < 1).toList();
    assertThat(points.stream().map(p -> p.toString().replace("blocks.0.", "blocks.L.")))
        .containsExactlyElementsOf(expected.stream().map(Row::name).toList());
    for (int i = 0; i < points.size(); i++) {
      var kind = points.get(i).kind();
      var row = expected.get(i);
      assertThat(kind.shapeIn(config)).as(row.name()).isEqualTo(row.shapeIn(config));
      assertThat(row.computed()).as(row.name()).isEqualTo(kind.onDemand() ? "on demand" : "always");
    }
    // Every layer has the points of the first.
    assertThat(HookPoint.all(config))
        .hasSize(
            expected.size()
                + 2 * (int) expected.stream().filter(r -> r.name().startsWith("blocks")).count());
  }
}
