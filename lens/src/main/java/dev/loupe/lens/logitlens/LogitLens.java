package dev.loupe.lens.logitlens;

import dev.loupe.lens.At;
import dev.loupe.lens.Metric;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.ActivationCache;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Tokens;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.LongStream;

/**
 * The logit lens (nostalgebraist 2020): the final norm and the unembedding applied to the residual
 * stream before every layer, so that one sees how a prediction comes about. The norm's own weight
 * and bias and b_U are applied too, so that the last layer is the model's own output.
 *
 * <p>What the norm divides by is {@link LogitLensOptions#scale}. It changes logits, probabilities
 * and divergences a great deal.
 */
public final class LogitLens {
  private static final Set<Metric> COMPARING =
      Set.of(StandardMetric.LOGIT_DIFFERENCE, StandardMetric.PROBABILITY_DIFFERENCE);

  private final HookedTransformer model;
  private final LogitLensOptions options;
  private final List<Depth> depths;

  /** Prepares a model; it must stay open. */
  public LogitLens(HookedTransformer model, LogitLensOptions options) {
    this.model = model;
    this.options = options;
    depths = Depth.of(model.config(), options.mid());
  }

  /**
   * Returns the labels of the residual streams that are read, {@code 0_pre}, {@code 0_mid}, ...,
   * {@code final_post}, as accumulated_resid of TransformerLens has them.
   */
  public List<String> layers() {
    return depths.stream().map(Depth::label).toList();
  }

  /**
   * Reads one prompt.
   *
   * @param prompt its token ids
   * @param positions which positions, taken together; END is the only named one
   * @param top how many of the likeliest tokens a cell has, at least 1 and at most the vocabulary
   * @param tokens further tokens of which logit, probability and rank are wanted; may be empty
   * @throws IllegalArgumentException if the prompt has none of the positions, or a number or token
   *     is outside its range
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  public LensGrid grid(long[] prompt, List<At> positions, int top, long... tokens) {
    return grid(
        prompt,
        positions,
        top,
        rows -> ResidualRows.of(model, Tokens.of(prompt), depths, options.scale(), rows),
        tokens);
  }

  /**
   * Reads a run of one prompt that was made, such as one with interventions.
   *
   * @param cache of a batch of this prompt alone, with every residual stream of {@link #layers}
   * @throws IllegalArgumentException as above, or if the cache lacks a stream
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  public LensGrid grid(
      long[] prompt, ActivationCache cache, List<At> positions, int top, long... tokens) {
    return grid(
        prompt,
        positions,
        top,
        rows -> ResidualRows.of(model, cache, depths, options.scale(), rows),
        tokens);
  }

  private LensGrid grid(
      long[] prompt,
      List<At> positions,
      int top,
      Function<long[], ResidualRows> read,
      long... tokens) {
    int vocabulary = model.config().dVocab();
    if (top < 1 || top > vocabulary) {
      throw new IllegalArgumentException(
          "the " + top + " likeliest tokens: expected 1 to " + vocabulary);
    }
    for (long token : tokens) {
      if (token < 0 || token >= vocabulary) {
        throw new IllegalArgumentException(
            "token " + token + ": expected 0 to " + (vocabulary - 1));
      }
    }
    int[] at =
        positions.stream()
            .flatMapToInt(each -> Arrays.stream(each.in(prompt.length, Map.of(), 0)))
            .sorted()
            .distinct()
            .toArray();
    if (at.length == 0) {
      throw new IllegalArgumentException(
          "positions " + positions + ": the prompt has " + prompt.length + " tokens");
    }
    long[] rows = Arrays.stream(at).asLongStream().toArray();
    try (var streams = read.apply(rows)) {
      var reader = new GridReader(model, depths, at, top, tokens);
      return new LensGrid(
          layers(),
          LongStream.of(prompt).boxed().toList(),
          Arrays.stream(at).boxed().toList(),
          reader.read(streams));
    }
  }

  /**
   * Measures clean prompts by layer. At a place of several tokens (a range, all) the value of a
   * prompt is the mean over them; a prompt without that place is left out, which {@code n} of the
   * estimate says. No more than a few hundred rows of the vocabulary are held at once.
   *
   * @param positions where the residual stream is read; the answers are the same everywhere
   * @param metrics what is measured of the logits there, such as {@link
   *     StandardMetric#LOGIT_DIFFERENCE}, PROBABILITY, RANK, or KL_DIVERGENCE, which is KL(final ||
   *     layer)
   * @throws IllegalArgumentException if a metric reads every position or is a recovery, if no
   *     prompt has one of the positions, or a metric needs wrong answers that are not there
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  public LensCurves curves(
      PromptPairs prompts, List<At> positions, List<Metric> metrics, Progress progress) {
    if (positions.isEmpty() || metrics.isEmpty()) {
      throw new IllegalArgumentException(
          positions.size()
              + " positions and "
              + metrics.size()
              + " metrics: expected at least one of each");
    }
    for (var metric : metrics) {
      if (metric.reads() == Metric.Reads.EVERY) {
        throw new IllegalArgumentException(
            metric + " reads every position; the lens measures each by itself");
      }
      if (metric instanceof Metric.Recovery recovery) {
        throw new IllegalArgumentException(
            metric + " compares with corrupted prompts; measure " + recovery.of());
      }
      int without = prompts.answers().wrong().indexOf(List.of());
      if (COMPARING.contains(metric) && without >= 0) {
        throw new IllegalArgumentException(
            "prompt "
                + without
                + " has no wrong token: "
                + metric
                + " needs at least one a prompt");
      }
    }
    return new CurveReader(model, depths, options.scale(), prompts, positions, metrics)
        .read(progress);
  }
}
