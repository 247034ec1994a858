package dev.loupe.explorer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.KeyboardModifier;
import dev.loupe.circuit.CircuitJson;
import dev.loupe.lens.Head;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.Metric;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.lens.Site;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.sweep.Axis;
import dev.loupe.lens.sweep.Grid;
import dev.loupe.lens.sweep.Sweep;
import dev.loupe.lens.sweep.SweepOptions;
import dev.loupe.study.StudyContext;
import dev.loupe.study.interventions.InterventionsFindings;
import dev.loupe.study.run.Studies;
import dev.loupe.study.run.StudySpec;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Somebody explores the demo model in a browser, from opening the page to taking files away. */
@Timeout(180)
class JourneyTest {
  private static final JsonMapper JSON = new JsonMapper();

  @RegisterExtension private static final Visits VISITS = Visits.toDemo();

  private Visitor visitor;

  @BeforeEach
  void open() {
    visitor = VISITS.visit().settle();
  }

  @AfterEach
  void nothingWentWrong() {
    assertThat(VISITS.complaints()).isEmpty();
    assertThat(visitor.strangers()).isEmpty();
    visitor.close();
  }

  private JsonNode view() {
    return visitor.numbers().path("view");
  }

  private static double sweep(JsonNode question, Metric metric, Intervention... on) {
    return Sweep.of(
            Grid.of(Axis.numbered("cell", 1), List.of(List.of(on))),
            Asked.of(VISITS.model(), Question.read(question)).pairs(),
            PatchDirection.NOISING,
            metric)
        .run(VISITS.model(), SweepOptions.standard(), Progress.none())
        .value(0)
        .mean();
  }

  /** As the page writes numbers: two places and a true minus. */
  private static String shown(double value) {
    return String.format(Locale.ROOT, "%+.2f", value).replace('-', '−');
  }

  // ---- Runs

  @Test
  void opensWithAnExampleAndItsRuns() {
    assertThat(visitor.text("#model")).contains("demo", "4 layers × 8 heads");
    assertThat(visitor.at("#clean").inputValue()).hasSizeGreaterThan(20);
    assertThat(visitor.text("#answer-note")).startsWith("token ·");
    assertThat(visitor.at("#tokens [data-position]").count()).isGreaterThan(20);
    assertThat(visitor.at("#heads [data-cell]").count()).isEqualTo(32);
    assertThat(visitor.metric("clean")).startsWith("+");
    assertThat(visitor.metric("corrupted")).startsWith("−");
    assertThat(visitor.has("[data-metric=intervened]")).isFalse();
    var opened = visitor.at("#clean").inputValue();
    visitor.follow(() -> visitor.click("[data-example='2']"));
    assertThat(visitor.at("#clean").inputValue()).isNotEqualTo(opened);
    for (var task : List.of("greater-than", "induction", "ioi")) {
      visitor.follow(() -> visitor.at("#task").selectOption(task));
      assertThat(visitor.metric("clean")).as(task).isNotEmpty();
      assertThat(visitor.fragment()).contains("task=" + task);
    }
  }

  @Test
  void clicksAreInterventionsWhoseNumbersAreTheLibrarys() {
    visitor.follow(() -> visitor.clickHead(3, 5));
    assertThat(visitor.text("#head-name")).isEqualTo("L3H5");
    assertThat(visitor.text("#attention-panel .subject")).contains("L3H5");

    visitor.follow(() -> visitor.clickHead(2, 1, KeyboardModifier.SHIFT));
    var numbers = visitor.numbers();
    var question = numbers.path("question");
    var zero = Intervention.zero(Site.z(new Head(2, 1)));
    double one = sweep(question, StandardMetric.LOGIT_DIFFERENCE, zero);
    assertThat(numbers.at("/view/metric/intervened").doubleValue()).isCloseTo(one, within(1e-4));
    assertThat(visitor.metric("intervened")).isEqualTo(shown(one));
    assertThat(visitor.text("#head-name")).isEqualTo("L3H5");

    visitor.follow(() -> visitor.click("#head-patch"));
    var patch = Intervention.patch(Site.z(new Head(3, 5)));
    double two = sweep(question, StandardMetric.LOGIT_DIFFERENCE, zero, patch);
    assertThat(visitor.metric("intervened")).isEqualTo(shown(two));
    assertThat(visitor.at("[data-intervention]").count()).isEqualTo(2);

    visitor.follow(() -> visitor.at("#metric").selectOption("probability"));
    double three = sweep(question, StandardMetric.PROBABILITY, zero, patch);
    assertThat(view().at("/metric/intervened").doubleValue()).isCloseTo(three, within(1e-5));

    visitor.follow(() -> visitor.at("[data-intervention='0'] [data-field=on]").uncheck());
    double without = sweep(question, StandardMetric.PROBABILITY, patch);
    assertThat(view().at("/metric/intervened").doubleValue()).isCloseTo(without, within(1e-5));
    visitor.follow(() -> visitor.click("[data-intervention='1'] .remove"));
    assertThat(visitor.has("[data-metric=intervened]")).isFalse();
  }

