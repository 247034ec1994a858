package dev.loupe.model;

import dev.loupe.model.HookPoint.Kind;
import dev.loupe.tensor.SafeTensors;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;

/** The hooks whose effect on the corrupted tokens the reference data holds, by name. */
record GoldenInterventions(Golden golden, SafeTensors expected, double tolerance) {

  void check() {
    var model = golden.model();
    var tokens = golden.corruptedTokens();
    var hooks = hooks();
    for (var name : expected.names()) {
      if (name.equals("_vec")) {
        continue;
      }
      var hook = hooks.get(name);
      if (hook == null) {
        throw new AssertionError("no hook written for " + name);
      }
      Golden.assertClose(name, model.runWithHooks(tokens, hook), expected.get(name), tolerance);
    }
  }

  private Map<String, Hooks> hooks() {
    var model = golden.model();
    int last = model.config().nLayers() - 1;
    var vector = expected.get("_vec");
    var clean = model.runWithCache(golden.tokens(), CacheFilter.all()).cache();
    var hooks = new LinkedHashMap<String, Hooks>();
    var zeroHead =
        Hooks.none().replace(HookPoint.z(0), (z, at) -> z.withSelect(2, 1, z.select(2, 1).mul(0)));
    hooks.put("zero_head", zeroHead);
    hooks.put("mean_head", Hooks.none().replace(HookPoint.z(last), (z, at) -> meanHead(z)));
    hooks.put("add_vec", Hooks.none().replace(HookPoint.residPre(1), (r, at) -> added(r, vector)));
    hooks.put("two_hooks", zeroHead.replace(HookPoint.residPre(1), (r, at) -> added(r, vector)));
    hooks.put("uniform_pattern", Hooks.none().replace(HookPoint.pattern(0), (p, at) -> uniform(p)));
    hooks.put(
        "neuron_set",
        Hooks.none()
            .replace(
                HookPoint.mlpPost(0),
                (post, at) -> {
                  var row = post.select(1, -1);
                  var set = row.withSelect(1, 7, row.select(1, 7).mul(0).add(3));
                  return post.withSelect(1, -1, set);
                }));
    hooks.put("clean_attn_out_pos4", Hooks.none().replace(HookPoint.attnOut(0), from(clean)));
    hooks.put("clean_v_pos4", Hooks.none().replace(HookPoint.v(last), from(clean)));
    hooks.put(
        "ln_scale_x2", Hooks.none().replace(new HookPoint(Kind.LN1_SCALE, 1), (s, at) -> s.mul(2)));
    hooks.put(
        "scores_knockout",
        Hooks.none()
            .replace(
                new HookPoint(Kind.ATTN_SCORES, 0),
                (s, at) -> {
                  var row = s.select(2, 5);
                  return s.withSelect(
                      2, 5, row.withSelect(2, 0, row.select(2, 0).mul(0).add(-1e9)));
                }));
    hooks.put(
        "final_norm_x2",
        Hooks.none().replace(HookPoint.of(Kind.LN_FINAL_NORMALIZED), (x, at) -> x.mul(2)));
    hooks.put("embed_x2", Hooks.none().replace(HookPoint.of(Kind.EMBED), (x, at) -> x.mul(2)));
    return hooks;
  }

  private static java.util.function.BiFunction<Tensor, HookPoint, Tensor> from(
      ActivationCache clean) {
    return (value, at) -> value.withSelect(1, 4, clean.get(at).select(1, 4));
  }

  private static Tensor meanHead(Tensor z) {
    var head = z.select(2, 2);
    return z.withSelect(2, 2, head.mean(0, 1).expand(head.shape()));
  }

  private static Tensor added(Tensor residual, Tensor vector) {
    long from = residual.size(1) - 3;
    return residual.withNarrow(1, 3, residual.narrow(1, 3, from).add(vector.mul(2)));
  }

  private static Tensor uniform(Tensor pattern) {
    int n = (int) pattern.size(2);
    var rows = new double[n * n];
    for (int dest = 0; dest < n; dest++) {
      for (int src = 0; src <= dest; src++) {
        rows[dest * n + src] = 1.0 / (dest + 1);
      }
    }
    var flat = Tensors.of(rows, n, n).to(pattern.dtype());
    return pattern.withSelect(1, 0, flat.expand(pattern.size(0), n, n));
  }
}
