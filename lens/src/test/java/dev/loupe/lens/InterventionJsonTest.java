package dev.loupe.lens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

class InterventionJsonTest {
  private static final ActivationDirection TRUTH =
      new ActivationDirection("truth", List.of(0.1, -2.0));

  @Test
  void isWrittenAsPeopleWouldWriteIt() {
    var site = Site.z(new Head(9, 6)).at(At.END);
    assertThat(InterventionJson.toJson(Intervention.patch(site)))
        .hasToString(
            "{\"point\":\"blocks.9.attn.hook_z\",\"head\":6,\"at\":\"END\",\"change\":\"patch\"}");
    var steered =
        new Intervention(Site.of(HookPoint.residPre(5)).at(At.index(-1)), new Change.Add(TRUTH, 2));
    assertThat(InterventionJson.write(List.of(steered)))
        .isEqualTo(
            "[{\"point\":\"blocks.5.hook_resid_pre\",\"at\":-1,\"change\":\"add\","
                + "\"direction\":{\"name\":\"truth\",\"values\":[0.1,-2.0]},\"scale\":2.0}]");
    var pattern = Site.head(HookPoint.pattern(0), 1).at(At.range(2, 4)).from(At.named("S1"));
    assertThat(
            InterventionJson.toJson(Intervention.mean(pattern, Change.Over.TEMPLATE_AND_POSITION)))
        .hasToString(
            "{\"point\":\"blocks.0.attn.hook_pattern\",\"head\":1,\"at\":\"2..4\",\"from\":\"S1\","
                + "\"change\":\"mean\",\"over\":\"template_and_position\"}");
  }

  @Property(tries = 500)
  void isReadAsItWasWritten(@ForAll("interventions") List<Intervention> interventions) {
    assertThat(InterventionJson.read(InterventionJson.write(interventions)))
        .isEqualTo(interventions);
    for (var intervention : interventions) {
      var site = InterventionJson.toJson(intervention.site());
      var change = InterventionJson.toJson(intervention.change());
      assertThat(InterventionJson.site(site)).isEqualTo(intervention.site());
      assertThat(InterventionJson.change(change)).isEqualTo(intervention.change());
    }
  }

  @Provide
  Arbitrary<List<Intervention>> interventions() {
    var at =
        Arbitraries.oneOf(
            Arbitraries.just(At.all()),
            Arbitraries.just(At.END),
            Arbitraries.integers().map(At::index),
            Arbitraries.integers()
                .between(0, 9)
                .flatMap(a -> Arbitraries.integers().between(a, 12).map(b -> At.range(a, b))),
            Arbitraries.strings()
                .ofMinLength(1)
                .filter(InterventionJsonTest::isName)
                .map(At::named));
    var part =
        Arbitraries.oneOf(
            Arbitraries.just((Site.Part) new Site.Part.Whole()),
            Arbitraries.integers().between(0, 12).map(Site.Part.Head::new),
            Arbitraries.integers().between(0, 4000).map(Site.Part.Neuron::new));
    var point =
        Combinators.combine(Arbitraries.of(Kind.class), Arbitraries.integers().between(0, 100))
            .as((kind, layer) -> new HookPoint(kind, kind.inBlock() ? layer : -1));
    return Combinators.combine(point, part, at, at, changes())
        .as(InterventionJsonTest::suited)
        .list()
        .ofMaxSize(4);
  }

  private static boolean isName(String text) {
    return !text.isBlank()
        && At.parse(text).equals(new At.Named(text.strip()))
        && text.equals(text.strip());
  }

  // A part and sources where the point has them; no mean that attention cannot have.
  private static Intervention suited(
      HookPoint point, Site.Part part, At at, At sources, Change change) {
    boolean attention = Site.isAttention(point.kind());
    boolean has =
        switch (part) {
          case Site.Part.Whole _ -> true;
          case Site.Part.Head _ -> Site.heads(point.kind()) != Site.Heads.NONE;
          case Site.Part.Neuron _ -> Site.hasNeurons(point.kind());
        };
    var site =
        new Site(point, has ? part : new Site.Part.Whole(), at, attention ? sources : At.all());
    boolean senseless = attention && change.equals(new Change.Mean(Change.Over.EVERYTHING));
    return new Intervention(site, senseless ? new Change.Zero() : change);
  }

