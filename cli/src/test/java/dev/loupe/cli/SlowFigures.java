package dev.loupe.cli;

import dev.loupe.model.Bos;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import tools.jackson.databind.json.JsonMapper;

/** Figures of a model by whole runs with hooks, one after the other, and plain sums. */
final class SlowFigures {
  private static final String FIRST = "When Mary and John went to the store, John gave a drink to";
  private static final String FIRST_OTHER =
      "After Dan and Sid went to the school, Amy gave a ring to";
  private static final String SECOND =
      "When Tom and James went to the store, James gave a drink to";
  private static final String SECOND_OTHER =
      "Then Sarah and Sid met at the park, Amy handed a book to";

  private final HookedTransformer model;
  private final Tokens clean;
  private final Tokens corrupted;
  private final long[] answers;
  private final long[] wrong;

  SlowFigures(HookedTransformer model) {
    this.model = model;
    clean = model.toTokens(Bos.PREPEND, FIRST, SECOND);
    corrupted = model.toTokens(Bos.PREPEND, FIRST_OTHER, SECOND_OTHER);
    answers = new long[] {model.toSingleToken(" Mary"), model.toSingleToken(" Tom")};
    wrong = new long[] {model.toSingleToken(" John"), model.toSingleToken(" James")};
  }

  /** Returns a data file; the attribution of L1H0 has {@code change} added to it. */
  String json(long parameters, double change) {
    var figures = new ArrayList<Object>();
    var behaviour = Map.of("kind", "behaviour", "prompts", "pair");
    double cleanMean = mean(differences(clean, Hooks.none()));
    double corruptedMean = mean(differences(corrupted, Hooks.none()));
    figures.add(figure("shape", Map.of("parameters", parameters), Map.of("kind", "shape")));
    figures.add(figure("clean", Map.of("clean", cleanMean, "corrupted", corruptedMean), behaviour));
    figures.add(
        figure(
            "prompts",
            Map.of(
                "prompt 1", differences(clean, Hooks.none())[0],
                "prompt 2", differences(clean, Hooks.none())[1]),
            behaviour));
    var attribution = attribution();
    attribution[1][0] += change;
    figures.add(
        figure(
            "heads", attribution, Map.of("kind", "attribution", "prompts", "pair", "heads", true)));
    figures.add(
        figure(
            "patch",
            recoveries(cleanMean, corruptedMean),
            Map.of(
                "kind",
                "patching",
                "prompts",
                "pair",
                "site",
                "z",
                "at",
                "all",
                "unit",
                "recovery")));
    figures.add(
        figure(
            "knock-out",
            Map.of("logit difference", knockOut()),
            Map.of("kind", "knock-out", "prompts", "pair", "heads", List.of("L1H1"), "at", "END")));
    figures.add(
        figure(
            "tokens",
            Arrays.stream(model.tokenizer().encode(FIRST)).boxed().toList(),
            Map.of("kind", "tokens", "text", FIRST)));
    figures.add(
        figure(
            "next",
            Map.of("logit", logits(clean, Hooks.none())[0][(int) answers[0]]),
            Map.of("kind", "next-token", "text", FIRST, "token", " Mary")));
    var row = Map.of("clean", FIRST, "corrupted", FIRST_OTHER, "answer", " Mary", "wrong", " John");
    var other =
        Map.of("clean", SECOND, "corrupted", SECOND_OTHER, "answer", " Tom", "wrong", " James");
    return JsonMapper.shared()
        .writeValueAsString(
            Map.of(
                "model", "gpt2",
                "layers", model.config().nLayers(),
                "heads", model.config().nHeads(),
                "sources",
                    List.of(Map.of("id", "slow", "title", "The slow obvious way", "about", "")),
                "prompts",
                    Map.of(
                        "pair", Map.of("kind", "given", "bos", true, "rows", List.of(row, other))),
                "figures", figures));
  }

