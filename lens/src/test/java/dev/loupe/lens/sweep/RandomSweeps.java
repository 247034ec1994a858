package dev.loupe.lens.sweep;

import dev.loupe.lens.ActivationDirection;
import dev.loupe.lens.Answers;
import dev.loupe.lens.At;
import dev.loupe.lens.Change;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.Metric;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.PaddingSide;
import dev.loupe.model.Tokens;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** Draws sweeps of every kind. */
final class RandomSweeps {
  private final ModelConfig config;
  private final SplittableRandom random;

  RandomSweeps(ModelConfig config, long seed) {
    this.config = config;
    random = new SplittableRandom(seed);
  }

  /** Draws a sweep with a metric. */
  Sweep sweep(Metric metric) {
    var prompts = prompts();
    var cells =
        Stream.generate(() -> Stream.generate(this::intervention).limit(cellSize()).toList())
            .limit(random.nextInt(1, 12))
            .toList();
    return Sweep.of(
        Grid.of(Axis.numbered("cell", cells.size()), cells),
        prompts,
        draw(PatchDirection.values()),
        metric);
  }

  private int cellSize() {
    return random.nextInt(3) == 0 ? random.nextInt(0, 4) : 1;
  }

  /** Draws prompts of several lengths, padded on either side. */
  PromptPairs prompts() {
    int size = random.nextInt(1, 6);
    boolean alike = random.nextBoolean();
    int common = random.nextInt(2, 9);
    var clean = new ArrayList<long[]>();
    var corrupted = new ArrayList<long[]>();
    var right = new ArrayList<List<Long>>();
    var wrong = new ArrayList<List<Long>>();
    var named = new ArrayList<Integer>();
    var templates = new ArrayList<String>();
    for (int row = 0; row < size; row++) {
      int length = alike ? common : random.nextInt(2, 9);
      long[] tokens = random.longs(length, 0, config.dVocab()).toArray();
      clean.add(tokens);
      corrupted.add(corrupted(tokens));
      long[] answers = distinct(random.nextInt(2, Math.min(5, config.dVocab())));
      int cut = random.nextInt(1, answers.length);
      right.add(LongStream.of(answers).limit(cut).boxed().toList());
      wrong.add(LongStream.of(answers).skip(cut).boxed().toList());
      named.add(random.nextInt(length));
      templates.add(draw("a", "b"));
    }
    var side = draw(PaddingSide.values());
    return new PromptPairs(
        Tokens.padded(side, 0, clean),
        Tokens.padded(side, 0, corrupted),
        new Answers(right, wrong),
        Map.of("S2", named),
        templates);
  }

  private long[] corrupted(long[] tokens) {
    var changed = tokens.clone();
    int from = random.nextInt(tokens.length + 1);
    for (int i = from; i < tokens.length; i++) {
      if (random.nextBoolean()) {
        changed[i] = random.nextInt(config.dVocab());
      }
    }
    return changed;
  }

  private long[] distinct(int count) {
    var all = new ArrayList<>(LongStream.range(0, config.dVocab()).boxed().toList());
    return IntStream.range(0, count)
        .mapToLong(i -> all.remove(random.nextInt(all.size())))
        .toArray();
  }

  private Intervention intervention() {
    var points = HookPoint.all(config);
    var point = points.get(random.nextInt(points.size()));
    var attention = Site.isAttention(point.kind());
    var site = new Site(point, part(point.kind()), at(), attention ? at() : At.all());
    return new Intervention(site, change(site, attention));
  }

  private Site.Part part(Kind kind) {
    if (random.nextInt(4) == 0) {
      return new Site.Part.Whole();
    }
    return switch (kind) {
      case Q, ROT_Q, Z, RESULT, Q_INPUT, PATTERN, ATTN_SCORES ->
          new Site.Part.Head(random.nextInt(config.nHeads()));
      case K, ROT_K, V, K_INPUT, V_INPUT ->
          new Site.Part.Head(random.nextInt(config.nKeyValueHeads()));
      case MLP_PRE, MLP_PRE_LINEAR, MLP_POST -> new Site.Part.Neuron(random.nextInt(config.dMlp()));
      default -> new Site.Part.Whole();
    };
  }

  private At at() {
    return switch (random.nextInt(6)) {
      case 0, 1 -> At.all();
      case 2 -> At.END;
      case 3 -> At.named("S2");
      case 4 -> At.index(random.nextInt(-3, 8));
      default -> At.range(random.nextInt(3), random.nextInt(3, 8));
    };
  }

  private Change change(Site site, boolean attention) {
    return switch (random.nextInt(attention ? 8 : 12)) {
      case 0, 1 -> new Change.Patch();
      case 2 -> new Change.Resample(random.nextInt(3));
      case 3 -> new Change.Freeze();
      case 4 -> new Change.Zero();
      case 5 -> new Change.Scale(random.nextInt(3) == 0 ? 0 : random.nextDouble(-1, 2));
      case 6 -> new Change.Mean(Change.Over.TEMPLATE_AND_POSITION);
      case 7 -> attention ? new Change.Patch() : new Change.Mean(Change.Over.EVERYTHING);
      case 8 -> new Change.Add(direction(site), random.nextDouble(-2, 2));
      case 9 -> new Change.ProjectOut(direction(site));
      case 10 -> new Change.PatchAlong(direction(site));
      default -> new Change.Custom("half", x -> x.mul(0.5));
    };
  }

  private ActivationDirection direction(Site site) {
    int size =
        site.part() instanceof Site.Part.Neuron
            ? 1
            : switch (site.point().kind()) {
              case Q, ROT_Q, Z, K, ROT_K, V -> config.dHead();
              case MLP_PRE, MLP_PRE_LINEAR, MLP_POST -> config.dMlp();
              case LN1_SCALE, LN2_SCALE, LN_FINAL_SCALE -> 1;
              default -> config.dModel();
            };
    return new ActivationDirection("d", random.doubles(size, -1, 1).boxed().toList());
  }

  /** Draws a metric. */
  Metric metric() {
    return draw(StandardMetric.values());
  }

  @SafeVarargs
  private <T> T draw(T... values) {
    return values[random.nextInt(values.length)];
  }
}
