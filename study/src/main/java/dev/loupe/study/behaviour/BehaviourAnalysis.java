package dev.loupe.study.behaviour;

import static java.util.Objects.requireNonNull;

import dev.loupe.lens.At;
import dev.loupe.lens.Change;
import dev.loupe.lens.Head;
import dev.loupe.lens.Metric;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.attribution.DirectAttribution;
import dev.loupe.lens.heads.AttentionPatterns;
import dev.loupe.lens.heads.AttentionScores;
import dev.loupe.lens.heads.PositionPair;
import dev.loupe.lens.logitlens.LensCurves;
import dev.loupe.lens.logitlens.LogitLens;
import dev.loupe.lens.logitlens.LogitLensOptions;
import dev.loupe.lens.sweep.Ablation;
import dev.loupe.lens.sweep.Axis;
import dev.loupe.lens.sweep.Grid;
import dev.loupe.lens.sweep.GridBuilder;
import dev.loupe.lens.sweep.PatchSite;
import dev.loupe.lens.sweep.PathPatching;
import dev.loupe.lens.sweep.Places;
import dev.loupe.lens.sweep.Receiver;
import dev.loupe.lens.sweep.Sweep;
import dev.loupe.lens.sweep.SweepOptions;
import dev.loupe.lens.sweep.SweepResult;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.NormScale;
import dev.loupe.study.HeadName;
import dev.loupe.study.PromptRow;
import dev.loupe.study.StudyContext;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Takes a behaviour apart that shows as a logit difference: what the model does, how the answer
 * builds up, what writes it, where it is kept, what is lost without the heads that write it, who
 * stands in for them, and along which paths it reaches them.
 */
public final class BehaviourAnalysis {
  private static final Metric METRIC = StandardMetric.LOGIT_DIFFERENCE;
  // Patterns of longer prompts are too many numbers to show.
  private static final int LONGEST_SHOWN = 96;

  private final StudyContext context;
  private final HookedTransformer model;
  private final PromptPairs pairs;
  private final BehaviourOptions options;
  private final List<String> notes = new ArrayList<>();

  private BehaviourAnalysis(StudyContext context, PromptPairs pairs, BehaviourOptions options) {
    this.context = context;
    model = context.model();
    this.pairs = pairs;
    this.options = options;
  }

  /**
   * Carries it out.
   *
   * @param pairs prompts with answers and wrong answers, and corrupted ones whose logit difference
   *     is another
   * @throws IllegalArgumentException if the options name heads or positions that are not there, or
   *     a prompt has no wrong answer
   * @throws IllegalStateException if clean and corrupted prompts do not differ in the mean
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  public static BehaviourFindings of(
      StudyContext context, PromptPairs pairs, BehaviourOptions options) {
    return new BehaviourAnalysis(context, pairs, options).run();
  }

  /** Measures clean and corrupted prompts, without changing anything: a sweep of one such cell. */
  public static SweepResult baseline(
      HookedTransformer model,
      PromptPairs pairs,
      Metric metric,
      SweepOptions options,
      Progress progress) {
    var nothing = Grid.of(new Axis("change", List.of("none")), List.of(List.of()));
    return Sweep.of(nothing, pairs, PatchDirection.NOISING, metric).run(model, options, progress);
  }

  private SweepResult baseline(String name, Metric metric) {
    return baseline(model, pairs, metric, context.sweep(name), context.stage(name));
  }

  private BehaviourFindings run() {
    HeadName.parse(options.knockOut().heads()).forEach(head -> head.requireIn(model.config()));
    options.paths().requireIn(model.config());
    var baselines =
        new BehaviourFindings.Baselines(
            baseline("baselines", METRIC).requireGap(),
            baseline("baseline-accuracy", StandardMetric.ACCURACY));
    var lens = lens();
    var attribution = DirectAttribution.of(model, pairs);
    var layers = attribution.byLayer(context.stage("attribution to layers"));
    var heads = attribution.byHead(context.stage("attribution to heads"));
    var places = places();
    var streams =
        patched(List.of(PatchSite.RESID_PRE, PatchSite.ATTN_OUT, PatchSite.MLP_OUT), places);
    var sites = patched(options.headSites(), Places.all());
    var byPosition = patched(headSitesByPosition(places), places);
    var toLogits =
        new BehaviourFindings.ToLogits(
            toLogits("heads-to-logits", PathPatching.heads(model.config(), At.all())),
            toLogits("mlps-to-logits", PathPatching.mlps(model.config(), At.all())));
    var writers = Writer.of(toLogits.heads()).stream().map(Writer::head).toList();
    var carriers = HeadCells.ranked(requireNonNull(sites.get(PatchSite.Z)));
    var attention = attention(shown(writers, carriers));
    var knockOut = knockOut(knockedOut(writers, carriers));
    var paths = new PathSearch(context, pairs, options.paths(), notes).from(writers);
    return new BehaviourFindings(
        PromptRow.of(pairs, model),
        baselines,
        lens,
        layers,
        heads,
        toLogits,
        attention,
        streams,
        sites,
        byPosition,
        knockOut,
        paths,
        options.paths().least(),
        notes);
  }

  // ---- How the answer builds up

  private BehaviourFindings.Lens lens() {
    var cached = LogitLensOptions.standard().withScale(NormScale.CACHED).withMid();
    var swapped =
        new PromptPairs(
            /* clean= */ pairs.corrupted(),
            /* corrupted= */ pairs.clean(),
            pairs.answers(),
            pairs.positions(),
            pairs.templates());
    return new BehaviourFindings.Lens(
        curves(cached, pairs),
        curves(cached, swapped),
        curves(LogitLensOptions.standard().withMid(), pairs));
  }