  private static Arbitrary<Change> changes() {
    var numbers = Arbitraries.doubles().ofScale(9);
    var direction =
        Combinators.combine(Arbitraries.strings(), numbers.list().ofMinSize(1).ofMaxSize(5))
            .filter((name, values) -> values.stream().anyMatch(v -> v != 0))
            .as(ActivationDirection::new);
    return Arbitraries.oneOf(
        Arbitraries.of(new Change.Patch(), new Change.Zero(), new Change.Freeze()),
        Arbitraries.of(Change.Over.class).map(Change.Mean::new),
        Arbitraries.longs().map(Change.Resample::new),
        numbers.map(Change.Scale::new),
        Combinators.combine(direction, numbers).as(Change.Add::new),
        direction.map(Change.ProjectOut::new),
        direction.map(Change.PatchAlong::new));
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "{} | lacks the field \"point\"",
        "{'point':'blocks.0.hook_z'} | unknown hook point",
        "{'point':'blocks.0.attn.hook_z','change':'patch'} | lacks the field \"at\"",
        "{'point':'blocks.0.attn.hook_z','at':'all'} | lacks the field \"change\"",
        "{'point':'blocks.0.attn.hook_z','at':'all','change':'scale'} | lacks the field \"factor\"",
        "{'point':'blocks.0.attn.hook_z','at':'all','change':'patch','seed':1} | unknown field seed",
        "{'point':'blocks.0.attn.hook_z','at':'all','change':'patched'} | expected one of patch, zero",
        "{'point':'blocks.0.attn.hook_z','at':1.5,'change':'patch'} | positions 1.5",
        "{'point':'blocks.0.attn.hook_z','head':'6','at':1,'change':'patch'} | \"head\" is \"6\"",
        "{'point':'blocks.0.attn.hook_z','head':1,'neuron':2,'at':1,'change':'patch'} | expected one",
        "{'point':'blocks.0.hook_mlp_out','head':1,'at':1,'change':'patch'} | has no such part",
        "{'point':'blocks.0.hook_mlp_out','at':1,'change':'mean','over':'all'} | over \"all\"",
        "{'point':'blocks.0.hook_mlp_out','at':1,'change':'scale','factor':'2'} | expected a number",
        "{'point':'blocks.0.hook_mlp_out','at':1,'change':'scale','factor':1e999} | finite",
        "{'point':'blocks.0.hook_mlp_out','at':1,'change':'project_out','direction':{'name':'a',"
            + "'values':[1,'b']}} | expected numbers",
        "{'point':'blocks.0.hook_mlp_out','at':1,'change':'project_out','direction':{'name':'a',"
            + "'values':[1],'scale':1}} | unknown field scale",
        "7 | expected an object",
      })
  void saysWhatItRefuses(String json, String message) {
    assertThatThrownBy(() -> InterventionJson.read("[" + json.replace('\'', '"') + "]"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void refusesWhatIsNoListAndFunctions() {
    assertThatThrownBy(() -> InterventionJson.read("{}")).hasMessageContaining("expected a list");
    assertThatThrownBy(() -> InterventionJson.read("[{")).hasMessageContaining("not JSON");
    var custom = new Change.Custom("cube", x -> x.pow(3));
    assertThatThrownBy(() -> InterventionJson.toJson(custom))
        .hasMessageContaining("the change cube is a function");
    assertThatThrownBy(() -> At.named("2..5")).hasMessageContaining("reads as other positions");
    assertThatThrownBy(() -> At.named("all")).hasMessageContaining("reads as other positions");
    assertThatThrownBy(() -> new Change.Scale(Double.NaN)).hasMessageContaining("factor NaN");
    assertThat(InterventionJson.at(JsonMapper.shared().readTree("\"-1\""))).isEqualTo(At.index(-1));
  }

  @Test
  void isSaidInTheFieldsWords() {
    var z = Site.z(new Head(9, 6)).at(At.END);
    var resid = Site.of(HookPoint.residPre(5));
    requireSaid(z, new Change.Patch(), "patch z of L9H6 at END");
    requireSaid(Site.of(HookPoint.mlpOut(3)), new Change.Zero(), "zero mlp_out of layer 3");
    requireSaid(
        Site.z(new Head(0, 1)), new Change.Mean(Change.Over.EVERYTHING), "mean-ablate z of L0H1");
    requireSaid(
        z,
        new Change.Mean(Change.Over.TEMPLATE_AND_POSITION),
        "mean-ablate z of L9H6 at END by template and position");
    requireSaid(z, new Change.Resample(3), "resample z of L9H6 at END with seed 3");
    requireSaid(
        resid, new Change.Add(TRUTH, 2), "add 2 x truth to resid_pre of layer 5 at all positions");
    requireSaid(
        resid.at(At.range(2, 4)),
        new Change.Add(TRUTH, -0.5),
        "add -0.5 x truth to resid_pre of layer 5 at positions 2..4");
    requireSaid(resid, new Change.ProjectOut(TRUTH), "project truth out of resid_pre of layer 5");
    requireSaid(resid, new Change.PatchAlong(TRUTH), "patch resid_pre of layer 5 along truth");
    requireSaid(
        Site.of(HookPoint.of(Kind.LN_FINAL_SCALE)),
        new Change.Scale(2),
        "scale ln_final scale by 2");
    requireSaid(
        Site.neuron(HookPoint.mlpPost(3), 7), new Change.Freeze(), "freeze mlp_post of L3N7");
    requireSaid(
        Site.head(HookPoint.pattern(1), 2).at(At.index(4)).from(At.named("S1")),
        new Change.Custom("cube", x -> x),
        "apply cube to pattern of L1H2 at position 4 from S1");
  }

  private static void requireSaid(Site site, Change change, String words) {
    assertThat(new Intervention(site, change)).hasToString(words);
  }
}
