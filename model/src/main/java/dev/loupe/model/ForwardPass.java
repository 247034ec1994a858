package dev.loupe.model;

import dev.loupe.model.BlockWeights.NormWeights;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Computes runs of one model. Holds nothing of a run, so threads may share it. */
final class ForwardPass {
  private final ModelConfig config;
  private final Weights weights;
  private final List<CompiledBlock> blocks;

  ForwardPass(ModelConfig config, Weights weights) {
    this.config = config;
    this.weights = weights;
    try (var _ = TensorScope.open()) {
      blocks = weights.blocks().stream().map(CompiledBlock::of).toList();
    }
  }

  void free() {
    blocks.forEach(CompiledBlock::free);
  }

  RunResult run(Run request) {
    try (var scope = TensorScope.open()) {
      return new Execution(request, scope).run();
    }
  }

  /** One run under way. */
  private final class Execution {
    private final Run request;
    private final TensorScope scope;
    private final Taps taps;
    private final Optional<KeyValueCache> cache;
    private final List<KeyValueCache.Pair> pairs = new ArrayList<>();
    private final Layout layout;
    private final int length;
    private final AttentionMask mask;
    private final Optional<RotaryTable> rotary;

    Execution(Run request, TensorScope scope) {
      this.request = request;
      this.scope = scope;
      taps = new Taps(config, request, scope);
      cache = request.keyValueCache();
      layout = new Layout(config, request, weights.wE());
      length = layout.length();
      mask = layout.mask();
      rotary = layout.rotary();
    }

    RunResult run() {
      int first =
          request.input() instanceof Run.Input.FromResidual from ? config.layer(from.layer()) : 0;
      boolean stops = request.stopAtLayer().isPresent();
      int end = config.nLayers();
      if (stops) {
        int stop = request.stopAtLayer().getAsInt();
        // One past the last is a legal end: the final residual stream.
        end = stop == config.nLayers() ? stop : config.layer(stop);
        if (end < first) {
          throw new IllegalArgumentException(
              "a run from layer " + first + " that stops at layer " + end);
        }
      } else if (request.returns() == Run.Returns.NOTHING && cache.isEmpty()) {
        end = Math.min(end, Math.max(taps.lastWatchedLayer() + 1, first));
      }
      var residual =
          request.input() instanceof Run.Input.FromResidual from
              ? from.residual()
              : embed(request.tokens().orElseThrow());
      for (int layer = first; layer < end; layer++) {
        try (var block = TensorScope.open()) {
          residual = block.keep(block(layer, residual));
          if (cache.isPresent()) {
            var pair = pairs.removeLast();
            pairs.add(new KeyValueCache.Pair(block.keep(pair.key()), block.keep(pair.value())));
          }
        }
      }
      var result = stops ? Optional.of(residual) : atEnd(residual);
      var kept = taps.finish();
      cache.ifPresent(c -> c.commit(pairs, layout.starts()));
      return new RunResult(result.map(scope::keep), kept);
    }

    private Tensor embed(Tokens tokens) {
      long batch = tokens.batch();
      var ids = tokens.ids().to(weights.wE().device()).reshape(-1);
      var embedded =
          taps.fire(
              HookPoint.of(Kind.EMBED),
              weights.wE().indexSelect(0, ids).reshape(batch, length, config.dModel()));
      if (weights.wPos().isEmpty()) {
        return embedded;
      }
      var placed =
          weights
              .wPos()
              .get()
              .indexSelect(0, layout.positions().reshape(-1))
              .reshape(batch, length, config.dModel());
      return embedded.add(taps.fire(HookPoint.of(Kind.POS_EMBED), placed));
    }

    private Optional<Tensor> atEnd(Tensor residual) {
      boolean silent = request.returns() == Run.Returns.NOTHING;
      if (silent && taps.lastWatchedLayer() < config.nLayers()) {
        return Optional.empty();
      }
      var normalized =
          norm(residual, weights.lnFinal(), Kind.LN_FINAL_SCALE, Kind.LN_FINAL_NORMALIZED, -1);
      return switch (request.returns()) {
        case NOTHING -> Optional.empty();
        case LOGITS -> Optional.of(unembed(normalized));
        case LAST_LOGITS -> Optional.of(unembed(atLast(normalized)).squeeze(1));
        case LOSS -> Optional.of(Loss.mean(unembed(normalized), lossTokens()));
        case LOSS_PER_TOKEN -> Optional.of(Loss.perToken(unembed(normalized), lossTokens()));
      };
    }

    private Tokens lossTokens() {
      return request
          .tokens()
          .orElseThrow(() ->
              new IllegalArgumentException(
                  "a loss needs the tokens: give them to Run.startAtLayer"));
    }

