package dev.loupe.study.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Data files of published figures: what comes with Loupe, and what is refused. */
class PublishedFiguresTest {
  private static final String FILE =
      """
      {"model": "gpt2", "layers": 12, "heads": 12,
       "sources": [{"id": "s", "title": "A paper", "about": ""}],
       "prompts": {"p": {"kind": "indirect-object", "bos": false, "count": 3, "seed": 0,
                         "corruption": "abc"}},
       "figures": [{"id": "f", "source": "s", "where": "table 1", "what": "a number",
         "published": {"clean": 3.560},
         "compute": {"kind": "behaviour", "prompts": "p"},
         "compare": {"kind": "within", "difference": 0.5, "why": "other prompts"}}]}
      """;

  private static PublishedFigures read(String json) {
    return PublishedFigures.read(json.getBytes(StandardCharsets.UTF_8), "mine.json");
  }

  @Test
  void aFileIsRead() {
    var figure = read(FILE).figures().getFirst();
    assertThat(figure.work())
        .contains(
            new Figure.Work(
                new Computation.Behaviour("p"), new Comparison.Within(.5, "other prompts")));
    var published = (Published.Numbers) figure.published();
    assertThat(published.values()).containsExactly(java.util.Map.entry("clean", 3.56));
    assertThat(published.decimals()).isEqualTo(3);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "model": "gpt2",          |                             | mine.json: no field model
          "layers": 12              | "layers": 0                 | mine.json: layers is 0
          "layers"                  | "lairs"                     | mine.json: unknown field lairs
          "title": "A paper", "about"  | "tit": "A paper", "about"   | mine.json: source s:
          "count": 3                | "count": 0                  | mine.json: prompts p: count 0
          "corruption": "abc"       | "corruption": "xyz"         | mine.json: prompts p: corruption 'xyz'
          "seed": 0,                |                             | mine.json: prompts p:
          "source": "s"             | "source": "t"               | mine.json: figure f: no source "t"
          "prompts": "p"            | "prompts": "q"              | mine.json: figure f: no prompts "q"
          "kind": "behaviour"       | "kind": "guess"             | mine.json: figure f:
          "where": "table 1"        | "where": ""                 | mine.json: figure f: where is ""
          "why": "other prompts"    | "why": " "                  | mine.json: figure f: a tolerance without a reason
          "difference": 0.5         | "difference": -1            | mine.json: figure f: difference -1
          "difference": 0.5         | "differenz": 0.5            | mine.json: figure f:
          {"clean": 3.560}          | {"clean": "much"}           | mine.json: figure f: published clean is "much"
          {"clean": 3.560}          | {}                          | mine.json: figure f: no published value
          {"clean": 3.560}          | ["9.9"]                     | mine.json: figure f: head "9.9": expected one such as L9H6
          {"clean": 3.560}          | ["L9H9"]                    | mine.json: figure f: published heads are compared by ranks
          {"clean": 3.560}          | [[1, 2], [3]]               | mine.json: figure f: rows of numbers: this computation gives no grid
          "compute": {"kind"        | "not_run": "why", "compute": {"kind"  | mine.json: figure f: expected compute and compare, or not_run
          ]}                        | ]} x                        | mine.json:
          """)
  void whatIsWrongIsSaidWithFileAndFigure(String from, String to, String message) {
    assertThat(FILE).contains(from);
    var changed = FILE.replace(from, to == null ? "" : to);
    assertThatThrownBy(() -> read(changed))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void anIdIsThereOnce() {
    int from = FILE.indexOf("{\"id\": \"f\"");
    var figure = FILE.substring(from, FILE.lastIndexOf("]}"));
    var twice = FILE.replace(figure, figure + ", " + figure);
    assertThatThrownBy(() -> read(twice)).hasMessage("mine.json: figure f is there twice");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "GPT2", "gpt2-small", "openai-community/gpt2"})
  void figuresOfGpt2ComeWithLoupe(String name) {
    var figures = PublishedFigures.of(name);
    assertThat(figures.model()).isEqualTo("gpt2");
    assertThat(figures.figures()).hasSizeGreaterThan(30);
    assertThat(figures.sources()).allSatisfy(source -> assertThat(figures.of(source)).isNotEmpty());
    assertThat(grid(figures, "demo/patch-resid-pre")).isEqualTo(12 * 15);
    for (var id : List.of("demo/heads", "demo/patch-z", "demo/patch-v", "demo/patch-pattern")) {
      assertThat(grid(figures, id)).isEqualTo(144);
    }
  }

  private static int grid(PublishedFigures figures, String id) {
    var figure = figures.figures().stream().filter(f -> f.id().equals(id)).findFirst();
    return ((Published.Numbers) figure.orElseThrow().published()).values().size();
  }

  @Test
  void figuresOfPythiaComeWithLoupe() {
    assertThat(PublishedFigures.of("EleutherAI/Pythia-410m").layers()).isEqualTo(24);
    assertThatThrownBy(() -> PublishedFigures.of("gpt5"))
        .hasMessage("no published figures of \"gpt5\"; there are some of gpt2 and pythia-410m");
  }
}
