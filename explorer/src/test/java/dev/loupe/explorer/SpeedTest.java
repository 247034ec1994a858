package dev.loupe.explorer;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.options.KeyboardModifier;
import dev.loupe.model.Gpt2Shape;
import dev.loupe.model.HookedTransformer;
import dev.loupe.tensor.Threads;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.json.JsonMapper;

/** How long a click takes until all views show its answer. Printed, for machines differ. */
@Timeout(600)
class SpeedTest {
  private static final JsonMapper JSON = new JsonMapper();
  private static final int CLICKS = 50;
  private static final int WARM_UP = 10;
  private static final int LOOKING_MILLIS = 150;

  // 16 tokens with the first, which the tokenizer puts there.
  private static final String PROMPT =
      "#clean=Friends+Alice+and+Paul+found+a+picture+at+the+market%2C+Paul+passed+it+to"
          + "&corrupted=Friends+Paul+and+Alice+found+a+picture+at+the+market%2C+Alice+passed+it+to"
          + "&answer=+Alice&wrong=+Paul";

  @Nested
  class OnTheDemoModel {
    @RegisterExtension private static final Visits VISITS = Visits.toDemo();

    @Test
    void clicks() {
      // As the command runs a model as small: a second core gains nothing there.
      int threads = Threads.matrixThreads();
      Threads.setMatrixThreads(1);
      try {
        measure(VISITS, "the demo model");
      } finally {
        Threads.setMatrixThreads(threads);
      }
    }
  }

  @Nested
  class OnTheShapeOfGpt2Small {
    @RegisterExtension private static final Visits VISITS = Visits.to(OnTheShapeOfGpt2Small::model);

    /** Returns random weights with the demo model's tokenizer, which is to stay open. */
    private static HookedTransformer model() {
      return Gpt2Shape.model(12, Optional.of(HookedTransformer.load("demo").tokenizer()));
    }

    @Test
    void clicks() {
      measure(VISITS, "a model of GPT-2 small's shape");
    }
  }

  private static void measure(Visits visits, String model) {
    int heads = visits.model().config().nHeads();
    int layers = visits.model().config().nLayers();
    var seen = new ArrayList<Double>();
    var server = new ArrayList<Double>();
    var forward = new ArrayList<Double>();
    try (var visitor = visits.visit(PROMPT)) {
      visitor.at("#main[data-state=fresh]").waitFor();
      int tokens = visitor.at("#tokens tr.clean [data-position]").count();
      for (int click = 0; click < WARM_UP + CLICKS; click++) {
        // As somebody does who looks at what has changed; the grid may still be streaming in.
        visitor.page().waitForTimeout(LOOKING_MILLIS);
        int layer = click % layers;
        int head = (click / layers + click) % heads;
        var answer =
            JSON.readTree(
                visitor
                    .page()
                    .waitForResponse(
                        response -> response.url().endsWith("/api/view"),
                        () ->
                            visitor.answered(
                                () -> visitor.clickHead(layer, head, KeyboardModifier.SHIFT)))
                    .text());
        if (click >= WARM_UP) {
          seen.add(Double.parseDouble(visitor.at("#main").getAttribute("data-answered")));
          server.add(answer.path("milliseconds").doubleValue());
          forward.add(answer.path("forwardMilliseconds").doubleValue());
        }
      }
      assertThat(seen).hasSize(CLICKS).allMatch(time -> time > 0);
      assertThat(visits.complaints()).isEmpty();
      System.out.println(
          String.format(
              Locale.ROOT,
              "explorer: %d clicks on %s, %d tokens: median %.0f ms until all views are fresh,"
                  + " %.0f ms of them on the server, %.1f plain forward passes of %.1f ms",
              CLICKS,
              model,
              tokens,
              median(seen),
              median(server),
              median(server) / median(forward),
              median(forward)));
    }
  }

  private static double median(List<Double> of) {
    return of.stream().sorted().toList().get(of.size() / 2);
  }
}
