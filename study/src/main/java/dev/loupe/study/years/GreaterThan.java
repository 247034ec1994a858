package dev.loupe.study.years;

import dev.loupe.lens.Answers;
import dev.loupe.lens.At;
import dev.loupe.lens.Change;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.attribution.DirectAttribution;
import dev.loupe.lens.heads.AttentionScores;
import dev.loupe.lens.heads.PositionPair;
import dev.loupe.lens.logitlens.LogitLens;
import dev.loupe.lens.logitlens.LogitLensOptions;
import dev.loupe.lens.sweep.Ablation;
import dev.loupe.lens.sweep.Grid;
import dev.loupe.lens.sweep.Patching;
import dev.loupe.lens.sweep.PathPatching;
import dev.loupe.lens.sweep.Sweep;
import dev.loupe.lens.sweep.SweepResult;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.study.HeadValues;
import dev.loupe.study.PromptRow;
import dev.loupe.study.Study;
import dev.loupe.study.StudyContext;
import dev.loupe.study.years.GreaterThanFindings.KnockOut;
import dev.loupe.task.Position;
import dev.loupe.task.TaskData;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Asks how a model knows that a span ends after it began (Hanna et al. 2023): "The war lasted from
 * the year 1732 to the year 17", after which 33 to 99 are right. Measured are the probability
 * difference, that of all later years minus that of all others, and the cutoff sharpness, that of
 * YY + 1 minus that of YY - 1.
 *
 * @param prompts the spans
 * @param topHeads how many heads are told of and knocked out, those that recover most at END
 * @param topMlps how many MLPs are knocked out, those that recover most at END
 */
public record GreaterThan(YearPrompts prompts, int topHeads, int topMlps) implements Study {
  private static final At YY = At.named(Position.YY.name());

  /** Refuses negative numbers, and nothing to knock out. */
  public GreaterThan {
    if (topHeads < 1 || topMlps < 1) {
      throw new IllegalArgumentException(
          "top_heads " + topHeads + ", top_mlps " + topMlps + ": expected 1 or more of each");
    }
  }

  /** Returns the usual options. */
  public static GreaterThan standard() {
    return new GreaterThan(new YearPrompts(100, 0, true), 5, 2);
  }

  @Override
  public String name() {
    return "greater-than";
  }

  @Override
  public String question() {
    return "How does the model know that a span of years ends after it began?";
  }

  @Override
  public GreaterThanFindings run(StudyContext context) {
    return run(context, prompts.make(context));
  }

  /**
   * Carries it out on prompts that are there already, in the place of its own.
   *
   * @param data as {@link dev.loupe.task.YearSpans} makes it
   * @throws IllegalStateException if the model does not tell clean from corrupted prompts
   */
  public GreaterThanFindings run(StudyContext context, TaskData data) {
    var model = context.model();
    var pairs = data.pairs();
    var sharp = neighbours(pairs);
    var patching = new Patching(model.config(), pairs);
    var headsEnd = patch(context, "heads-end", pairs, patching.heads(Kind.Z, At.END)).requireGap();
    var headsAll = patch(context, "heads-all", pairs, patching.heads(Kind.Z, At.all()));
    var mlpsEnd = patch(context, "mlps-end", pairs, patching.layers(Kind.MLP_OUT, At.END));
    var mlpsAll = patch(context, "mlps-all", pairs, patching.layers(Kind.MLP_OUT, At.all()));
    var heads = HeadValues.of(headsEnd, headsEnd::recovery);
    var mlps = IntStream.range(0, mlpsEnd.size()).mapToObj(mlpsEnd::recovery).toList();
    var sets = sets(heads, mlps);
    var attribution = DirectAttribution.of(model, pairs);
    var metric = StandardMetric.PROBABILITY_DIFFERENCE;
    var wide = knockedOut(context, "knock-out", pairs, sets);
    var narrow = knockedOut(context, "knock-out-sharpness", sharp, sets);
    return new GreaterThanFindings(
        this,
        model.provenance(),
        PromptRow.of(pairs, model),
        data.notes(),
        YearCurves.of(model, data, context.stage("reading years")),
        wide.clean(),
        wide.corrupted(),
        narrow.clean(),
        narrow.corrupted(),
        HeadValues.of(headsAll, headsAll::recovery),
        heads,
        IntStream.range(0, mlpsAll.size()).mapToObj(mlpsAll::recovery).toList(),
        mlps,
        new LogitLens(model, LogitLensOptions.standard())
            .curves(pairs, List.of(At.END), List.of(metric), context.stage("logit lens")),
        attribution.byLayer(context.stage("attribution by layer")),
        attribution.byHead(context.stage("attribution by head")),
        attention(context, pairs),
        results(sets, wide, narrow));
  }

