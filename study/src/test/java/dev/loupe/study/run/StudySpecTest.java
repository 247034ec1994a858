package dev.loupe.study.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.loupe.study.Study;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class StudySpecTest {
  private static final List<Study> KNOWN =
      Stream.concat(Stream.of((Study) TinyPatching.standard()), Studies.standard().stream())
          .toList();

  @TempDir private Path folder = Path.of("");

  private static StudySpec parse(String text) {
    return StudySpec.parse(text, "my.yaml", KNOWN);
  }

  private static TinyPatching tiny(String more) {
    return (TinyPatching) parse("study: tiny-patching\n" + more).study();
  }

  private static void refused(String more, String... words) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> parse("study: tiny-patching\n" + more))
        .satisfies(e -> assertThat(e.getMessage()).startsWith("my.yaml").contains(words));
  }

  static List<Study> studies() {
    return KNOWN;
  }

  @ParameterizedTest
  @MethodSource("studies")
  void everyStudyIsReadBackAsItIsWritten(Study study) throws IOException {
    var spec =
        new StudySpec(
            new ModelSpec(
                "EleutherAI/pythia-410m", "v1", "f64", true, "cuda:1", List.of("x", "10")),
            study);
    assertThat(parse(spec.yaml())).isEqualTo(spec);
    var json = folder.resolve("study.json");
    Files.writeString(json, SpecText.TREES.writeValueAsString(spec.tree()));
    assertThat(StudySpec.read(json, KNOWN)).isEqualTo(spec);
    assertThat(parse("study: " + study.name()).study()).isEqualTo(study);
  }

  @Property(tries = 300)
  void anyTextAndNumberIsReadBack(
      @ForAll String text,
      @ForAll @Size(max = 3) List<String> members,
      @ForAll double scale,
      @ForAll long seed) {
    var usual = TinyPatching.standard();
    var study =
        new TinyPatching(
            new TinyPatching.Prompts(4, seed, 5),
            text,
            scale,
            true,
            List.of(1, 0),
            List.of(new TinyPatching.Group(text, members)),
            usual.corner(),
            usual.budget());
    var spec = new StudySpec(ModelSpec.named("demo"), study);
    assertThat(parse(spec.yaml())).isEqualTo(spec);
  }

  @Test
  void textsThatLookLikeOtherValuesStayTexts() {
    for (var text :
        List.of("no", "true", "10", "1e3", "0x1f", "~", "", " a", "a: b", "- x", "# y")) {
      var spec =
          new StudySpec(ModelSpec.named("demo"), TinyPatching.standard())
              .withSet(List.of("factor_file=" + SpecText.TREES.writeValueAsString(text)));
      assertThat(((TinyPatching) spec.study()).factorFile()).isEqualTo(text);
      assertThat(parse(spec.yaml())).isEqualTo(spec);
    }
  }

  @Test
  void everyOptionIsSpelledOutInPlainYaml() {
    assertThat(new StudySpec(ModelSpec.named("demo"), TinyPatching.standard()).yaml())
        .isEqualTo(
            """
            study: tiny-patching
            model:
              name: demo
              revision: main
              dtype: f32
              raw: false
              device: cpu
              ignore_config: []
            prompts:
              count: 4
              seed: 0
              token_count: 5
            factor_file: ""
            scale: 1.0
            noisy: false
            layers: []
            groups:
            - name: one
              members:
              - L0H1
              - "it's: \\"odd\\""
            corner: last-token
            budget: "10 %"
            """);
  }

  @Test
  void whatIsLeftOutIsAsUsual() {
    var study =
        tiny("prompts: {seed: 7}\nlayers: [2]\nscale: 3\ncorner: first-token\nbudget: 11200");
    assertThat(study.prompts()).isEqualTo(new TinyPatching.Prompts(4, 7, 5));
    assertThat(study.layers()).containsExactly(2);
    assertThat(study.scale()).isEqualTo(3);
    assertThat(study.corner()).isEqualTo(TinyPatching.Corner.FIRST_TOKEN);
    assertThat(study.budget().text()).isEqualTo("11200");
    assertThat(study.groups()).isEqualTo(TinyPatching.standard().groups());
  }

  @Test
  void aModelIsANameOrAMap() {
    assertThat(parse("study: tiny-patching\nmodel: gpt2").model())
        .isEqualTo(ModelSpec.named("gpt2"));
    assertThat(parse("study: tiny-patching\nmodel: {name: gpt2, raw: true}").model().raw())
        .isTrue();
    assertThat(parse("study: tiny-patching").model()).isEqualTo(ModelSpec.named("demo"));
    refused("model: 5", "model: 5: expected a map with name, revision");
    refused("model: {nme: gpt2}", "model.nme: there is no such option", "did you mean name?");
    refused("model: {dtype: f16}", "model: dtype f16: expected f32 or f64");
    refused("model: {device: tpu}", "model: device \"tpu\"");
    refused("model: ''", "model: name of the model is empty");
    refused("model: {raw: yes}", "model.raw: the text \"yes\": expected true or false");
  }

  /** What is set is YAML, whatever it ends in. */
  @Test
  void aFileOfJsonCanBeSet() {
    var spec = parse("study: tiny-patching").withSet(List.of("factor_file=words.json"));
    assertThat(spec.study())
        .isInstanceOfSatisfying(
            TinyPatching.class, it -> assertThat(it.factorFile()).isEqualTo("words.json"));
  }

  @Test
  void whatIsWrongWithYamlIsTold() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> parse("study: tiny-patching\nlayers: [1"))
        .withMessageMatching(
            "my.yaml, line 2, column \\d+: no valid YAML: .*expected ',' or ']'.*");
  }

  @Test
  void anUnknownKeyIsNamedWithThoseThereAre() {
    refused(
        "prompts: {cuont: 3}",
        "my.yaml: prompts.cuont: there is no such option; prompts has count, seed, token_count",
        "did you mean count?");
    refused(
        "promts: {count: 3}", "my.yaml: promts:", "study, model, prompts, factor_file", "prompts?");
    refused("tokenCount: 3", "tokenCount: there is no such option");
    refused("large: true", "large: there is no such option");
    refused("groups: [{name: a, member: []}]", "groups[0].member:", "did you mean members?");
    refused("groups: [{name: a}]", "groups[0].members is missing: expected name, members");
  }

  @Test
  void nothingIsConvertedSilently() {
    refused("prompts: {count: '10'}", "prompts.count: the text \"10\": expected a whole number");
    refused("prompts: {count: 1.5}", "prompts.count: 1.5: expected a whole number");
    refused("prompts: {count: 3000000000}", "prompts.count: 3000000000:", "32 bits");
    refused("prompts: {seed: 99999999999999999999}", "prompts.seed:", "64 bits");
    refused("prompts: {count: true}", "prompts.count: true: expected a whole number");
    refused("prompts: {count: }", "prompts.count:", "expected a whole number");
    refused("prompts: {count: null}", "prompts.count: no value: expected a whole number");
    refused("prompts: 5", "prompts: 5: expected a map with count, seed, token_count");
    refused("prompts: [1]", "prompts: a list of 1: expected a map");
    refused("factor_file: 5", "factor_file: 5: expected a text: quote it");
    refused("factor_file: true", "factor_file: true: expected a text");
    refused("scale: '1'", "scale: the text \"1\": expected a finite number");
    refused("scale: .inf", "scale:", "expected a finite number");
    refused("noisy: 1", "noisy: 1: expected true or false");
    refused("layers: 3", "layers: 3: expected a list");
    refused("layers: [1, a]", "layers[1]: the text \"a\": expected a whole number");
    refused("corner: last-tokn", "first-token, last-token", "did you mean last-token?");
  }

  @Test
  void whatTheRecordRefusesIsToldWithItsPlace() {
    refused("prompts: {count: 0}", "my.yaml: prompts: count 0: expected 1 or more prompts");
    refused("budget: lots", "my.yaml: budget: budget lots: expected 11200 or 10 %");
  }

  @Test
  void aStudyIsNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> parse("model: demo"))
        .withMessageContaining("my.yaml: study is missing: expected tiny-patching, ioi-circuit");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> parse("study: ioi-pathcing"))
        .withMessageContaining("study: the text \"ioi-pathcing\"")
        .withMessageContaining("did you mean ioi-patching?");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> parse("- a"))
        .withMessageContaining("expected a map with study");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> parse(""))
        .withMessageContaining("expected a map with study");
  }

  @Test
  void wrongYamlIsToldWithLineAndColumn() {
    refused("prompts: {count: 3\nscale: [", "my.yaml, line ", "column ", "no valid YAML");
    refused("scale: 1\nscale: 2", "my.yaml, line 3", "no valid YAML", "uplicate", "scale");
    refused("prompts:\n  count: 1\n  count: 2", "my.yaml, line 4", "uplicate", "count");
    refused("factor_file: &a x\nbudget: *a", "my.yaml, line 3", "*a refers to another value");
    refused("scale: 1\n---\nscale: 2", "no valid YAML");
    refused("\tscale: 1", "my.yaml, line ", "no valid YAML");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> StudySpec.parse("{\"study\": \"a\",\n \"study\": \"b\"}", "x.json", KNOWN))
        .withMessageStartingWith("x.json, line 2")
        .withMessageContaining("no valid JSON");
  }

  @Test
  void whatIsNoTextIsRefused() throws IOException {
    var file = Files.write(folder.resolve("b.yaml"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
    assertThatIllegalArgumentException()
        .isThrownBy(() -> StudySpec.read(file, KNOWN))
        .withMessageContaining("no text in UTF-8");
  }

  @Test
  void settingsChangeOptions() {
    var spec = parse("study: tiny-patching");
    var set =
        spec.withSet(
            List.of(
                "prompts.count=20",
                "layers=[0, 2]",
                "factor_file=",
                "model=gpt2",
                "model.raw=true"));
    var study = (TinyPatching) set.study();
    assertThat(study.prompts()).isEqualTo(new TinyPatching.Prompts(20, 0, 5));
    assertThat(study.layers()).containsExactly(0, 2);
    assertThat(set.model().name()).isEqualTo("gpt2");
    assertThat(set.model().raw()).isTrue();
    assertThat(spec.withSet(List.of("groups=[]")).study()).isNotEqualTo(spec.study());
    var named = (TinyPatching) spec.withSet(List.of("factor_file=/a/b.json")).study();
    assertThat(named.factorFile()).isEqualTo("/a/b.json");
    refusedSetting("prompts.cuont=1", "--set prompts.cuont=1: prompts.cuont:", "mean count?");
    refusedSetting("prompts.count=a", "--set prompts.count=a: prompts.count: the text \"a\"");
    refusedSetting("prompts.count=0", "--set prompts.count=0", "count 0");
    refusedSetting("prompts.count", "expected option=value");
    refusedSetting("study=induction", "cannot be set");
    refusedSetting("scale=[", "--set scale=[", "no valid YAML");
  }

  private static void refusedSetting(String setting, String... words) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> parse("study: tiny-patching").withSet(List.of(setting)))
        .satisfies(e -> assertThat(e.getMessage()).contains(words));
  }

  @Test
  void anotherModelHasRevisionsOfItsOwn() {
    var model = new ModelSpec("gpt2", "abc", "f64", true, "cpu", List.of("x"));
    assertThat(model.withName("gpt2")).isEqualTo(model);
    assertThat(model.withName("demo"))
        .isEqualTo(new ModelSpec("demo", "main", "f64", true, "cpu", List.of()));
  }

  @Test
  void optionsAreInSnakeCase() {
    assertThat(
            Stream.of(
                    "count", "tokenCount", "topSInhibition", "dModel", "useIOPrompts", "layer2End")
                .map(SpecText::snake))
        .containsExactly(
            "count", "token_count", "top_s_inhibition", "d_model", "use_io_prompts", "layer2_end");
  }

  @Test
  void seedsAreFoundWhereverTheyAre() {
    assertThat(parse("study: tiny-patching\nprompts: {seed: 9}").seeds())
        .containsExactly(java.util.Map.entry("prompts.seed", 9L));
  }
}
