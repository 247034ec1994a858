package dev.loupe.bench;

import dev.loupe.lens.Answers;
import dev.loupe.lens.At;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.Progress;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.sweep.Axis;
import dev.loupe.lens.sweep.Grid;
import dev.loupe.lens.sweep.NaivePathPatching;
import dev.loupe.lens.sweep.NaiveSweep;
import dev.loupe.lens.sweep.PathPatching;
import dev.loupe.lens.sweep.Receiver;
import dev.loupe.lens.sweep.Sweep;
import dev.loupe.lens.sweep.SweepOptions;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.LoadOptions;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.DType;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Measures sweeps beside the naive way, both in one run, on a model of GPT-2 small's shape: 8
 * prompts of 16 tokens. A naive sweep costs the same for every cell; it is timed on some of its
 * cells, and the two are told apart by two numbers of cells.
 */
final class SweepBench {
  private static final int PROMPTS = 8;
  private static final int LENGTH = 16;
  private static final int LAYERS = Gpt2Small.LAYERS;
  private static final int HEADS = 12;

  private final HookedTransformer model;
  private final SweepOptions options = SweepOptions.standard();
  private final int naiveCells;
  private final String only;

  private SweepBench(HookedTransformer model, int naiveCells, String only) {
    this.model = model;
    this.naiveCells = naiveCells;
    this.only = only;
  }

  /**
   * Runs all sweeps whose name has {@code only} in it; {@code naiveCells} of each are computed the
   * naive way.
   */
  static void run(int naiveCells, String only) {
    try (var model =
        HookedTransformer.load(Gpt2Small.folder().toString(), LoadOptions.standard())) {
      var bench = new SweepBench(model, naiveCells, only);
      // Java compiles what it runs often: not while anything is measured.
      for (int i = 0; i < 3; i++) {
        bench
            .sweep("", heads(List.of(Kind.Z), At.END), Corruption.NAMES.prompts(PROMPTS))
            .planned()
            .run();
      }
      for (var prompts : List.of(Corruption.S2, Corruption.NAMES, Corruption.EVERYTHING)) {
        bench.measure(prompts);
      }
      if (only.isEmpty() || only.equals("memory")) {
        bench.memory();
      }
    }
  }

  /**
   * What is measured.
   *
   * @param name what it is
   * @param cells how many cells
   * @param planned the planner's way
   * @param naive the naive way, of as many cells
   * @param flops floating-point operations of the planner's way
   * @param naiveFlops of the naive way
   */
  private record Case(
      String name,
      int cells,
      Runnable planned,
      IntConsumer naive,
      double flops,
      double naiveFlops) {}

  /**
   * Which tokens differ between clean and corrupted prompts.
   *
   * @param name what is said of it
   * @param positions the positions
   */
  record Corruption(String name, List<Integer> positions) {
    /** The second mention of the subject, as in TransformerLens' demonstration. */
    static final Corruption S2 = new Corruption("S2 (position 10)", List.of(10));

    /** The three names of a name swap. */
    static final Corruption NAMES = new Corruption("IO, S1 and S2 (2, 4, 10)", List.of(2, 4, 10));

    /** Everything after the first token. */
    static final Corruption EVERYTHING =
        new Corruption("all but the first", IntStream.range(1, LENGTH).boxed().toList());

    PromptPairs prompts(int prompts) {
      var random = new SplittableRandom(1);
      var clean = new long[prompts][LENGTH];
      var corrupted = new long[prompts][];
      for (int row = 0; row < prompts; row++) {
        for (int i = 0; i < LENGTH; i++) {
          clean[row][i] = random.nextInt(Gpt2Small.D_VOCAB - 1);
        }
        corrupted[row] = clean[row].clone();
        for (int position : positions) {
          corrupted[row][position]++;
        }
      }
      long[] right = random.longs(prompts, 0, 1000).toArray();
      long[] wrong = random.longs(prompts, 1000, 2000).toArray();
      return PromptPairs.of(Tokens.of(clean), Tokens.of(corrupted), Answers.of(right, wrong));
    }
  }

