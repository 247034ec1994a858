package dev.loupe.circuit.score;

import dev.loupe.circuit.graph.EdgeTarget;
import dev.loupe.circuit.graph.GraphShape;
import dev.loupe.circuit.run.Corruption;
import dev.loupe.lens.Answers;
import dev.loupe.lens.Metric;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.SameLength;
import dev.loupe.lens.gradient.GradientResult;
import dev.loupe.lens.gradient.Gradients;
import dev.loupe.model.BlockWeights;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.PaddingSide;
import dev.loupe.model.RandomModels;
import dev.loupe.model.Run;
import dev.loupe.model.Tokens;
import dev.loupe.model.WeightProcessing;
import dev.loupe.model.Weights;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The slow way to the scores of one prompt: what each head reads is split, in a model whose heads
 * have keys and values of their own, and each edge is a product of its own.
 */
final class SlowScores {
  static final int[] LENGTHS = {6, 4, 6, 3};

  private final HookedTransformer model;
  private final ModelConfig config;
  private final GraphShape shape;
  private final PromptPairs prompts;
  private final int row;
  private final PromptPairs pair;
  private final Metric metric;

  /** Creates it for a prompt; the model is one of {@link #apart}. */
  SlowScores(HookedTransformer model, PromptPairs prompts, int row, Metric metric) {
    this.model = model;
    this.prompts = prompts;
    this.row = row;
    this.metric = metric;
    config = model.config();
    shape = GraphShape.of(config);
    pair = SameLength.unpadded(prompts, row);
  }

  // ---- Models and prompts

  static PromptPairs pairs(ModelConfig config) {
    return new PromptPairs(
        RandomModels.tokens(config, 21, PaddingSide.LEFT, LENGTHS),
        RandomModels.tokens(config, 22, PaddingSide.LEFT, LENGTHS),
        Answers.of(new long[] {1, 4, 0, 2}, new long[] {2, 3, 1, 4}),
        Map.of(),
        List.of("a", "b", "a", "a"));
  }

  /** Returns the same function, with keys and values of each head's own. */
  static HookedTransformer apart(ModelConfig c, Weights weights, WeightProcessing processing) {
    int times = c.nHeads() / c.nKeyValueHeads();
    var own =
        new ModelConfig(
            c.family(),
            c.nLayers(),
            c.nHeads(),
            c.nHeads(),
            c.dModel(),
            c.dHead(),
            c.dMlp(),
            c.dVocab(),
            c.nCtx(),
            c.norm(),
            c.eps(),
            c.positions(),
            c.activation(),
            c.gatedMlp(),
            c.parallelBlocks(),
            c.attentionScale(),
            c.scaleByLayer(),
            c.windows(),
            c.tiedEmbeddings(),
            c.bosToken(),
            c.eosTokens());
    var blocks =
        weights.blocks().stream()
            .map(w ->
                new BlockWeights(
                    w.ln1(),
                    w.wQ(),
                    w.bQ(),
                    w.wK().repeatInterleave(times, 0),
                    w.bK().repeatInterleave(times, 0),
                    w.wV().repeatInterleave(times, 0),
                    w.bV().repeatInterleave(times, 0),
                    w.wO(),
                    w.bO(),
                    w.ln2(),
                    w.wIn(),
                    w.bIn(),
                    w.wGate(),
                    w.bGate(),
                    w.wOut(),
                    w.bOut()))
            .toList();
    var repeated =
        new Weights(
            weights.wE(), weights.wPos(), blocks, weights.lnFinal(), weights.wU(), weights.bU());
    return HookedTransformer.of(own, repeated, Optional.empty(), processing);
  }

  // ---- Sources

  /** Returns what each source writes, [1, pos, d_model] each. */
  List<Tensor> written(Tokens tokens) {
    var cache =
        model
            .runWithCache(tokens, CacheFilter.kinds(Kind.RESID_PRE, Kind.RESULT, Kind.MLP_OUT))
            .cache();
    var written = new ArrayList<Tensor>();
    written.add(cache.get(HookPoint.residPre(0)));
    for (int layer = 0; layer < config.nLayers(); layer++) {
      for (int head = 0; head < config.nHeads(); head++) {
        written.add(cache.get(Kind.RESULT, layer).select(2, head));
      }
      written.add(cache.get(HookPoint.mlpOut(layer)));
    }
    return written;
  }