  /** Returns the pairs with YY + 1 for the only right token and YY - 1 for the only wrong one. */
  private static PromptPairs neighbours(PromptPairs pairs) {
    var right = pairs.answers().right().stream().map(later -> List.of(later.getFirst())).toList();
    // The last of those that are not later is YY itself.
    var wrong =
        pairs.answers().wrong().stream().map(rest -> List.of(rest.get(rest.size() - 2))).toList();
    return new PromptPairs(
        pairs.clean(),
        pairs.corrupted(),
        new Answers(right, wrong),
        pairs.positions(),
        pairs.templates());
  }

  private static SweepResult patch(
      StudyContext context, String name, PromptPairs pairs, Grid grid) {
    return Sweep.of(grid, pairs, PatchDirection.DENOISING, StandardMetric.PROBABILITY_DIFFERENCE)
        .run(context.model(), context.sweep(name), context.stage("patching " + name));
  }

  // ---- What is knocked out

  private Map<String, List<Site>> sets(HeadValues heads, List<Estimate> mlps) {
    var best =
        heads.descending().stream()
            .filter(of -> of.value().mean() > 0)
            .limit(topHeads)
            .map(HeadValues.OfHead::head)
            .toList();
    var layers =
        IntStream.range(0, mlps.size())
            .boxed()
            .filter(layer -> mlps.get(layer).mean() > 0)
            .sorted(Comparator.comparingDouble(layer -> -mlps.get(layer).mean()))
            .limit(topMlps)
            .toList();
    var sets = new LinkedHashMap<String, List<Site>>();
    put(sets, "heads", best.stream().map(Site::z).toList());
    put(sets, "MLPs", layers.stream().map(PathPatching::mlp).toList());
    if (sets.size() == 2) {
      put(sets, "both", sets.values().stream().flatMap(List::stream).toList());
    }
    return sets;
  }

  private static void put(Map<String, List<Site>> sets, String name, List<Site> sites) {
    if (!sites.isEmpty()) {
      sets.put(name, sites);
    }
  }

  /** Sets components at END to their mean over the corrupted prompts, where every span is of 01. */
  private static SweepResult knockedOut(
      StudyContext context, String name, PromptPairs pairs, Map<String, List<Site>> sets) {
    var mean = new Change.Mean(Change.Over.TEMPLATE_AND_POSITION);
    var sweepable = sets.isEmpty() ? Map.of("nothing", List.<Site>of()) : sets;
    return new Ablation(pairs, StandardMetric.PROBABILITY_DIFFERENCE, mean, List.of(At.END))
        .sets(sweepable)
        .run(context.model(), context.sweep(name), context.stage("knocking out"));
  }

  private static List<KnockOut> results(
      Map<String, List<Site>> sets, SweepResult wide, SweepResult narrow) {
    var found = new ArrayList<KnockOut>();
    for (var set : sets.entrySet()) {
      int cell = found.size();
      found.add(
          new KnockOut(
              set.getKey(),
              set.getValue().stream().map(GreaterThan::component).toList(),
              wide.value(cell),
              narrow.value(cell)));
    }
    return found;
  }

  private static String component(Site site) {
    int layer = site.point().layer();
    return site.part() instanceof Site.Part.Head(int index)
        ? new Head(layer, index).toString()
        : "MLP " + layer;
  }

  private static HeadValues attention(StudyContext context, PromptPairs pairs) {
    HookedTransformer model = context.model();
    var pair = new PositionPair(At.END, YY);
    var scores =
        AttentionScores.of(model, pairs, List.of(pair), context.stage("attention to the year"));
    return new HeadValues(
        Stream.iterate(0, layer -> layer < scores.layers(), layer -> layer + 1)
            .map(layer ->
                IntStream.range(0, scores.heads())
                    .mapToObj(head -> scores.of(pair, new Head(layer, head)))
                    .toList())
            .toList());
  }
}