  private static Object figure(String id, Object published, Map<String, ?> compute) {
    var figure = new LinkedHashMap<String, Object>();
    figure.put("id", "slow/" + id);
    figure.put("source", "slow");
    figure.put("where", "a test");
    figure.put("what", "the " + id + " by the slow obvious way");
    figure.put("published", published);
    figure.put("compute", compute);
    figure.put("compare", Map.of("kind", "within", "difference", 2e-5, "why", "float32"));
    return figure;
  }

  private double[][] logits(Tokens tokens, Hooks hooks) {
    try (var _ = TensorScope.open()) {
      var all = model.runWithHooks(tokens, hooks);
      var last = all.select(1, all.size(1) - 1);
      var rows = new double[tokens.batch()][];
      for (int row = 0; row < rows.length; row++) {
        rows[row] = last.select(0, row).toDoubles();
      }
      return rows;
    }
  }

  private double[] differences(Tokens tokens, Hooks hooks) {
    double[][] logits = logits(tokens, hooks);
    return new double[] {
      logits[0][(int) answers[0]] - logits[0][(int) wrong[0]],
      logits[1][(int) answers[1]] - logits[1][(int) wrong[1]]
    };
  }

  private static double mean(double... values) {
    return (values[0] + values[1]) / 2;
  }

  private double[][] recoveries(double cleanMean, double corruptedMean) {
    var found = new double[model.config().nLayers()][model.config().nHeads()];
    for (int layer = 0; layer < found.length; layer++) {
      for (int head = 0; head < found[layer].length; head++) {
        try (var _ = TensorScope.open()) {
          var point = HookPoint.z(layer);
          var from = model.runWithCache(clean, CacheFilter.only(point)).cache().get(point);
          int h = head;
          var hooks =
              Hooks.none().replace(point, (z, _) -> withHead(z, h, _ -> from.narrow(2, h, 1)));
          double patched = mean(differences(corrupted, hooks));
          found[layer][head] = (patched - corruptedMean) / (cleanMean - corruptedMean);
        }
      }
    }
    return found;
  }

  private double knockOut() {
    var hooks =
        Hooks.none()
            .replace(
                HookPoint.z(1),
                (z, _) ->
                    withHead(
                        z,
                        1,
                        part -> {
                          long before = part.size(1) - 1;
                          return Tensors.cat(
                              1,
                              List.of(part.narrow(1, 0, before), part.narrow(1, before, 1).mul(0)));
                        }));
    return mean(differences(clean, hooks));
  }

  private static Tensor withHead(Tensor z, int head, UnaryOperator<Tensor> change) {
    var parts = new ArrayList<Tensor>();
    for (int i = 0; i < z.size(2); i++) {
      var part = z.narrow(2, i, 1);
      parts.add(i == head ? change.apply(part) : part);
    }
    return Tensors.cat(2, parts);
  }

  private double[][] attribution() {
    int layers = model.config().nLayers();
    int heads = model.config().nHeads();
    var found = new double[layers][heads];
    try (var _ = TensorScope.open()) {
      var cache = model.runWithCache(clean, CacheFilter.all()).cache();
      int last = clean.length() - 1;
      for (int layer = 0; layer < layers; layer++) {
        for (int head = 0; head < heads; head++) {
          var z = cache.get(HookPoint.z(layer)).select(1, last).select(1, head);
          var added = z.matmul(model.weights().blocks().get(layer).wO().select(0, head));
          var centred = added.sub(added.mean(-1).unsqueeze(-1));
          var scale = cache.get("ln_final.hook_scale").select(1, last);
          double[] scaled = centred.div(scale).toDoubles();
          double sum = 0;
          for (int row = 0; row < 2; row++) {
            double[] right = model.weights().wU().select(1, answers[row]).toDoubles();
            double[] other = model.weights().wU().select(1, wrong[row]).toDoubles();
            for (int i = 0; i < right.length; i++) {
              sum += scaled[row * right.length + i] * (right[i] - other[i]);
            }
          }
          found[layer][head] = sum / 2;
        }
      }
    }
    return found;
  }
}