  private void measure(Corruption corruption) {
    double product = productRate();
    System.out.printf(
        Locale.ROOT,
        "%nclean and corrupted prompts differ in %s; a product of 2,048-square matrices: %.0f GFLOP/s%n",
        corruption.name(),
        product);
    System.out.printf(
        "%-44s %6s %9s %9s %7s %8s %8s %6s%n",
        "sweep", "cells", "naive s", "planned s", "ratio", "by FLOPs", "GFLOP/s", "share");
    var prompts = corruption.prompts(PROMPTS);
    var cases = new ArrayList<Case>();
    grids().forEach((name, grid) -> cases.add(sweep(name, grid, prompts)));
    cases.add(paths(prompts));
    if (corruption.equals(Corruption.S2)) {
      for (int times : new int[] {1, 2, 4, 8}) {
        var more = corruption.prompts(PROMPTS * times);
        cases.add(sweep("z at END, prompts x " + times, heads(List.of(Kind.Z), At.END), more));
      }
      for (int times : new int[] {1, 2, 4, 8}) {
        cases.add(sweep("neurons at END, cells x " + times, neurons(32 * times), prompts));
      }
    }
    cases.stream().filter(c -> c.name().contains(only)).forEach(c -> compare(c, product));
  }

  private Case sweep(String name, Grid grid, PromptPairs prompts) {
    var sweep = Sweep.of(grid, prompts, PatchDirection.DENOISING, StandardMetric.LOGIT_DIFFERENCE);
    var plan = sweep.plan(model, options);
    return new Case(
        name,
        grid.size(),
        () -> sweep.run(model, options, Progress.none()),
        cells -> {
          var part = Sweep.of(some(grid, cells), prompts, sweep.direction(), sweep.metric());
          NaiveSweep.run(part, model, Progress.none());
        },
        plan.flops(),
        plan.naiveFlops());
  }

  private Case paths(PromptPairs prompts) {
    var senders = PathPatching.heads(model.config(), At.END);
    double run = Gpt2Small.forwardFlops(PROMPTS, LENGTH);
    double logits = 2.0 * PROMPTS * LENGTH * Gpt2Small.D_MODEL * Gpt2Small.D_VOCAB;
    double mlp = 4.0 * PROMPTS * Gpt2Small.D_MODEL * Gpt2Small.D_MLP;
    // A sender of layer L goes through the MLPs from L on, at one position.
    double walks = HEADS * (LAYERS * (LAYERS + 1) / 2.0) * mlp;
    return new Case(
        "path patching of every head to the end",
        senders.size(),
        () -> toTheEnd(senders, prompts).run(model, options, Progress.none()),
        cells ->
            NaivePathPatching.run(toTheEnd(some(senders, cells), prompts), model, Progress.none()),
        2 * (run - logits) + walks,
        2 * run * (senders.size() + 1));
  }

  private static PathPatching toTheEnd(Grid senders, PromptPairs prompts) {
    return PathPatching.from(senders)
        .to(Receiver.finalResidual())
        .noising(prompts, StandardMetric.LOGIT_DIFFERENCE);
  }

  private void compare(Case measured, double product) {
    double planned = Timing.seconds(measured.planned());
    if (planned < 5) {
      // The first run warms up; of short ones the middle of three counts.
      planned =
          IntStream.range(0, 3)
              .mapToDouble(i -> Timing.seconds(measured.planned()))
              .sorted()
              .toArray()[1];
    }
    int few = Math.max(1, naiveCells / 6);
    double less = Timing.seconds(() -> measured.naive().accept(few));
    double more = Timing.seconds(() -> measured.naive().accept(naiveCells));
    double naive = more + (measured.cells() - naiveCells) * (more - less) / (naiveCells - few);
    double rate = measured.flops() / planned / 1e9;
    System.out.printf(
        Locale.ROOT,
        "%-44s %6d %9.1f %9.3f %7.1f %8.1f %8.0f %4.0f %%%n",
        measured.name(),
        measured.cells(),
        naive,
        planned,
        naive / planned,
        measured.naiveFlops() / measured.flops(),
        rate,
        100 * rate / product);
  }

