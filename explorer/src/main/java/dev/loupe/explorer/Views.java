package dev.loupe.explorer;

import dev.loupe.explorer.Baselines.Baseline;
import dev.loupe.explorer.View.Named;
import dev.loupe.explorer.View.Prediction;
import dev.loupe.explorer.View.Shown;
import dev.loupe.lens.At;
import dev.loupe.lens.Head;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.attribution.DirectAttribution;
import dev.loupe.lens.logitlens.LensCell;
import dev.loupe.lens.logitlens.LogitLens;
import dev.loupe.lens.logitlens.LogitLensOptions;
import dev.loupe.lens.sweep.InterventionRun;
import dev.loupe.lens.weights.PromotedTokens;
import dev.loupe.lens.weights.TokenDirections;
import dev.loupe.model.ActivationCache;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Prompt;
import dev.loupe.model.RunResult;
import dev.loupe.model.Token;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/** Computes what the page shows, with the instruments that the library and the commands use. */
final class Views implements AutoCloseable {
  private static final int PREDICTIONS = 10;
  private static final int PROMOTED = 8;
  private static final int WARMING = 16;
  private static final double ROUNDING = 1e-4;

  private final HookedTransformer model;
  private final Baselines baselines;
  private final TokenDirections directions;

  Views(HookedTransformer model, long memory) {
    this.model = model;
    baselines = new Baselines(model, memory);
    directions = new TokenDirections(model);
  }

  /** Runs the model once: what is set up on a first run is no part of what a click takes. */
  void warm() {
    try (var _ = TensorScope.open()) {
      model.run(Tokens.of(new long[Math.min(WARMING, model.config().nCtx())]));
    }
  }

  /** The runs of a question. */
  private record Ran(Baseline baseline, InterventionRun run, RunResult intervened) {
    ActivationCache cache() {
      return intervened.cache();
    }
  }

  private Ran ran(Asked asked) {
    var question = asked.question();
    var baseline = baselines.of(asked);
    var run = run(asked, baseline);
    var plain =
        question.direction() == PatchDirection.NOISING
            ? baseline.clean()
            : baseline.corrupted().orElseThrow();
    return new Ran(
        baseline,
        run,
        asked.isIntervened() ? run.run(question.interventions(), Baselines.kept(Set.of())) : plain);
  }

  private InterventionRun run(Asked asked, Baseline baseline) {
    var clean = baseline.clean();
    var other = asked.isPaired() ? baseline.corrupted().orElseThrow() : clean;
    return InterventionRun.of(model, asked.pairs(), asked.question().direction(), clean, other);
  }

  View of(Asked asked) {
    long start = System.nanoTime();
    try (var _ = TensorScope.open()) {
      var ran = ran(asked);
      var notes = new ArrayList<>(asked.notes());
      var metric = metric(asked, ran, notes);
      var view =
          new View(
              0,
              ran.baseline().forwardMillis(),
              notes,
              shown(asked.clean(), asked.corrupted(), asked.names()),
              asked
                  .corrupted()
                  .map(prompt -> shown(prompt, Optional.of(asked.clean()), Map.of()))
                  .orElse(List.of()),
              asked.answer().map(Views::named),
              asked.wrong().map(Views::named),
              asked.at(),
              metric,
              predictions(asked, ran),
              attention(asked, ran),
              lens(asked, ran),
              attribution(asked, ran),
              promoted(asked, ran));
      return timed(view, (System.nanoTime() - start) / 1e6);
    }
  }

  private static View timed(View view, double milliseconds) {
    return new View(
        milliseconds,
        view.forwardMilliseconds(),
        view.notes(),
        view.clean(),
        view.corrupted(),
        view.answer(),
        view.wrong(),
        view.at(),
        view.metric(),
        view.predictions(),
        view.attention(),
        view.lens(),
        view.attribution(),
        view.ov());
  }

  // ---- Tokens

  private static Named named(Token token) {
    return new Named(token.id(), token.text());
  }

  private static List<Shown> shown(
      Prompt prompt, Optional<Prompt> other, Map<Integer, List<String>> names) {
    return IntStream.range(0, prompt.length())
        .mapToObj(i -> {
          long id = prompt.ids().get(i);
          boolean differs =
              other.filter(it -> i >= it.length() || it.ids().get(i) != id).isPresent();
          return new Shown(id, prompt.tokens().get(i), names.getOrDefault(i, List.of()), differs);
        })
        .toList();
  }