  @Test
  void interventionsAreEdited() {
    visitor.follow(() -> visitor.click("#intervention-add"));
    visitor.follow(
        () -> visitor.at("[data-intervention='0'] [data-field=kind]").selectOption("mlp_out"));
    visitor.follow(
        () -> visitor.at("[data-intervention='0'] [data-field=layer]").selectOption("1"));
    visitor.follow(
        () -> visitor.at("[data-intervention='0'] [data-field=change]").selectOption("scale"));
    visitor.follow(() -> {
      visitor.at("[data-intervention='0'] [data-field=factor]").fill("0.5");
      visitor.keyboard().press("Enter");
    });
    var question = visitor.numbers().path("question");
    assertThat(question.path("interventions").toString())
        .contains("blocks.1.hook_mlp_out", "\"factor\":0.5")
        .doesNotContain("head\"");
    var half = Question.read(question).interventions().getFirst();
    assertThat(visitor.metric("intervened"))
        .isEqualTo(shown(sweep(question, StandardMetric.LOGIT_DIFFERENCE, half)));
  }

  @Test
  void theViewsFollowThePosition() {
    visitor.follow(() -> visitor.click("#tokens [data-position='2'] >> nth=0"));
    assertThat(visitor.text("#predictions-panel .subject")).contains("2");
    assertThat(view().path("at").intValue()).isEqualTo(2);
    visitor.follow(() -> visitor.click("#lens [data-cell='1.4']"));
    assertThat(view().path("at").intValue()).isEqualTo(4);
    visitor.follow(() -> visitor.click("#direction-corrupted"));
    assertThat(visitor.fragment()).contains("direction=corrupted");
  }

  // ---- Long work

  @Test
  void gridsOfAllKindsStreamIn() {
    for (var kind : List.of("ablation", "attribution", "attention", "patching")) {
      visitor.click("#kind-" + kind).settle();
      assertThat(visitor.numbers().at("/grid/kind").stringValue()).isEqualTo(kind);
      assertThat(visitor.text("#grid-status")).contains("32 heads");
    }
  }

  @Test
  void aGridIsCancelledMidway() {
    var lines = new AtomicInteger();
    try (var bench = new ModelWorkbench(VISITS.model());
        var slow = Explorer.start(slowly(bench, lines), ExplorerOptions.standard().withPort(0));
        var other = VISITS.visit(slow.port(), "", 1440, ColorScheme.LIGHT)) {
      other.at("#grid-status:text-matches('^[1-9]\\\\d* of 32')").waitFor();
      int seen = lines.get();
      other.click("#grid-cancel");
      other.at("#heads-panel[data-run=idle]").waitFor();
      assertThat(other.text("#grid-status")).isEqualTo("cancelled");
      other.page().waitForTimeout(1500);
      assertThat(lines.get()).isBetween(seen, seen + 2);
      other.click("#grid-again").at("#heads-panel[data-run=done]").waitFor();
      assertThat(other.text("#grid-status")).contains("32 heads");
    }
  }

