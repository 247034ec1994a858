package dev.loupe.lens.attribution;

import dev.loupe.lens.Answers;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.model.ActivationCache;
import dev.loupe.model.Decomposition.Parts;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.model.ResidReader;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.DType;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Direct logit attribution: how much of the answer at the last token of every prompt each part of a
 * model writes itself (Elhage et al. 2021, A Mathematical Framework for Transformer Circuits). A
 * part counts through the final norm with the scale that the run has there, and with the norm's own
 * weight where the model still has one. What later layers make of it does not count.
 *
 * <p>The parts of each result add up to the target. What a part has as a whole holds its own bias;
 * the biases that no part has are one part more. Prompts are run in batches of one length, and of
 * each only the last token is kept.
 */
public final class DirectAttribution {
  private final HookedTransformer model;
  private final PromptPairs prompts;
  private final AttributionTarget target;
  private final PromptBatches batches;

  private DirectAttribution(HookedTransformer model, PromptPairs prompts) {
    this.model = model;
    this.prompts = prompts;
    target = AttributionTarget.of(prompts.answers());
    batches = new PromptBatches(model, prompts, target);
  }

  /**
   * Prepares the attribution on the clean prompts of pairs.
   *
   * @throws IllegalArgumentException if some prompts have wrong tokens and others none
   */
  public static DirectAttribution of(HookedTransformer model, PromptPairs prompts) {
    return new DirectAttribution(model, prompts);
  }

  /** Prepares the attribution on prompts, the answers in their order. */
  public static DirectAttribution of(HookedTransformer model, Tokens prompts, Answers answers) {
    return new DirectAttribution(model, PromptPairs.of(prompts, prompts, answers));
  }

  /** Returns what is attributed. */
  public AttributionTarget target() {
    return target;
  }

  /**
   * Attributes to embeddings and to attention and MLP of each layer. The bias is that of the final
   * norm and b_U.
   *
   * @throws CancellationException if the thread is interrupted
   */
  public Attribution byLayer(Progress progress) {
    return attribute(layers(), progress);
  }

  /**
   * Attributes a run that was made, such as one with interventions, as {@link #byLayer(Progress)}
   * does.
   *
   * @param run of the clean prompts, in one batch, of every position, with embeddings, attn_out and
   *     mlp_out of every layer, the last resid_post and the final norm's scale
   * @throws IllegalArgumentException if the prompts have several lengths, or the cache lacks
   *     something
   */
  public Attribution byLayer(ActivationCache run) {
    return attribute(layers(), run);
  }

  private Division layers() {
    return new Division(whole(Parts.ALL), this::none, ran -> ran.along(ran.whole(Parts.ALL)));
  }

  /**
   * Attributes to every head, to embeddings and to the MLP of each layer. The bias is that of all
   * b_O, of the final norm, and b_U.
   *
   * @throws CancellationException if the thread is interrupted
   */
  public Attribution byHead(Progress progress) {
    return attribute(heads(), progress);
  }

  /**
   * Attributes a run that was made as {@link #byHead(Progress)} does.
   *
   * @param run as {@link #byLayer(ActivationCache)} has it, with z of every layer for attn_out
   * @throws IllegalArgumentException if the prompts have several lengths, or the cache lacks
   *     something
   */
  public Attribution byHead(ActivationCache run) {
    return attribute(heads(), run);
  }

  private Division heads() {
    var contributors = new ArrayList<Contributor>();
    Head.all(model.config()).forEach(head -> contributors.add(new Contributor.OfHead(head)));
    contributors.addAll(whole(Parts.MLP));
    return new Division(
        contributors,
        () -> model.accumulatedAttentionBias(ResidReader.unembedding()),
        ran ->
            Tensors.cat(
                0,
                List.of(
                    ran.along(ran.cache().stackHeadResults(ResidReader.unembedding())),
                    ran.along(ran.whole(Parts.MLP)))));
  }