  private LensCurves curves(LogitLensOptions how, PromptPairs of) {
    return new LogitLens(model, how)
        .curves(of, List.of(At.END), List.of(METRIC), context.stage("logit lens"));
  }

  // ---- Where it is kept

  /** Returns each token where rows line up, else the key positions, else the last tokens. */
  private Places places() {
    if (!options.positions().equals(BehaviourOptions.AUTO)) {
      return Places.parse(options.positions());
    }
    var lengths = new TreeSet<Integer>();
    for (int row = 0; row < pairs.size(); row++) {
      lengths.add(pairs.clean().row(row).length);
    }
    if (lengths.size() == 1 || lengths.getFirst() < 2) {
      return Places.each();
    }
    var named =
        Stream.concat(pairs.positions().keySet().stream(), Stream.of("END"))
            .distinct()
            .map(At::named)
            .toList();
    boolean hasNames = named.size() > 1;
    notes.add(
        "Prompts have "
            + lengths.getFirst()
            + " to "
            + lengths.getLast()
            + " tokens, so positions are "
            + (hasNames ? "those that have names." : "counted from the last token."));
    return new Places.Listed(hasNames ? named : last(Math.min(8, lengths.getFirst())));
  }

  private static List<At> last(int count) {
    var all = new ArrayList<At>();
    for (int i = -count; i < 0; i++) {
      all.add(At.index(i));
    }
    return all;
  }

  private List<PatchSite> headSitesByPosition(Places places) {
    int cells = Head.all(model.config()).size() * places.of(pairs.clean().length()).size();
    var sites = options.headSitesByPosition(cells);
    if (options.headsByPosition().equals(BehaviourOptions.AUTO)) {
      notes.add(
          "Heads are patched position by position in "
              + (sites.isEmpty() ? "nothing" : names(sites))
              + ": that is "
              + cells
              + " cells for each (option `heads_by_position`).");
    }
    return sites;
  }

  private static String names(List<PatchSite> sites) {
    return String.join(", ", sites.stream().map(PatchSite::toString).toList());
  }

  private Map<PatchSite, SweepResult> patched(List<PatchSite> sites, Places at) {
    var found = new LinkedHashMap<PatchSite, SweepResult>();
    for (var site : sites) {
      var what = site + (at.isAxis() ? "-by-position" : "");
      found.put(
          site,
          Sweep.of(
                  GridBuilder.of(site).at(at).build(model.config(), pairs),
                  pairs,
                  PatchDirection.DENOISING,
                  METRIC)
              .run(model, context.sweep(what), context.stage("patching " + what)));
    }
    return found;
  }

  // ---- The heads that matter

  private SweepResult toLogits(String name, Grid senders) {
    return PathPatching.from(senders)
        .to(Receiver.finalResidual().at(At.END))
        .noising(pairs, METRIC)
        .run(model, context.sweep(name), context.stage(name));
  }

  private List<Head> shown(List<Head> writers, List<Head> carriers) {
    return Stream.concat(
            writers.stream().limit(options.top()), carriers.stream().limit(options.top()))
        .distinct()
        .toList();
  }

  private BehaviourFindings.Attention attention(List<Head> heads) {
    var patterns = new LinkedHashMap<Integer, Map<Head, double[][]>>();
    for (int row = 0; row < Math.min(options.attentionPrompts(), pairs.size()); row++) {
      long[] prompt = pairs.clean().row(row);
      if (prompt.length <= LONGEST_SHOWN) {
        patterns.put(row, AttentionPatterns.of(model, prompt, heads));
      }
    }
    var toNames =
        pairs.positions().keySet().stream()
            .map(name -> new PositionPair(At.END, At.named(name)))
            .toList();
    return new BehaviourFindings.Attention(
        heads,
        patterns,
        toNames.isEmpty()
            ? Optional.empty()
            : Optional.of(AttentionScores.of(model, pairs, toNames, context.stage("attention"))));
  }

  private List<Head> knockedOut(List<Head> writers, List<Head> carriers) {
    var named = HeadName.parse(options.knockOut().heads());
    if (!named.isEmpty()) {
      return named;
    }
    if (writers.isEmpty()) {
      notes.add(
          "No head writes the answer: those that are knocked out are the ones whose patch changes"
              + " most (option `knock_out`).");
    }
    return (writers.isEmpty() ? carriers : writers)
        .stream().limit(options.knockOut().top()).toList();
  }

  private BehaviourFindings.KnockOut knockOut(List<Head> heads) {
    var sets = new LinkedHashMap<String, List<Site>>();
    sets.put(heads.size() == 1 ? heads.getFirst().toString() : "all " + heads.size(), sites(heads));
    if (heads.size() > 1) {
      heads.forEach(head -> sets.put(head.toString(), sites(List.of(head))));
    }
    var difference = ablation(METRIC);
    return new BehaviourFindings.KnockOut(
        heads,
        difference.sets(sets).run(model, context.sweep("knock-out"), context.stage("knock-out")),
        ablation(StandardMetric.ACCURACY)
            .sets(sets)
            .run(model, context.sweep("knock-out-accuracy"), context.stage("knock-out, accuracy")),
        difference.backupHeads(
            model, sites(heads), context.sweep("backup"), context.stage("backup heads")));
  }

  private static List<Site> sites(List<Head> heads) {
    return heads.stream().map(Site::z).toList();
  }

  private Ablation ablation(Metric metric) {
    return new Ablation(pairs, metric, new Change.Zero(), List.of(At.END));
  }
}
