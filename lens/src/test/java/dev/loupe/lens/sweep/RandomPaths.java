package dev.loupe.lens.sweep;

import dev.loupe.lens.Answers;
import dev.loupe.lens.At;
import dev.loupe.lens.Head;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.Metric;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.sweep.PathPatching.Recompute;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.PaddingSide;
import dev.loupe.model.RandomModels;
import dev.loupe.model.Tokens;
import dev.loupe.model.WeightProcessing;
import dev.loupe.tensor.DType;
import dev.loupe.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Path patchings drawn at random: any senders, receivers, positions, prompts and metric. */
final class RandomPaths {
  private final SplittableRandom random;
  private final ModelConfig config;

  RandomPaths(long seed, ModelConfig config) {
    random = new SplittableRandom(seed);
    this.config = config;
  }

  static HookedTransformer model(ModelConfig config, long seed, DType dtype) {
    try (var _ = TensorScope.open()) {
      var weights = RandomModels.weights(config, seed).map(t -> t.to(dtype));
      return HookedTransformer.of(config, weights, Optional.empty(), WeightProcessing.none());
    }
  }

  /** Draws one, of prompts of at least two tokens. */
  PathPatching draw() {
    int cells = random.nextInt(1, 7);
    var senders = IntStream.range(0, cells).mapToObj(_ -> senders()).toList();
    Set<Receiver> receivers = new HashSet<>();
    for (int n = random.nextInt(1, 5); n > 0; n--) {
      receivers.add(receiver());
    }
    var metrics =
        List.of(
            StandardMetric.LOGIT_DIFFERENCE,
            new Metric.Recovery(StandardMetric.LOGIT_DIFFERENCE),
            StandardMetric.PROBABILITY,
            StandardMetric.KL_DIVERGENCE,
            StandardMetric.LOSS);
    Set<Recompute> recompute = new HashSet<>(Set.of(Recompute.values()));
    recompute.removeIf(_ -> random.nextInt(3) == 0);
    return new PathPatching(
        Grid.of(Axis.numbered("cell", cells), senders),
        receivers,
        prompts(),
        random.nextBoolean() ? PatchDirection.NOISING : PatchDirection.DENOISING,
        metrics.get(random.nextInt(metrics.size())),
        recompute);
  }

  private List<Intervention> senders() {
    var senders = new ArrayList<Intervention>();
    for (int n = random.nextInt(1, 4); n > 0; n--) {
      int layer = random.nextInt(config.nLayers());
      var site =
          random.nextInt(3) == 0
              ? PathPatching.mlp(layer)
              : Site.z(new Head(layer, random.nextInt(config.nHeads())));
      senders.add(Intervention.patch(site.at(at())));
    }
    return senders;
  }

  private Receiver receiver() {
    int layer = random.nextInt(config.nLayers());
    var head = new Head(layer, random.nextInt(config.nHeads()));
    var group = new Head(layer, random.nextInt(config.nKeyValueHeads()));
    return switch (random.nextInt(6)) {
      case 0 -> Receiver.finalResidual().at(at());
      case 1 -> Receiver.mlp(layer).at(at());
      case 2 -> Receiver.k(group).at(at());
      case 3 -> Receiver.v(group).at(at());
      default -> Receiver.q(head).at(at());
    };
  }

  private At at() {
    return switch (random.nextInt(6)) {
      case 0 -> At.END;
      case 1 -> At.named("S2");
      case 2 -> At.index(random.nextInt(-6, 6));
      case 3 -> At.range(1, random.nextInt(1, 5));
      default -> At.all();
    };
  }

  private PromptPairs prompts() {
    int rows = random.nextInt(1, 5);
    var lengths = IntStream.range(0, rows).map(_ -> random.nextInt(2, 7)).toArray();
    var side = random.nextBoolean() ? PaddingSide.LEFT : PaddingSide.RIGHT;
    var right = new long[rows];
    var wrong = new long[rows];
    for (int row = 0; row < rows; row++) {
      right[row] = random.nextInt(config.dVocab());
      wrong[row] = (right[row] + 1) % config.dVocab();
    }
    var clean = RandomModels.tokens(config, random.nextLong(), side, lengths);
    var other = RandomModels.tokens(config, random.nextLong(), side, lengths);
    var corrupted = new ArrayList<long[]>();
    for (int row = 0; row < rows; row++) {
      // Some pairs begin alike, some are alike altogether.
      long[] ids = other.row(row);
      System.arraycopy(clean.row(row), 0, ids, 0, random.nextInt(ids.length + 1));
      corrupted.add(ids);
    }
    return new PromptPairs(
        clean,
        Tokens.padded(side, 0, corrupted),
        Answers.of(right, wrong),
        Map.of("S2", IntStream.of(lengths).mapToObj(random::nextInt).toList()),
        Collections.nCopies(rows, ""));
  }
}