    private Tensor atLast(Tensor x) {
      if (request.tokens().stream().noneMatch(Tokens::isPadded)) {
        return x.narrow(1, length - 1, 1);
      }
      var tokens = request.tokens().get();
      var at = Tensors.of(tokens.lastPositions(), tokens.batch(), 1, 1).to(x.device());
      return x.gather(1, at.expand(tokens.batch(), 1, config.dModel()));
    }

    private Tensor unembed(Tensor normalized) {
      return linear(normalized, weights.wU(), weights.bU());
    }

    // ---- A block

    private Tensor block(int layer, Tensor input) {
      var w = blocks.get(layer);
      var pre = taps.fire(HookPoint.residPre(layer), input);
      var attnOut = attention(layer, w, pre);
      if (config.parallelBlocks()) {
        var post = pre.add(attnOut).add(mlp(layer, w, pre));
        return taps.fire(HookPoint.residPost(layer), post);
      }
      var mid = taps.fire(HookPoint.residMid(layer), pre.add(attnOut));
      return taps.fire(HookPoint.residPost(layer), mid.add(mlp(layer, w, mid)));
    }

    private Tensor attention(int layer, CompiledBlock w, Tensor pre) {
      int heads = config.nHeads();
      int groups = config.nKeyValueHeads();
      var qInput = splitInput(Kind.Q_INPUT, layer, pre, heads);
      var kInput = splitInput(Kind.K_INPUT, layer, pre, groups);
      var vInput = splitInput(Kind.V_INPUT, layer, pre, groups);
      var ln1 = w.weights().ln1();
      var x = norm(pre, ln1, Kind.LN1_SCALE, Kind.LN1_NORMALIZED, layer);
      var q = project(Kind.Q, layer, qInput, x, w.wQ(), w.bQ(), w.weights().wQ(), heads);
      var k = project(Kind.K, layer, kInput, x, w.wK(), w.bK(), w.weights().wK(), groups);
      var v = project(Kind.V, layer, vInput, x, w.wV(), w.bV(), w.weights().wV(), groups);
      if (rotary.isPresent()) {
        q = taps.fire(new HookPoint(Kind.ROT_Q, layer), rotary.get().rotate(q));
        k = taps.fire(new HookPoint(Kind.ROT_K, layer), rotary.get().rotate(k));
      }
      if (cache.isPresent()) {
        var pair = cache.get().join(layer, k, v);
        pairs.add(pair);
        k = pair.key();
        v = pair.value();
      }
      if (config.isGrouped()) {
        k = k.repeatInterleave(heads / groups, 2);
        v = v.repeatInterleave(heads / groups, 2);
      }
      var pattern = pattern(layer, q, k);
      var mixed = pattern.matmul(v.permute(0, 2, 1, 3)).permute(0, 2, 1, 3);
      var z = taps.fire(HookPoint.z(layer), mixed);
      return taps.fire(HookPoint.attnOut(layer), attnOut(layer, w, z));
    }

    private Tensor pattern(int layer, Tensor q, Tensor k) {
      var products = q.permute(0, 2, 1, 3).matmul(k.permute(0, 2, 3, 1));
      var masked =
          products
              .div(config.attentionScale(layer))
              .maskedFill(mask.blocked(config.windows().get(layer)), Double.NEGATIVE_INFINITY);
      var point = new HookPoint(Kind.ATTN_SCORES, layer);
      var scores = taps.fire(point, masked);
      var pattern = taps.replaces(point) ? softmaxOrNothing(scores) : scores.softmax(-1);
      if (mask.isPadded()) {
        pattern = pattern.mul(mask.tokens().to(pattern.dtype()));
      }
      return taps.fire(HookPoint.pattern(layer), pattern);
    }

    // A hook may have blocked every source of a row: then it attends to nothing.
    private static Tensor softmaxOrNothing(Tensor scores) {
      var nowhere =
          Tensors.full(Double.NEGATIVE_INFINITY, scores.dtype(), 1)
              .to(scores.device())
              .eq(scores.max(-1).unsqueeze(-1));
      return scores.maskedFill(nowhere, 0).softmax(-1).maskedFill(nowhere, 0);
    }

    private Tensor attnOut(int layer, CompiledBlock w, Tensor z) {
      var point = new HookPoint(Kind.RESULT, layer);
      if (taps.watches(point)) {
        var result = taps.fire(point, Tensors.einsum("bphd,hdm->bphm", z, w.weights().wO()));
        if (taps.replaces(point)) {
          return result.sum(2).add(w.weights().bO());
        }
      }
      var joined = z.reshape(z.size(0), z.size(1), -1);
      return linear(joined, w.wO(), w.weights().bO());
    }

