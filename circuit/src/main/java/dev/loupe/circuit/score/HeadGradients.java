package dev.loupe.circuit.score;

import dev.loupe.lens.gradient.GradientResult;
import dev.loupe.model.BlockMath;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.Norm;
import dev.loupe.tensor.Autograd;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;

/**
 * Gradients by what the queries, keys and values of every head of a block read of the residual
 * stream, before the norm: those by the queries, keys and values themselves, taken through the
 * matrices and the norm in closed form. The stream is not spread over heads, nor is the graph.
 */
final class HeadGradients {
  private final HookedTransformer model;
  private final BlockMath math;
  private final ModelConfig config;

  HeadGradients(HookedTransformer model) {
    this.model = model;
    math = model.math();
    config = model.config();
  }

  /** Returns where gradients of a block are taken. */
  List<HookPoint> points(int layer) {
    var points = new ArrayList<HookPoint>();
    points.add(HookPoint.residPre(layer));
    points.add(HookPoint.q(layer));
    points.add(HookPoint.k(layer));
    points.add(HookPoint.v(layer));
    if (config.isGrouped()) {
      points.add(rotatedQueries(layer));
      points.add(HookPoint.pattern(layer));
      points.add(HookPoint.z(layer));
    }
    return points;
  }

  private HookPoint rotatedQueries(int layer) {
    return config.isRotary() ? new HookPoint(Kind.ROT_Q, layer) : HookPoint.q(layer);
  }

  /** Returns the gradients of a block, [head * input, prompt, pos, d_model], q, k and v of each. */
  Tensor of(int layer, GradientResult found) {
    var residual = found.activation(HookPoint.residPre(layer)).widened();
    var scale = math.scale(residual).unsqueeze(-1);
    var ofQueries = found.ofEach(HookPoint.q(layer)).widened();
    var type = ofQueries.dtype();
    boolean shared = config.isGrouped();
    // Of each head: [prompt, pos, head, 3, d_head].
    var projections =
        Tensors.stack(
                3,
                List.of(
                    ofQueries,
                    shared ? ofKeys(layer, found) : found.ofEach(HookPoint.k(layer)).widened(),
                    shared ? ofValues(layer, found) : found.ofEach(HookPoint.v(layer)).widened()))
            .div(scale.unsqueeze(-1));
    var shape = projections.shape();
    long prompts = shape[0];
    long length = shape[1];
    long targets = shape[2] * 3;
    var byTarget =
        projections
            .reshape(prompts * length, targets, shape[4])
            .permute(1, 0, 2)
            .matmul(matrices(layer).to(type))
            .reshape(targets, prompts, length, config.dModel());
    // The norm takes away what lies along the normalised stream. What it reads of a gradient by a
    // query is, as the matrix is linear, the gradient times the query without its biases.
    var along =
        projections
            .mul(linear(layer, found))
            .sum(-1)
            .reshape(prompts, length, targets)
            .permute(2, 0, 1)
            .unsqueeze(-1);
    return byTarget.addcmulInPlace(
        math.normalized(residual).unsqueeze(0), along, -1.0 / config.dModel());
  }

  /**
   * Returns the matrices of q, k and v of each head from the right, [head * input, d_head,
   * d_model], with the weight of the norm and, where it centres, centred.
   */
  private Tensor matrices(int layer) {
    var w = model.weights().blocks().get(layer);
    var stacked =
        Tensors.stack(1, List.of(w.wQ(), perHead(w.wK(), 0), perHead(w.wV(), 0))).widened();
    var flat =
        stacked.reshape(3L * config.nHeads(), config.dModel(), config.dHead()).transpose(1, 2);
    var weighted = w.ln1().weight().isPresent() ? flat.mul(w.ln1().weight().get().widened()) : flat;
    return config.norm() == Norm.LAYER_NORM ? weighted.sub(weighted.meanLast()) : weighted;
  }

  /** Returns queries, keys and values without their biases, [prompt, pos, head, 3, d_head]. */
  private Tensor linear(int layer, GradientResult found) {
    var queries = found.activation(HookPoint.q(layer));
    var nothing = Tensors.zeros(queries.dtype(), 1, config.dModel()).to(queries.device());
    var bias = math.attentionInput(layer, nothing);
    var q = queries.widened().sub(math.queries(layer, bias).widened());
    var k = found.activation(HookPoint.k(layer)).widened().sub(math.keys(layer, bias).widened());
    var v = found.activation(HookPoint.v(layer)).widened().sub(math.values(layer, bias).widened());
    return Tensors.stack(3, List.of(q, perHead(k, 2), perHead(v, 2)));
  }

  private Tensor perHead(Tensor tensor, int dim) {
    return config.isGrouped()
        ? tensor.repeatInterleave(config.nHeads() / config.nKeyValueHeads(), dim)
        : tensor;
  }

  // ---- Of heads that share keys and values: the graph has them added up

  private Tensor ofValues(int layer, GradientResult found) {
    var pattern = found.activation(HookPoint.pattern(layer)).widened();
    var ofZ = found.ofEach(HookPoint.z(layer)).widened();
    return pattern.transpose(2, 3).matmul(ofZ.permute(0, 2, 1, 3)).permute(0, 2, 1, 3);
  }

  private Tensor ofKeys(int layer, GradientResult found) {
    var pattern = found.activation(HookPoint.pattern(layer)).widened();
    var weighted = found.ofEach(HookPoint.pattern(layer)).widened().mul(pattern);
    var ofScores = weighted.sub(pattern.mul(weighted.sum(-1).unsqueeze(-1)));
    var queries = found.activation(rotatedQueries(layer)).widened().permute(0, 2, 1, 3);
    var ofRotated =
        ofScores
            .transpose(2, 3)
            .matmul(queries)
            .div(config.attentionScale(layer))
            .permute(0, 2, 1, 3);
    if (!config.isRotary()) {
      return ofRotated;
    }
    // Turning is linear: its gradient is the same everywhere.
    var keys =
        Autograd.variable(
            Tensors.zeros(ofRotated.dtype(), ofRotated.shape()).to(ofRotated.device()));
    int length = Math.toIntExact(ofRotated.size(1));
    var product = math.rotated(keys, 0, length).mul(ofRotated).sum();
    return Autograd.gradients(product, List.of(keys), false).getFirst();
  }
}
