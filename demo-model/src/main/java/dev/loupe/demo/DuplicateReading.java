package dev.loupe.demo;

import dev.loupe.demo.DemoModelFigures.DuplicateFigures;
import dev.loupe.demo.DemoModelFigures.DuplicateHead;
import dev.loupe.lens.Answers;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.ActivationCache;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.model.Run;
import dev.loupe.model.Tokens;
import dev.loupe.task.Position;
import dev.loupe.task.TaskData;
import dev.loupe.task.TaskExample;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;
import java.util.stream.Stream;

/**
 * Measures how a model sees that the subject comes again: which heads look from S2 to S1 or to what
 * follows S1, and what of the answer goes with their z at S2.
 */
final class DuplicateReading {
  private final HookedTransformer model;
  private final Answers answers;
  private final Tokens clean;
  private final Tokens swapped;
  private final Tokens stranger;
  private final int[] s1;
  private final int[] s2;

  DuplicateReading(HookedTransformer model, TaskData data) {
    this.model = model;
    var examples = data.examples();
    answers =
        Answers.of(
            examples.stream().mapToLong(e -> e.answers().getFirst().id()).toArray(),
            examples.stream().mapToLong(e -> e.wrong().getFirst().id()).toArray());
    clean = HeldOutSentences.batch(examples.stream().map(TaskExample::clean).toList());
    swapped = HeldOutSentences.batch(examples.stream().map(TaskExample::corrupted).toList());
    var rows = new long[examples.size()][];
    for (int row = 0; row < rows.length; row++) {
      rows[row] = clean.row(row);
      rows[row][examples.get(row).at(Position.S1)] = otherName(examples.get(row));
    }
    stranger = Tokens.padded(clean.side(), 0, List.of(rows));
    s1 = positions(examples, Position.S1);
    s2 = positions(examples, Position.S2);
  }

  private int[] positions(List<TaskExample> examples, Position position) {
    var at = new int[examples.size()];
    Arrays.setAll(at, row -> clean.start(row) + examples.get(row).at(position));
    return at;
  }

  private long otherName(TaskExample example) {
    var taken = Stream.concat(example.answers().stream(), example.wrong().stream());
    var names = taken.map(token -> token.text().strip()).toList();
    var other = Words.NAMES.stream().filter(n -> !names.contains(n)).findFirst().orElseThrow();
    return model.tokenizer().singleToken(" " + other);
  }

  DuplicateFigures run() {
    var config = model.config();
    try (var _ = TensorScope.open()) {
      var cleanRun = keep(clean, Kind.Z, Kind.PATTERN, Kind.RESID_PRE);
      var swappedRun = keep(swapped, Kind.RESID_PRE);
      var strangerRun = keep(stranger, Kind.Z);
      double cleanMean = difference(Run.of(clean)).mean();
      double swappedMean = difference(Run.of(swapped)).mean();
      var heads = new ArrayList<DuplicateHead>();
      for (int layer = 0; layer < config.nLayers(); layer++) {
        var pre = HookPoint.residPre(layer);
        // What comes before the head is the same: a patched run begins at its layer.
        var fromSwapped = Run.startAtLayer(layer, swappedRun.get(pre), swapped);
        var fromClean = Run.startAtLayer(layer, cleanRun.get(pre), clean);
        for (int head = 0; head < config.nHeads(); head++) {
          try (var _ = TensorScope.open()) {
            var pattern = cleanRun.get(HookPoint.pattern(layer)).select(1, head);
            var recovered = difference(fromSwapped.withHooks(atS2(layer, head, cleanRun)));
            var left = difference(fromClean.withHooks(atS2(layer, head, strangerRun)));
            heads.add(
                new DuplicateHead(
                    new Head(layer, head),
                    attention(pattern, row -> s1[row]),
                    attention(pattern, row -> s1[row] + 1),
                    attention(pattern, row -> s2[row]),
                    (recovered.mean() - swappedMean) / (cleanMean - swappedMean),
                    (cleanMean - left.mean()) / cleanMean));
          }
        }
      }
      return new DuplicateFigures(
          difference(Run.of(stranger)),
          difference(Run.of(clean).withHooks(blocking(0))).mean() / cleanMean,
          difference(Run.of(clean).withHooks(blocking(1))).mean() / cleanMean,
          heads);
    }
  }

  private ActivationCache keep(Tokens tokens, Kind... kinds) {
    return model
        .run(Run.of(tokens).caching(CacheFilter.kinds(kinds)).returning(Run.Returns.NOTHING))
        .cache();
  }

  private Estimate difference(Run run) {
    try (var _ = TensorScope.open()) {
      var logits = model.run(run.returning(Run.Returns.LAST_LOGITS)).output();
      return Estimate.of(StandardMetric.LOGIT_DIFFERENCE.ofLogits(logits, answers));
    }
  }

  /** Puts a head's z at S2 of another run in place of its own. */
  private Hooks atS2(int layer, int head, ActivationCache source) {
    return Hooks.none()
        .replace(
            HookPoint.z(layer),
            (z, at) -> {
              var value = source.get(at).select(2, head);
              var isS2 = new boolean[clean.batch() * clean.length()];
              for (int row = 0; row < clean.batch(); row++) {
                isS2[row * clean.length() + s2[row]] = true;
              }
              var mask = Tensors.of(isS2, clean.batch(), clean.length(), 1);
              return z.withSelect(2, head, Tensors.where(mask, value, z.select(2, head)));
            });
  }

  /** Lets no head look from S2 to what stands {@code after} tokens after S1. */
  private Hooks blocking(int after) {
    int length = clean.length();
    var blocked = new boolean[clean.batch() * length * length];
    for (int row = 0; row < clean.batch(); row++) {
      blocked[(row * length + s2[row]) * length + s1[row] + after] = true;
    }
    var hooks = Hooks.none();
    for (int layer = 0; layer < model.config().nLayers(); layer++) {
      hooks =
          hooks.replace(
              HookPoint.pattern(layer),
              (pattern, at) ->
                  pattern.maskedFill(Tensors.of(blocked, clean.batch(), 1, length, length), 0));
    }
    return hooks;
  }

  /** Returns the mean attention from S2 to a position of each row. */
  private double attention(Tensor pattern, IntUnaryOperator source) {
    double[] flat = pattern.toDoubles();
    int length = clean.length();
    double sum = 0;
    for (int row = 0; row < clean.batch(); row++) {
      sum += flat[(row * length + s2[row]) * length + source.applyAsInt(row)];
    }
    return sum / clean.batch();
  }
}