    /** The residual stream as each head reads it, where anything looks at it. */
    private Optional<Tensor> splitInput(Kind kind, int layer, Tensor pre, int heads) {
      var point = new HookPoint(kind, layer);
      if (!taps.watches(point)) {
        return Optional.empty();
      }
      var spread = pre.unsqueeze(2).expand(pre.size(0), pre.size(1), heads, config.dModel());
      var value = taps.fire(point, spread);
      if (!taps.replaces(point)) {
        return Optional.empty();
      }
      for (var norm : List.of(Kind.LN1_SCALE, Kind.LN1_NORMALIZED)) {
        if (taps.replaces(new HookPoint(norm, layer))) {
          throw new IllegalArgumentException(
              "hooks replace both "
                  + point
                  + " and "
                  + new HookPoint(norm, layer)
                  + ": each head then has a norm of its own; replace "
                  + new HookPoint(
                      kind == Kind.Q_INPUT ? Kind.Q : kind == Kind.K_INPUT ? Kind.K : Kind.V, layer)
                  + " instead");
        }
      }
      return Optional.of(value);
    }

    private Tensor project(
        Kind kind,
        int layer,
        Optional<Tensor> input,
        Tensor x,
        Tensor joined,
        Tensor bias,
        Tensor perHead,
        int heads) {
      Tensor value;
      if (input.isEmpty()) {
        value = linear(x, joined, bias).reshape(x.size(0), x.size(1), heads, config.dHead());
      } else {
        var normalized = scaled(plainNorm(input.get()), blocks.get(layer).weights().ln1());
        value =
            Tensors.einsum("bphm,hmd->bphd", normalized, perHead)
                .add(bias.reshape(heads, config.dHead()));
      }
      return taps.fire(new HookPoint(kind, layer), value);
    }

    private Tensor mlp(int layer, CompiledBlock w, Tensor residual) {
      var inPoint = new HookPoint(Kind.MLP_IN, layer);
      var in = taps.watches(inPoint) ? taps.fire(inPoint, residual) : residual;
      var x = norm(in, w.weights().ln2(), Kind.LN2_SCALE, Kind.LN2_NORMALIZED, layer);
      var linear = linear(x, w.weights().wIn(), w.weights().bIn());
      var prePoint = new HookPoint(Kind.MLP_PRE, layer);
      Tensor post;
      if (config.gatedMlp()) {
        var gate = linear(x, w.weights().wGate().orElseThrow(), w.weights().bGate().orElseThrow());
        var pre = taps.fire(prePoint, gate);
        var side = taps.fire(new HookPoint(Kind.MLP_PRE_LINEAR, layer), linear);
        post = config.activation().apply(pre).mul(side);
      } else {
        post = config.activation().apply(taps.fire(prePoint, linear));
      }
      post = taps.fire(HookPoint.mlpPost(layer), post);
      return taps.fire(
          HookPoint.mlpOut(layer), linear(post, w.weights().wOut(), w.weights().bOut()));
    }

    // ---- Parts

    private Tensor norm(Tensor x, NormWeights w, Kind scaleKind, Kind normalizedKind, int layer) {
      var scalePoint = new HookPoint(scaleKind, layer);
      var normalizedPoint = new HookPoint(normalizedKind, layer);
      if (!taps.watches(scalePoint) && !taps.watches(normalizedPoint)) {
        return scaled(plainNorm(x), w);
      }
      var centered = config.norm() == Norm.LAYER_NORM ? x.sub(x.meanLast()) : x;
      var scale = taps.fire(scalePoint, centered.square().meanLast().add(config.eps()).sqrt());
      return scaled(taps.fire(normalizedPoint, centered.div(scale)), w);
    }

    private Tensor plainNorm(Tensor x) {
      return switch (config.norm()) {
        case LAYER_NORM -> x.layerNorm(config.eps());
        case RMS_NORM -> x.div(x.square().meanLast().add(config.eps()).sqrt());
      };
    }
  }

  private static Tensor scaled(Tensor normalized, NormWeights w) {
    var x = w.weight().isPresent() ? normalized.mul(w.weight().get()) : normalized;
    return w.bias().isPresent() ? x.add(w.bias().get()) : x;
  }

  /** Multiplies the last dimension, as one matrix product. */
  private static Tensor linear(Tensor x, Tensor weight, Tensor bias) {
    var shape = x.shape();
    var flat = x.reshape(-1, shape[shape.length - 1]).addmm(weight, bias);
    shape[shape.length - 1] = weight.size(1);
    return flat.reshape(shape);
  }
}