  private static Grid some(Grid grid, int cells) {
    var spread =
        IntStream.range(0, cells)
            .mapToObj(i -> grid.cell((int) ((i + 0.5) * grid.size() / cells)))
            .toList();
    return Grid.of(Axis.numbered("cell", cells), spread);
  }

  /** Prints how much more memory the process has at its peak under several bounds. */
  private void memory() {
    var prompts = Corruption.NAMES.prompts(4 * PROMPTS);
    var grid = heads(List.of(Kind.Z), At.all());
    var sweep = Sweep.of(grid, prompts, PatchDirection.DENOISING, StandardMetric.LOGIT_DIFFERENCE);
    System.out.printf(
        "%nz at all positions, every head, 32 prompts%n%9s %9s %9s %9s%n",
        "bound MiB", "plan MiB", "peak MiB", "seconds");
    for (int bound : new int[] {256, 512, 1024, 4096}) {
      var bounded = options.withMemory((long) bound << 20);
      long planned = sweep.plan(model, bounded).bytes();
      try (var watch = new PeakMemory()) {
        double seconds = Timing.seconds(() -> sweep.run(model, bounded, Progress.none()));
        System.out.printf(
            Locale.ROOT,
            "%9d %9d %9d %9.2f%n",
            bound,
            planned >> 20,
            watch.growth() >> 20,
            seconds);
      }
    }
  }

  private static Map<String, Grid> grids() {
    var grids = new LinkedHashMap<String, Grid>();
    grids.put("z at the last position, every head", heads(List.of(Kind.Z), At.END));
    grids.put("z at all positions, every head", heads(List.of(Kind.Z), At.all()));
    grids.put("resid_pre by layer and position", byPosition());
    grids.put("z by layer, head and position", headsByPosition());
    grids.put(
        "z, q, k, v, pattern at all positions",
        heads(List.of(Kind.Z, Kind.Q, Kind.K, Kind.V, Kind.PATTERN), At.all()));
    return grids;
  }

  private static Grid heads(List<Kind> sites, At at) {
    return Grid.of(
        List.of(
            new Axis("site", sites.stream().map(Kind::suffix).toList()),
            Axis.numbered("layer", LAYERS),
            Axis.numbered("head", HEADS)),
        i ->
            List.of(
                Intervention.patch(
                    Site.head(new HookPoint(sites.get(i.get(0)), i.get(1)), i.get(2)).at(at))));
  }

  private static Grid neurons(int each) {
    return Grid.of(
        List.of(Axis.numbered("layer", LAYERS), Axis.numbered("neuron", each)),
        i ->
            List.of(
                Intervention.patch(Site.neuron(HookPoint.mlpPost(i.get(0)), i.get(1)).at(At.END))));
  }

  private static Grid byPosition() {
    return Grid.of(
        List.of(Axis.numbered("layer", LAYERS), Axis.numbered("position", LENGTH)),
        i ->
            List.of(
                Intervention.patch(Site.of(HookPoint.residPre(i.get(0))).at(At.index(i.get(1))))));
  }

  private static Grid headsByPosition() {
    return Grid.of(
        List.of(
            Axis.numbered("layer", LAYERS),
            Axis.numbered("head", HEADS),
            Axis.numbered("position", LENGTH)),
        i ->
            List.of(
                Intervention.patch(
                    Site.head(HookPoint.z(i.get(0)), i.get(1)).at(At.index(i.get(2))))));
  }

  private static double productRate() {
    int side = 2048;
    var times = new ArrayList<Double>();
    try (var _ = TensorScope.open()) {
      Tensor square = Tensors.randn(new SplittableRandom(0), 1, DType.F32, side, side);
      for (int i = 0; i < 10; i++) {
        times.add(Timing.seconds(() -> TensorScope.tidy(() -> square.matmul(square))));
      }
    }
    double median = times.stream().sorted().toList().get(times.size() / 2);
    return 2.0 * side * side * side / median / 1e9;
  }
}
