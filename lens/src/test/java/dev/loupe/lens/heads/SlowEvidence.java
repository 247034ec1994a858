package dev.loupe.lens.heads;

import dev.loupe.lens.Head;
import dev.loupe.lens.PromptPairs;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Norm;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;

/** What {@link HeadReading} measures, number by number over Java arrays. */
record SlowEvidence(
    HookedTransformer model, PromptPairs pairs, Head head, List<Integer> positions) {

  double attention() {
    var pattern = activation(pairs.clean(), HookPoint.pattern(head.layer()));
    int last = pairs.clean().length() - 1;
    double sum = 0;
    for (int row = 0; row < pairs.size(); row++) {
      sum +=
          pattern
              .select(0, row)
              .select(0, head.index())
              .select(0, last)
              .toDoubles()[positions.get(row)];
    }
    return sum / pairs.size();
  }

  double ovEffect() {
    var values = activation(pairs.clean(), HookPoint.v(head.layer()));
    int share = model.config().nHeads() / model.config().nKeyValueHeads();
    double[] scale = scales(pairs.clean());
    var names = new TreeSet<Long>();
    pairs.answers().right().forEach(names::addAll);
    pairs.answers().wrong().forEach(names::addAll);
    double sum = 0;
    for (int row = 0; row < pairs.size(); row++) {
      double[] value =
          values
              .select(0, row)
              .select(0, positions.get(row))
              .select(0, head.index() / share)
              .toDoubles();
      double mean = 0;
      for (long name : names) {
        mean += logit(value, scale[row], name) / names.size();
      }
      long read = pairs.clean().row(row)[positions.get(row)];
      sum += logit(value, scale[row], read) - mean;
    }
    return sum / pairs.size();
  }

  double direct() {
    double sum = 0;
    for (int row = 0; row < pairs.size(); row++) {
      sum += difference(pairs.clean(), row) - difference(pairs.corrupted(), row);
    }
    return sum / pairs.size();
  }

  private double difference(Tokens tokens, int row) {
    double[] z =
        activation(tokens, HookPoint.z(head.layer()))
            .select(0, row)
            .select(0, -1)
            .select(0, head.index())
            .toDoubles();
    double scale = scales(tokens)[row];
    return logit(z, scale, pairs.answers().right().get(row).getFirst())
        - logit(z, scale, pairs.answers().wrong().get(row).getFirst());
  }

  // What a head's mixed value adds to one logit: out through W_O, the norm and W_U.
  private double logit(double[] z, double scale, long token) {
    double[] wO =
        model.weights().blocks().get(head.layer()).wO().select(0, head.index()).toDoubles();
    int d = model.config().dModel();
    var out = new double[d];
    for (int i = 0; i < z.length; i++) {
      for (int j = 0; j < d; j++) {
        out[j] += z[i] * wO[i * d + j];
      }
    }
    double mean =
        model.config().norm() == Norm.LAYER_NORM ? Arrays.stream(out).average().orElse(0) : 0;
    double[] unembed = model.weights().wU().select(1, token).toDoubles();
    double[] weight =
        model.weights().lnFinal().weight().map(Tensor::toDoubles).orElseGet(() -> ones(d));
    double sum = 0;
    for (int j = 0; j < d; j++) {
      sum += (out[j] - mean) / scale * weight[j] * unembed[j];
    }
    return sum;
  }

  private static double[] ones(int n) {
    var ones = new double[n];
    Arrays.fill(ones, 1);
    return ones;
  }

  private double[] scales(Tokens tokens) {
    return activation(tokens, HookPoint.of(Kind.LN_FINAL_SCALE)).select(1, -1).toDoubles();
  }

  private Tensor activation(Tokens tokens, HookPoint point) {
    return model.runWithCache(tokens, CacheFilter.only(point)).cache().get(point);
  }
}