  List<Tensor> corrupted(Corruption corruption) {
    return switch (corruption) {
      case COUNTERFACTUAL -> written(pair.corrupted());
      case ZERO -> written(pair.clean()).stream().map(value -> value.mul(0)).toList();
      case MEAN -> {
        var alike =
            IntStream.range(0, prompts.size())
                .filter(
                    other -> prompts.templates().get(other).equals(prompts.templates().get(row)))
                .mapToObj(other -> written(SameLength.unpadded(prompts.corrupted(), other)))
                .toList();
        var means = new ArrayList<Tensor>();
        for (int source = 0; source < shape.sources(); source++) {
          var columns = new ArrayList<Tensor>();
          for (int at = 0; at < pair.clean().length(); at++) {
            var values = new ArrayList<Tensor>();
            for (var written : alike) {
              if (written.get(source).size(1) > at) {
                values.add(written.get(source).select(1, at));
              }
            }
            columns.add(Tensors.stack(0, values).mean(0));
          }
          means.add(Tensors.stack(1, columns));
        }
        yield means;
      }
    };
  }

  List<Tensor> change(Corruption corruption) {
    var clean = written(pair.clean());
    var other = corrupted(corruption);
    var change = new ArrayList<Tensor>();
    for (int source = 0; source < clean.size(); source++) {
      change.add(clean.get(source).sub(other.get(source)));
    }
    return change;
  }

  // ---- Gradients

  /** Returns the gradients by what each target reads, [1, pos, d_model] each. */
  private List<Tensor> gradients(Hooks hooks) {
    var points = new ArrayList<HookPoint>();
    for (int layer = 0; layer < config.nLayers(); layer++) {
      for (var kind : List.of(Kind.Q_INPUT, Kind.K_INPUT, Kind.V_INPUT, Kind.MLP_IN)) {
        points.add(new HookPoint(kind, layer));
      }
    }
    points.add(HookPoint.residPost(config.nLayers() - 1));
    var base = model.run(Run.of(pair.clean()).returning(Run.Returns.LAST_LOGITS)).output();
    var found =
        Gradients.of(metric, pair.answers())
            .against(base)
            .withHooks(hooks)
            .at(model, new Run.Input.FromTokens(pair.clean()), points);
    var gradients = new ArrayList<Tensor>();
    for (int target = 0; target < shape.targets(); target++) {
      gradients.add(at(shape.target(target), found));
    }
    return gradients;
  }

  private Tensor at(EdgeTarget target, GradientResult found) {
    return switch (target) {
      case EdgeTarget.OfHead(var head, var input) ->
          found.ofEach(new HookPoint(kind(input), head.layer())).select(2, head.index());
      case EdgeTarget.OfMlp(var layer) -> found.ofEach(new HookPoint(Kind.MLP_IN, layer));
      case EdgeTarget.Logits _ -> found.ofEach(HookPoint.residPost(config.nLayers() - 1));
    };
  }

  private static Kind kind(EdgeTarget.Input input) {
    return switch (input) {
      case Q -> Kind.Q_INPUT;
      case K -> Kind.K_INPUT;
      case V -> Kind.V_INPUT;
    };
  }

  // ---- Scores

  double[] eap(Corruption corruption) {
    try (var _ = TensorScope.open()) {
      var scores = new double[shape.edges()];
      add(scores, change(corruption), gradients(Hooks.none()), 0, shape.sources(), 1);
      return scores;
    }
  }