  /**
   * Attributes to the neurons of all layers that add or take most in the mean, to all others
   * together, to embeddings and to the attention of each layer. The bias is that of all b_out, of
   * the final norm, and b_U. The prompts are run twice: to find the neurons, and to measure them.
   *
   * @param strongest how many neurons are named one by one
   * @throws IllegalArgumentException if the model has not as many
   * @throws CancellationException if the thread is interrupted
   */
  public Attribution byNeuron(int strongest, Progress progress) {
    var config = model.config();
    long all = (long) config.nLayers() * config.dMlp();
    if (strongest < 1 || strongest > all) {
      throw new IllegalArgumentException(
          strongest + " neurons: expected 1 to " + all + ", as many as this model has");
    }
    long twice = 2L * prompts.size();
    long[] chosen = strongestNeurons(strongest, (done, _) -> progress.at(done, twice));
    var contributors = new ArrayList<Contributor>();
    for (long neuron : chosen) {
      contributors.add(
          new Contributor.Neuron((int) (neuron / config.dMlp()), (int) (neuron % config.dMlp())));
    }
    contributors.add(new Contributor.OtherNeurons());
    contributors.addAll(whole(Parts.ATTENTION));
    var end = ResidReader.unembedding();
    var division =
        new Division(
            contributors,
            () -> model.accumulatedBias(end).sub(model.accumulatedAttentionBias(end)),
            ran -> {
              var neurons = ran.along(ran.cache().stackNeuronResults(end));
              var named = neurons.indexSelect(0, chosen);
              var others = neurons.sum(0).sub(named.sum(0)).unsqueeze(0);
              return Tensors.cat(0, List.of(named, others, ran.along(ran.whole(Parts.ATTENTION))));
            });
    return attribute(division, (done, _) -> progress.at(prompts.size() + done, twice));
  }

