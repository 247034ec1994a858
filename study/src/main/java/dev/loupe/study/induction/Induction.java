package dev.loupe.study.induction;

import dev.loupe.lens.At;
import dev.loupe.lens.Head;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.heads.DetectorOptions;
import dev.loupe.lens.heads.HeadDetection;
import dev.loupe.lens.heads.HeadDetector;
import dev.loupe.lens.heads.HeadScores;
import dev.loupe.lens.heads.RepeatedTokens;
import dev.loupe.lens.sweep.Patching;
import dev.loupe.lens.sweep.Sweep;
import dev.loupe.lens.weights.Composition;
import dev.loupe.lens.weights.CompositionScores;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.study.HeadFindings;
import dev.loupe.study.HeadValues;
import dev.loupe.study.PromptRow;
import dev.loupe.study.Study;
import dev.loupe.study.StudyContext;
import dev.loupe.study.induction.InductionFindings.Composed;
import dev.loupe.study.induction.InductionFindings.KnockOut;
import dev.loupe.task.RepeatedSequences;
import dev.loupe.task.RepeatedSequencesOptions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;

/**
 * Asks how a model continues what it has seen once (Elhage et al. 2021; Olsson et al. 2022): on
 * random tokens that come twice it is measured how much better the second time is predicted, which
 * heads look where, which of them compose, and what is left without the induction heads, beside as
 * many others drawn at random.
 *
 * @param sequences how many sequences of random tokens
 * @param length how many tokens come twice, or {@code auto}: 50, or a fifth of what the model reads
 *     where that is less
 * @param seed of the tokens and of the heads drawn at random
 * @param top how many induction heads, and as many previous-token heads
 * @param controls how often as many other heads are drawn
 * @param pairs how many clean and corrupted prompts heads are patched on
 */
public record Induction(int sequences, String length, long seed, int top, int controls, int pairs)
    implements Study {
  /** The attention from which on a head looks like an induction head. */
  public static final double LOOKS_LIKE = .4;

  private static final String AUTO = "auto";
  private static final int USUAL = 50;
  private static final int SHORTEST = 3;
  // Small models read few tokens, and the places at the end are those they know least.
  private static final int SHARE = 5;

  /** Refuses numbers below 1, and a length that is neither a number from 3 nor auto. */
  public Induction {
    if (sequences < 1 || top < 1 || controls < 1 || pairs < 1) {
      throw new IllegalArgumentException(
          "sequences %d, top %d, controls %d, pairs %d: expected 1 or more of each"
              .formatted(sequences, top, controls, pairs));
    }
    if (!length.equals(AUTO) && !length.matches("[3-9]|[1-9][0-9]{1,5}")) {
      throw new IllegalArgumentException(
          "length \""
              + length
              + "\": expected auto, or how many tokens come twice, 3 or more, such as 50");
    }
  }

  /** Returns the usual options. */
  public static Induction standard() {
    return new Induction(30, AUTO, 0, 3, 5, 50);
  }

  @Override
  public String name() {
    return "induction";
  }

  @Override
  public String question() {
    return "Which heads find what followed a token the last time?";
  }

  private DetectorOptions options(HookedTransformer model) {
    int most = Math.max(SHORTEST, model.config().nCtx() / SHARE);
    int tokens = length.equals(AUTO) ? Math.min(USUAL, most) : Integer.parseInt(length);
    return new DetectorOptions(OptionalInt.of(tokens), sequences, seed);
  }

  @Override
  public InductionFindings run(StudyContext context) {
    var model = context.model();
    var repeated = RepeatedTokens.draw(model, options(model));
    var scores = HeadDetection.run(model, repeated, context.stage("looking at heads"));
    var induction = ranked(scores, HeadDetector.INDUCTION).stream().limit(top).toList();
    var previous = ranked(scores, HeadDetector.PREVIOUS_TOKEN).stream().limit(top).toList();
    var reader = new RepeatReader(model, repeated, context.stage("reading sequences"));
    var whole = reader.read(List.of());
    var without = new ArrayList<KnockOut>();
    without.add(new KnockOut("induction heads", induction, reader.read(induction).second()));
    for (var drawn : controls(scores, induction)) {
      without.add(
          new KnockOut("random heads " + without.size(), drawn, reader.read(drawn).second()));
    }
    var data = RepeatedSequences.generate(model, pairsOf(repeated));
    var prompts = data.pairs();
    var patched =
        Sweep.of(
                new Patching(model.config(), prompts).heads(Kind.Z, At.END),
                prompts,
                PatchDirection.DENOISING,
                StandardMetric.LOGIT_DIFFERENCE)
            .run(model, context.sweep("heads"), context.stage("patching heads"))
            .requireGap();
    var notes = new ArrayList<>(data.notes());
    notes.addAll(HeadFindings.of(model, scores, LOOKS_LIKE, Optional.empty()).notes());
    return new InductionFindings(
        this,
        model.provenance(),
        PromptRow.of(prompts, model),
        notes,
        scores,
        whole,
        without,
        previous,
        composed(
            CompositionScores.of(model, context.stage("composing heads")), previous, induction),
        1 / Math.sqrt(model.config().dModel()),
        patched.clean(),
        patched.corrupted(),
        HeadValues.of(patched, patched::recovery));
  }

  /** Half of a shorter sequence comes again where the model reads no 16 tokens twice. */
  private RepeatedSequencesOptions pairsOf(RepeatedTokens repeated) {
    var usual = RepeatedSequencesOptions.standard().withPrompts(pairs).withSeed(seed);
    return repeated.length() < usual.length() ? usual.withLength(repeated.length()) : usual;
  }

  private static List<Head> ranked(HeadScores scores, HeadDetector detector) {
    return scores.heads().stream()
        .sorted(Comparator.comparingDouble(of -> -of.of(detector).mean()))
        .map(HeadScores.Scores::head)
        .toList();
  }

  /** Draws as many heads that are not among these, several times. */
  private List<List<Head>> controls(HeadScores scores, List<Head> induction) {
    var others =
        scores.heads().stream()
            .map(HeadScores.Scores::head)
            .filter(head -> !induction.contains(head))
            .toList();
    var random = new SplittableRandom(seed);
    var drawn = new ArrayList<List<Head>>();
    for (int draw = 0; draw < controls && !others.isEmpty(); draw++) {
      var left = new ArrayList<>(others);
      var some = new ArrayList<Head>();
      while (some.size() < induction.size() && !left.isEmpty()) {
        some.add(left.remove(random.nextInt(left.size())));
      }
      some.sort(Comparator.comparingInt(Head::layer).thenComparingInt(Head::index));
      drawn.add(some);
    }
    return drawn;
  }

  private static List<Composed> composed(
      CompositionScores scores, List<Head> previous, List<Head> induction) {
    var pairs = new ArrayList<Composed>();
    for (var from : previous) {
      for (var to : induction) {
        if (from.layer() < to.layer()) {
          pairs.add(new Composed(from, to, scores.score(Composition.K, from, to)));
        }
      }
    }
    return pairs;
  }
}
