package dev.loupe.bench;

import dev.loupe.model.HookedTransformer;
import dev.loupe.model.LoadOptions;
import java.util.stream.Collectors;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** Measures and prints the figures of docs/performance.md. */
public final class Main {
  private Main() {}

  /**
   * With the argument {@code load} only loads the model, once, and says how long it took; with
   * {@code sweeps} compares sweeps with the naive way, on as many of its cells as a second argument
   * says, those whose name has a third in it; with {@code attribution memory} says how much memory
   * direct logit attribution takes, with {@code gradients} what attribution patching takes, with
   * {@code circuits} what scores of edges, faithfulness and ACDC take ({@code circuits scores}: the
   * first two).
   */
  public static void main(String[] args) throws RunnerException {
    String folder = Gpt2Small.folder().toString();
    if (args.length == 1 && args[0].equals("load")) {
      for (var options : new LoadOptions[] {LoadOptions.standard().raw(), LoadOptions.standard()}) {
        long start = System.nanoTime();
        HookedTransformer.load(folder, options).close();
        System.out.printf(
            "load (weight processing: %s): %.2f s%n",
            options.processing(), (System.nanoTime() - start) / 1e9);
      }
      return;
    }
    if (args.length > 0 && args[0].equals("sweeps")) {
      SweepBench.run(
          args.length > 1 ? Integer.parseInt(args[1]) : 24, args.length > 2 ? args[2] : "");
      return;
    }
    if (args.length == 2 && args[0].equals("attribution") && args[1].equals("memory")) {
      AttributionBench.memory();
      return;
    }
    if (args.length == 1 && args[0].equals("gradients")) {
      GradientBench.run();
      return;
    }
    if (args.length > 0 && args[0].equals("circuits")) {
      CircuitBench.run(args.length == 1);
      return;
    }
    var results =
        new Runner(new OptionsBuilder().include(ForwardBenchmark.class.getSimpleName()).build())
            .run().stream()
                .collect(
                    Collectors.toMap(
                        r -> r.getPrimaryResult().getLabel(),
                        r -> r.getPrimaryResult().getScore()));
    double forward =
        rate(
            Gpt2Small.forwardFlops(ForwardBenchmark.BATCH, ForwardBenchmark.LENGTH),
            results.getOrDefault("forward", Double.NaN));
    double product =
        rate(
            2.0 * ForwardBenchmark.SIDE * ForwardBenchmark.SIDE * ForwardBenchmark.SIDE,
            results.getOrDefault("matrixProduct", Double.NaN));
    System.out.printf(
        "forward %.0f GFLOP/s, matrix product %.0f GFLOP/s: %.0f %%%n",
        forward, product, 100 * forward / product);
  }

  private static double rate(double flops, double milliseconds) {
    return flops / milliseconds / 1e6;
  }
}