  // ---- What comes out

  private static Optional<View.Measure> metric(Asked asked, Ran ran, List<Asked.Note> notes) {
    if (asked.answer().isEmpty()) {
      return Optional.empty();
    }
    var metric = asked.question().metric();
    try {
      double base = ran.run().baseMetric(metric)[0];
      Optional<Double> source =
          asked.isPaired() ? Optional.of(ran.run().sourceMetric(metric)[0]) : Optional.empty();
      Optional<Double> intervened =
          asked.isIntervened()
              ? Optional.of(ran.run().metric(metric, ran.intervened().output())[0])
              : Optional.empty();
      boolean noising = asked.question().direction() == PatchDirection.NOISING;
      return Optional.of(
          new View.Measure(
              metric.label(),
              noising ? Optional.of(base) : source,
              noising ? source : Optional.of(base),
              intervened,
              source.flatMap(to -> intervened.flatMap(now -> share(now - base, to - base)))));
    } catch (IllegalArgumentException e) {
      var field = asked.wrong().isEmpty() ? "wrong" : "metric";
      notes.add(new Asked.Note(field, String.valueOf(e.getMessage())));
      return Optional.empty();
    }
  }

  private static Optional<Double> share(double part, double whole) {
    return whole == 0 ? Optional.empty() : Optional.of(part / whole);
  }

  private View.Predictions predictions(Asked asked, Ran ran) {
    int at = asked.at();
    boolean last = at == asked.clean().length() - 1;
    var corrupted =
        ran.baseline()
            .corrupted()
            .filter(run -> last || at < run.output().size(1))
            .map(run -> predictions(run, last ? (int) run.output().size(1) - 1 : at));
    return new View.Predictions(
        predictions(ran.baseline().clean(), at),
        corrupted,
        asked.isIntervened() ? Optional.of(predictions(ran.intervened(), at)) : Optional.empty());
  }

  private List<Prediction> predictions(RunResult run, int at) {
    var logits = run.output().select(0, 0).select(0, at).widened();
    var likeliest = logits.topK(Math.min(PREDICTIONS, model.config().dVocab()), -1);
    long[] ids = likeliest.indices().toLongs();
    double[] values = likeliest.values().toDoubles();
    double[] probabilities = logits.softmax(-1).indexSelect(0, ids).toDoubles();
    var texts = model.tokenizer().strTokens(ids);
    return IntStream.range(0, ids.length)
        .mapToObj(i -> new Prediction(ids[i], texts.get(i), probabilities[i], values[i]))
        .toList();
  }

  // ---- Attention

  private View.Attention attention(Asked asked, Ran ran) {
    var head = asked.question().head();
    return new View.Attention(
        head.layer(),
        head.index(),
        pattern(ran.baseline().clean().cache(), head),
        ran.baseline().corrupted().map(run -> pattern(run.cache(), head)),
        asked.isIntervened() ? Optional.of(pattern(ran.cache(), head)) : Optional.empty());
  }

  private static List<List<Double>> pattern(ActivationCache cache, Head head) {
    var pattern = cache.get(HookPoint.pattern(head.layer())).select(0, 0).select(0, head.index());
    int length = Math.toIntExact(pattern.size(0));
    double[] flat = pattern.toDoubles();
    return IntStream.range(0, length)
        .mapToObj(
            dest -> Arrays.stream(flat, dest * length, dest * length + dest + 1).boxed().toList())
        .toList();
  }

  // ---- Depth

  private View.Lens lens(Asked asked, Ran ran) {
    var lens = new LogitLens(model, LogitLensOptions.standard());
    var base =
        asked.question().direction() == PatchDirection.NOISING
            ? asked.clean()
            : asked.corrupted().orElseThrow();
    long[] answer = asked.answer().map(token -> new long[] {token.id()}).orElse(new long[0]);
    var grid = lens.grid(base.idArray(), ran.cache(), List.of(At.all()), 1, answer);
    return new View.Lens(
        grid.layers(),
        grid.cells().stream().map(row -> row.stream().map(this::cell).toList()).toList());
  }