  /** Gives each line of a grid some time to be seen. */
  private static Workbench slowly(Workbench real, AtomicInteger lines) {
    return (Workbench)
        Proxy.newProxyInstance(
            Workbench.class.getClassLoader(),
            new Class<?>[] {Workbench.class},
            (_, method, arguments) -> {
              if (method.getName().equals("grid")) {
                var out = (Lines) arguments[1];
                Lines counted =
                    line -> {
                      out.write(line);
                      lines.incrementAndGet();
                      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(250));
                    };
                real.grid((JsonNode) arguments[0], counted);
                return null;
              }
              return method.invoke(real, arguments);
            });
  }

  @Test
  void aCircuitIsSuggestedChangedAndMeasured() {
    visitor.click("#circuit-suggest");
    visitor.at("#circuit-panel[data-run=done]").waitFor();
    int suggested = visitor.at("#circuit-nodes li").count();
    assertThat(suggested).isGreaterThan(3);
    var measured = visitor.numbers().path("circuit");
    assertThat(measured.path("faithfulness").doubleValue()).isBetween(.3, 2.);
    assertThat(measured.path("random").size()).isEqualTo(20);
    assertThat(measured.path("dimensions").intValue())
        .isLessThanOrEqualTo(measured.path("budget").intValue());
    assertThat(visitor.at("[data-edge]").count()).isPositive();
    assertThat(visitor.text("#circuit-facts")).contains("within the write budget");

    visitor.click("#circuit-nodes li:first-child .remove").settle();
    assertThat(visitor.at("#circuit-nodes li").count()).isEqualTo(suggested - 1);
    assertThat(visitor.numbers().at("/circuit/dimensions").intValue())
        .isLessThan(measured.path("dimensions").intValue());
    visitor.click("#circuit-clear").settle();
    visitor.follow(() -> visitor.clickHead(1, 1));
    visitor.click("#head-join");
    visitor.at("#circuit-panel[data-run=done]").waitFor();
    assertThat(visitor.numbers().at("/circuit/nodes").toString()).contains("a1.h1");
    visitor.click("#circuit-add").settle();
    assertThat(visitor.has("#circuit-nodes li")).isFalse();
  }

  // ---- Taking away

  @Test
  void theCircuitIsTakenAwayAsAFile(@TempDir Path folder) throws IOException {
    visitor.click("#circuit-suggest");
    visitor.at("#circuit-panel[data-run=done]").waitFor();
    var file = folder.resolve("circuit.json");
    Files.write(file, visitor.export("all", "circuit"));
    var circuit = CircuitJson.read(file);
    assertThat(circuit.nodes().stream().skip(1).map(Object::toString).toList())
        .containsExactlyInAnyOrderElementsOf(
            visitor.at("#circuit-nodes li").all().stream()
                .map(node -> node.getAttribute("data-id"))
                .toList());
    assertThat(circuit.metadata()).containsEntry("model", "demo").containsKey("write_budget_used");
  }

  @Test
  void theInterventionsAreAStudyOfTheSameNumbers() {
    visitor.follow(() -> visitor.clickHead(2, 1, KeyboardModifier.SHIFT));
    visitor.follow(() -> visitor.clickHead(3, 2, KeyboardModifier.ALT));
    visitor.follow(() -> visitor.click("#intervention-add"));
    var view = view();
    var spec =
        StudySpec.parse(visitor.exportText("all", "study"), "explored.yaml", Studies.standard());
    assertThat(spec.model().name()).isEqualTo("demo");
    var found = (InterventionsFindings) spec.study().run(StudyContext.of(VISITS.model()));
    var metric = view.path("metric");
    assertThat(found.clean().mean().mean())
        .isCloseTo(metric.path("clean").doubleValue(), within(1e-4));
    assertThat(found.corrupted().orElseThrow().mean().mean())
        .isCloseTo(metric.path("corrupted").doubleValue(), within(1e-4));
    assertThat(found.intervened().mean().mean())
        .isCloseTo(metric.path("intervened").doubleValue(), within(1e-4));
    assertThat(found.intervened().recovered().orElseThrow().mean())
        .isCloseTo(metric.path("recovered").doubleValue(), within(1e-4));
  }

  @Test
  void everyViewIsTakenAway() throws Exception {
    visitor.follow(() -> visitor.clickHead(2, 1, KeyboardModifier.SHIFT));
    visitor.click("#circuit-suggest");
    visitor.at("#circuit-panel[data-run=done]").waitFor();
    var names =
        List.of("heads", "attention", "ov", "predictions", "attribution", "logit-lens", "circuit");
    for (var name : names) {
      var svg =
          DocumentBuilderFactory.newInstance()
              .newDocumentBuilder()
              .parse(new ByteArrayInputStream(visitor.export(name, "svg")));
      assertThat(svg.getDocumentElement().getTagName()).as(name).isEqualTo("svg");
      assertThat(svg.getElementsByTagName("text").getLength()).as(name).isPositive();
      var picture = ImageIO.read(new ByteArrayInputStream(visitor.export(name, "png")));
      assertThat(picture.getWidth()).as(name).isGreaterThan(300);
      var rows = JSON.readTree(visitor.export(name, "json")).path("rows");
      assertThat(rows.size()).as(name).isPositive();
      assertThat(visitor.exportText(name, "csv").strip().lines()).as(name).hasSize(rows.size() + 1);
    }
    var head = JSON.readTree(visitor.export("heads", "json")).path("rows").get(8 * 3 + 2);
    var cell = visitor.numbers().at("/grid/values/3/2");
    assertThat(head.toString()).contains("\"layer\":3", "\"head\":2", cell.toString());
  }
}
