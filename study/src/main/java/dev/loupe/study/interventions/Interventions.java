package dev.loupe.study.interventions;

import dev.loupe.lens.At;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.Metric;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.sweep.Axis;
import dev.loupe.lens.sweep.Grid;
import dev.loupe.lens.sweep.Sweep;
import dev.loupe.lens.sweep.SweepResult;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Tokenizer;
import dev.loupe.study.PromptRow;
import dev.loupe.study.Study;
import dev.loupe.study.StudyContext;
import dev.loupe.study.interventions.InterventionsFindings.Measured;
import dev.loupe.study.interventions.InterventionsFindings.OfOne;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Asks what some interventions do together: the metric and the likeliest next tokens of the clean,
 * the corrupted and the intervened run, and the metric with each intervention alone and with all
 * but each. The explorer writes its interventions as this study.
 *
 * @param prompts at least one; all with a corrupted text, or none
 * @param bos whether prompts begin with BOS, where the tokenizer has one
 * @param metric what is measured, as {@link Metric#parse} reads it
 * @param direction {@code clean} or {@code corrupted}: which run is intervened in; values come from
 *     the other
 * @param interventions carried out together, in this order; none leave the run as it is
 * @param each whether each is also measured alone, and all but each
 * @param top how many of the likeliest next tokens are listed
 */
public record Interventions(
    List<GivenPrompt> prompts,
    boolean bos,
    String metric,
    String direction,
    List<GivenIntervention> interventions,
    boolean each,
    int top)
    implements Study {
  /** The name in specifications. */
  public static final String NAME = "interventions";

  private static final String CLEAN = "clean";
  private static final String CORRUPTED = "corrupted";
  private static final int TOP = 10;
  private static final int MOST = 100;

  /** Refuses what no model could make right. */
  public Interventions {
    prompts = List.copyOf(prompts);
    interventions = List.copyOf(interventions);
    if (prompts.isEmpty()) {
      throw new IllegalArgumentException("prompts: none: expected at least one");
    }
    if (top < 1 || top > MOST) {
      throw new IllegalArgumentException("top " + top + ": expected 1 to " + MOST + " tokens");
    }
    if (!direction.equals(CLEAN) && !direction.equals(CORRUPTED)) {
      throw new IllegalArgumentException(
          "direction \"" + direction + "\": expected clean or corrupted, the run to intervene in");
    }
    var measured = Metric.parse(metric);
    for (int row = 0; row < prompts.size(); row++) {
      var prompt = prompts.get(row);
      if (comparesAnswers(measured) && prompt.wrong().isEmpty()) {
        throw new IllegalArgumentException(
            "prompts["
                + row
                + "]: no wrong, and metric "
                + metric
                + " compares right with wrong answers: give it, or a metric such as probability");
      }
      if (prompt.isCorrupted() != prompts.getFirst().isCorrupted()) {
        throw new IllegalArgumentException(
            "prompts["
                + row
                + "]: "
                + (prompt.isCorrupted() ? "corrupted, which prompts[0] has not" : "no corrupted")
                + ": expected one for every prompt, or for none");
      }
    }
    if (!prompts.getFirst().isCorrupted()) {
      requireNoSource(direction, measured, interventions);
    }
  }

  private static boolean comparesAnswers(Metric metric) {
    return switch (metric) {
      case StandardMetric.LOGIT_DIFFERENCE, StandardMetric.PROBABILITY_DIFFERENCE -> true;
      case Metric.Recovery recovery -> comparesAnswers(recovery.of());
      default -> false;
    };
  }

  private static void requireNoSource(
      String direction, Metric metric, List<GivenIntervention> interventions) {
    if (direction.equals(CORRUPTED) || metric instanceof Metric.Recovery) {
      throw new IllegalArgumentException(
          (direction.equals(CORRUPTED) ? "direction corrupted" : "metric " + metric)
              + " of prompts without a corrupted text: give each one, of as many tokens");
    }
    for (int i = 0; i < interventions.size(); i++) {
      if (interventions.get(i).readsSource()) {
        throw new IllegalArgumentException(
            "interventions["
                + i
                + "] ("
                + interventions.get(i)
                + ") takes values from the corrupted run, and no prompt has a corrupted text: give"
                + " each one, of as many tokens, or a change such as zero, scale, add, project_out,"
                + " freeze");
      }
    }
  }

  /** Returns the usual options: an example that any model can read. */
  public static Interventions standard() {
    return of(
        List.of(
            GivenPrompt.of(
                "When Mary and John went to the store, John gave a drink to",
                "When Mary and John went to the store, Mary gave a drink to",
                " Mary",
                " John",
                Map.of())),
        StandardMetric.LOGIT_DIFFERENCE.toString(),
        CLEAN,
        List.of(
            Intervention.zero(Site.of(HookPoint.attnOut(0)).at(At.END)),
            Intervention.zero(Site.of(HookPoint.mlpOut(0)).at(At.END))));
  }

  /**
   * Returns the study of some interventions, its other options as usual.
   *
   * @param metric as {@link Metric#parse} reads it
   * @param direction {@code clean} or {@code corrupted}
   * @throws IllegalArgumentException if no model could make it right, saying why
   */
  public static Interventions of(
      List<GivenPrompt> prompts,
      String metric,
      String direction,
      List<Intervention> interventions) {
    return new Interventions(
        prompts, true, metric, direction, GivenIntervention.of(interventions), true, TOP);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String question() {
    return "What do these interventions do, together and one by one?";
  }

  /** Tells whether there are corrupted prompts. */
  public boolean isCorrupted() {
    return prompts.getFirst().isCorrupted();
  }

  /** Returns which way values go. */
  public PatchDirection patching() {
    return direction.equals(CLEAN) ? PatchDirection.NOISING : PatchDirection.DENOISING;
  }

  @Override
  public InterventionsFindings run(StudyContext context) {
    var model = context.model();
    return run(context, new GivenPairs(model.tokenizer(), context.bos(bos)).read(prompts));
  }

  /** Carries it out on prompts that are tokens already. */
  InterventionsFindings run(StudyContext context, PromptPairs pairs) {
    var model = context.model();
    requireFor(model, pairs);
    var result =
        Sweep.of(grid(), pairs, patching(), Metric.parse(metric))
            .run(model, context.sweep(NAME), context.stage("intervening"));
    var reader = new NextTokensReader(model, pairs, this);
    return new InterventionsFindings(
        this,
        model.provenance(),
        PromptRow.of(pairs, model),
        notes(model),
        Measured.of(result.cleanByPrompt()),
        isCorrupted() ? Optional.of(Measured.of(result.corruptedByPrompt())) : Optional.empty(),
        measured(result, 0),
        ofEach(result),
        reader.read(context.stage("reading next tokens")));
  }

  /** Returns what is carried out together. */
  List<Intervention> all() {
    return interventions.stream().map(GivenIntervention::intervention).toList();
  }

  private void requireFor(HookedTransformer model, PromptPairs pairs) {
    for (int i = 0; i < interventions.size(); i++) {
      try {
        var _ = interventions.get(i).intervention().requireFor(model.config(), pairs);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("interventions[" + i + "]: " + e.getMessage(), e);
      }
    }
  }

  /** All together, each alone, and all but each. */
  private Grid grid() {
    var cells = new ArrayList<List<Intervention>>();
    cells.add(all());
    if (each) {
      all().forEach(one -> cells.add(List.of(one)));
      for (int i = 0; i < interventions.size(); i++) {
        var others = new ArrayList<>(all());
        others.remove(i);
        cells.add(others);
      }
    }
    return Grid.of(Axis.numbered("set", cells.size()), cells);
  }

  private List<OfOne> ofEach(SweepResult result) {
    int count = interventions.size();
    return each
        ? IntStream.range(0, count)
            .mapToObj(i -> new OfOne(measured(result, 1 + i), measured(result, 1 + count + i)))
            .toList()
        : List.of();
  }

  private Measured measured(SweepResult result, int cell) {
    var found = Measured.of(result.byPrompt(cell));
    if (!isCorrupted() || !result.hasGap()) {
      return found;
    }
    return found.recovering(
        patching() == PatchDirection.DENOISING ? result.recovery(cell) : result.loss(cell));
  }

  private List<String> notes(HookedTransformer model) {
    var notes = new ArrayList<String>();
    if (prompts.size() == 1) {
      notes.add("There is one prompt (n = 1): means are its own values, without standard errors");
    }
    if (prompts.size() > NextTokensReader.MOST) {
      notes.add(
          "Next tokens are those after the first %d of %d prompts"
              .formatted(NextTokensReader.MOST, prompts.size()));
    }
    if (model.hasTokenizer()) {
      long spaceless =
          prompts.stream()
              .filter(prompt ->
                  prompt.answer().stream().anyMatch(text -> lacksSpace(text, model.tokenizer())))
              .count();
      if (spaceless > 0) {
        notes.add(
            ("%d of %d prompts have an answer without a leading space that would be a token with"
                    + " one, too: make sure that it continues the prompt as it stands")
                .formatted(spaceless, prompts.size()));
      }
    }
    return notes;
  }

  private static boolean lacksSpace(String answer, Tokenizer tokenizer) {
    return Character.isLetter(answer.codePointAt(0)) && tokenizer.isSingleToken(" " + answer);
  }
}