  private long[] strongestNeurons(int n, Progress progress) {
    var config = model.config();
    var sums = new double[config.nLayers() * config.dMlp()];
    batches.each(
        progress,
        batch -> {
          var ran = batch.run(Hooks.none(), Kind.MLP_POST);
          double[] added =
              ran.along(ran.cache().stackNeuronResults(ResidReader.unembedding()))
                  .to(DType.F64)
                  .sum(1)
                  .toDoubles();
          for (int i = 0; i < sums.length; i++) {
            sums[i] += added[i];
          }
        });
    return IntStream.range(0, sums.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> -Math.abs(sums[i])))
        .limit(n)
        .mapToLong(Integer::longValue)
        .toArray();
  }

  /**
   * Attributes what heads add to the tokens that they read.
   *
   * @param heads the heads, each once
   * @throws IllegalArgumentException if the model lacks a head, or the prompts do not suit the
   *     sources
   * @throws CancellationException if the thread is interrupted
   */
  public SourceAttribution bySource(List<Head> heads, Sources sources, Progress progress) {
    if (heads.isEmpty() || heads.stream().distinct().count() < heads.size()) {
      throw new IllegalArgumentException("heads " + heads + ": expected one or more, each once");
    }
    heads.forEach(head -> head.requireIn(model.config()));
    var labels = sources.labels(prompts);
    var places =
        IntStream.range(0, prompts.size())
            .mapToObj(row -> sources.places(prompts, row))
            .toArray(int[][]::new);
    var effects = new double[heads.size()][labels.size()][prompts.size()];
    var others = new double[prompts.size()];
    var totals = new double[prompts.size()];
    batches.each(
        progress,
        batch -> {
          var reading = new SourceReading(model, batch, heads);
          var ran = batch.run(reading.hooks());
          double[] total = ran.total().toDoubles();
          double[][][] read = reading.effects(ran);
          for (int i = 0; i < total.length; i++) {
            int row = batch.rows()[i];
            totals[row] = total[i];
            others[row] = total[i];
            for (int head = 0; head < heads.size(); head++) {
              for (int source = 0; source < read[head][i].length; source++) {
                effects[head][places[row][source]][row] += read[head][i][source];
                others[row] -= read[head][i][source];
              }
            }
          }
        });
    return new SourceAttribution(
        target,
        heads,
        labels,
        Stream.of(effects).map(head -> Stream.of(head).map(Estimate::of).toList()).toList(),
        Estimate.of(others),
        Estimate.of(totals));
  }

  private Attribution attribute(Division division, Progress progress) {
    var found = new Found(division);
    var kinds =
        division.contributors().stream()
            .map(DirectAttribution::kind)
            .distinct()
            .toArray(Kind[]::new);
    batches.each(progress, batch -> found.add(batch.run(Hooks.none(), kinds), batch.rows()));
    return found.attribution();
  }

  private Attribution attribute(Division division, ActivationCache run) {
    int[] lengths =
        IntStream.range(0, prompts.size())
            .map(row -> prompts.clean().row(row).length)
            .distinct()
            .toArray();
    if (lengths.length > 1) {
      throw new IllegalArgumentException(
          "a run of prompts of " + Arrays.toString(lengths) + " tokens: expected one length");
    }
    var found = new Found(division);
    try (var _ = TensorScope.open()) {
      found.add(batches.ran(run), IntStream.range(0, prompts.size()).toArray());
    }
    return found.attribution();
  }

  /**
   * What a target is divided among.
   *
   * @param contributors all but the bias
   * @param biases those of the residual stream that no contributor has, [d_model]
   * @param parts gives what contributors add in a run, [contributor, prompt]
   */
  private record Division(
      List<Contributor> contributors,
      Supplier<Tensor> biases,
      Function<PromptBatches.Ran, Tensor> parts) {}

  /** What contributors add, prompt by prompt. */
  private final class Found {
    private final Division division;
    private final double[][] values;
    private final double[] bias = new double[prompts.size()];
    private final double[] totals = new double[prompts.size()];

    Found(Division division) {
      this.division = division;
      values = new double[division.contributors().size()][prompts.size()];
    }

    void add(PromptBatches.Ran ran, int... rows) {
      double[] added = division.parts().apply(ran).toDoubles();
      double[] constants = ran.constants(division.biases().get()).toDoubles();
      double[] total = ran.total().toDoubles();
      for (int i = 0; i < total.length; i++) {
        bias[rows[i]] = constants[i];
        totals[rows[i]] = total[i];
        for (int part = 0; part < values.length; part++) {
          values[part][rows[i]] = added[part * total.length + i];
        }
      }
    }

    Attribution attribution() {
      var all = new ArrayList<Attribution.Part>();
      for (int part = 0; part < values.length; part++) {
        all.add(new Attribution.Part(division.contributors().get(part), Estimate.of(values[part])));
      }
      all.add(new Attribution.Part(new Contributor.Bias(), Estimate.of(bias)));
      return new Attribution(target, all, Estimate.of(totals));
    }
  }

  private static Kind kind(Contributor contributor) {
    return switch (contributor) {
      case Contributor.Embed _ -> Kind.EMBED;
      case Contributor.PosEmbed _ -> Kind.POS_EMBED;
      case Contributor.AttnOut _ -> Kind.ATTN_OUT;
      case Contributor.MlpOut _ -> Kind.MLP_OUT;
      case Contributor.OfHead _ -> Kind.Z;
      case Contributor.Neuron _, Contributor.OtherNeurons _ -> Kind.MLP_POST;
      case Contributor.Bias _ -> throw new IllegalArgumentException("a bias is no activation");
    };
  }

  /** Returns the embeddings and what blocks add, in the order of {@code decomposeResid}. */
  private List<Contributor> whole(Parts parts) {
    var contributors = new ArrayList<Contributor>();
    contributors.add(new Contributor.Embed());
    if (!model.config().isRotary()) {
      contributors.add(new Contributor.PosEmbed());
    }
    for (int layer = 0; layer < model.config().nLayers(); layer++) {
      if (parts != Parts.MLP) {
        contributors.add(new Contributor.AttnOut(layer));
      }
      if (parts != Parts.ATTENTION) {
        contributors.add(new Contributor.MlpOut(layer));
      }
    }
    return contributors;
  }

  private Tensor none() {
    var like = model.weights().wE();
    return Tensors.zeros(like.dtype(), model.config().dModel()).to(like.device());
  }
}