  /** Returns EAP with gradients at shares of the clean value of the input, each so often. */
  double[] overInputs(Corruption corruption, double[] shares, double[] weights) {
    try (var _ = TensorScope.open()) {
      var scores = new double[shape.edges()];
      var change = change(corruption);
      var start = corrupted(corruption).getFirst();
      for (int i = 0; i < shares.length; i++) {
        var value = start.add(change.getFirst().mul(shares[i]));
        var hooks = Hooks.none().replace(HookPoint.residPre(0), (_, _) -> value);
        add(scores, change, gradients(hooks), 0, shape.sources(), weights[i]);
      }
      return scores;
    }
  }

  double[] overActivations(Corruption corruption, double[] shares, double[] weights) {
    try (var _ = TensorScope.open()) {
      var scores = new double[shape.edges()];
      var change = change(corruption);
      var start = corrupted(corruption);
      for (int from = 0; from < shape.sources(); ) {
        int to = from;
        do {
          to++;
        } while (isHead(from) && isHead(to));
        for (int i = 0; i < shares.length; i++) {
          var moved = new ArrayList<Tensor>();
          for (int source = from; source < to; source++) {
            moved.add(start.get(source).add(change.get(source).mul(shares[i])));
          }
          var gradients = gradients(Hooks.none().replace(point(from), (_, _) -> joined(moved)));
          add(scores, change, gradients, from, to, weights[i]);
        }
        from = to;
      }
      return scores;
    }
  }

  private static Tensor joined(List<Tensor> moved) {
    return moved.size() == 1 ? moved.getFirst() : Tensors.stack(2, moved);
  }

  private boolean isHead(int source) {
    return source > 0 && (source - 1) % (config.nHeads() + 1) < config.nHeads();
  }

  private HookPoint point(int source) {
    if (source == 0) {
      return HookPoint.residPre(0);
    }
    int layer = (source - 1) / (config.nHeads() + 1);
    return isHead(source) ? new HookPoint(Kind.RESULT, layer) : HookPoint.mlpOut(layer);
  }

  private void add(
      double[] scores,
      List<Tensor> change,
      List<Tensor> gradients,
      int from,
      int to,
      double weight) {
    for (int source = from; source < to; source++) {
      for (int target = shape.firstTarget(source); target < shape.targets(); target++) {
        scores[shape.edge(source, target)] +=
            weight * change.get(source).mul(gradients.get(target)).sum().item();
      }
    }
  }

  // ---- Runs

  /** Returns the metric where a target reads {@code times} the change of a source more. */
  double moved(int edge, double times, Corruption corruption) {
    try (var _ = TensorScope.open()) {
      var added = change(corruption).get(shape.sourceOf(edge)).mul(times);
      var hooks =
          switch (shape.target(shape.targetOf(edge))) {
            case EdgeTarget.OfHead(var head, var input) ->
                Hooks.none()
                    .replace(
                        new HookPoint(kind(input), head.layer()),
                        (x, _) ->
                            x.withSelect(2, head.index(), x.select(2, head.index()).add(added)));
            case EdgeTarget.OfMlp(var layer) ->
                Hooks.none().replace(new HookPoint(Kind.MLP_IN, layer), (x, _) -> x.add(added));
            case EdgeTarget.Logits _ ->
                Hooks.none()
                    .replace(HookPoint.residPost(config.nLayers() - 1), (x, _) -> x.add(added));
          };
      return metric(pair.clean(), hooks);
    }
  }

  /** Returns what the whole change of some sources to their corrupted value does to the metric. */
  double effect(Corruption corruption, Group group) {
    try (var _ = TensorScope.open()) {
      var values = corrupted(corruption).subList(group.from(), group.to());
      var point = point(group.from());
      var hooks =
          Hooks.none()
              .replace(
                  point,
                  (_, _) ->
                      point.kind() == Kind.RESULT ? Tensors.stack(2, values) : values.getFirst());
      return metric(pair.clean(), Hooks.none()) - metric(pair.clean(), hooks);
    }
  }

  private double metric(Tokens tokens, Hooks hooks) {
    var logits = model.runWithHooks(tokens, hooks);
    return metric.ofLogits(logits.select(1, tokens.length() - 1), pair.answers())[0];
  }
}