  private View.LensCell cell(LensCell cell) {
    var top = cell.top().getFirst();
    var asked = cell.tokens().stream().findFirst();
    return new View.LensCell(
        model.tokenizer().strTokens(new long[] {top.token()}).getFirst(),
        top.probability(),
        asked.map(token -> token.probability()),
        asked.map(token -> token.rank() - 1));
  }

  private Optional<View.Waterfall> attribution(Asked asked, Ran ran) {
    if (asked.answer().isEmpty()) {
      return Optional.empty();
    }
    var found = DirectAttribution.of(model, asked.pairs()).byLayer(ran.cache());
    double total = found.total().mean();
    var parts = new ArrayList<View.Part>();
    found
        .parts()
        .forEach(
            part -> parts.add(new View.Part(part.contributor().toString(), part.value().mean())));
    double sum = parts.stream().mapToDouble(View.Part::value).sum();
    double size = parts.stream().mapToDouble(part -> Math.abs(part.value())).sum();
    // What interventions did to the residual stream itself no part of the model has added.
    if (asked.isIntervened() && Math.abs(total - sum) > ROUNDING * size) {
      parts.add(new View.Part("interventions", total - sum));
    }
    return Optional.of(new View.Waterfall(found.target().label(), parts, total));
  }

  /** Returns what the selected head writes where all its attention is on the position looked at. */
  private View.Promoted promoted(Asked asked, Ran ran) {
    var config = model.config();
    var head = asked.question().head();
    int shared = config.nHeads() / config.nKeyValueHeads();
    var values = ran.cache().get(new HookPoint(Kind.V, head.layer())).select(0, 0);
    Tensor value = values.select(0, asked.at()).narrow(0, head.index() / shared, 1);
    var output = model.weights().blocks().get(head.layer()).wO().select(0, head.index());
    var tokens = directions.top(directions.promotion(value.matmul(output)), PROMOTED).getFirst();
    boolean noising = asked.question().direction() == PatchDirection.NOISING;
    var base = noising ? asked.clean() : asked.corrupted().orElseThrow();
    return new View.Promoted(
        new Named(base.ids().get(asked.at()), base.tokens().get(asked.at())),
        weighted(tokens.most()),
        weighted(tokens.least()));
  }

  private static List<View.Weighted> weighted(List<PromotedTokens.Weighted> tokens) {
    return tokens.stream()
        .map(each -> new View.Weighted(each.token().text(), each.value()))
        .toList();
  }

  // ---- What a click on another view needs of the same runs

  /** Returns what every head adds to the answer directly, [layer][head]. */
  double[][] attributionByHead(Asked asked) {
    asked.requireAnswer();
    try (var _ = TensorScope.open()) {
      return DirectAttribution.of(model, asked.pairs()).byHead(ran(asked).cache()).byHead();
    }
  }

  /** Returns what every head attends to from the position looked at, [layer][head][source]. */
  List<List<double[]>> attentionFrom(Asked asked) {
    try (var _ = TensorScope.open()) {
      var cache = ran(asked).cache();
      return IntStream.range(0, model.config().nLayers())
          .mapToObj(layer -> cache.get(HookPoint.pattern(layer)).select(0, 0))
          .map(pattern -> pattern.select(1, asked.at()))
          .map(rows ->
              IntStream.range(0, model.config().nHeads())
                  .mapToObj(head -> Arrays.copyOf(rows.select(0, head).toDoubles(), asked.at() + 1))
                  .toList())
          .toList();
    }
  }

  /** Returns the question's metric with other interventions than its own. */
  double metric(Asked asked, List<Intervention> interventions) {
    try (var _ = TensorScope.open()) {
      var run = run(asked, baselines.of(asked));
      var metric = asked.question().metric();
      return interventions.isEmpty()
          ? run.baseMetric(metric)[0]
          : run.metric(metric, run.run(interventions, CacheFilter.none()).output())[0];
    }
  }

  /** Returns the question's metric of the run that values are taken from. */
  double sourceMetric(Asked asked) {
    try (var _ = TensorScope.open()) {
      return run(asked, baselines.of(asked)).sourceMetric(asked.question().metric())[0];
    }
  }

  @Override
  public void close() {
    baselines.close();
    directions.close();
  }
}
