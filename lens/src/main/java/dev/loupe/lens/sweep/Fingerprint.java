package dev.loupe.lens.sweep;

import dev.loupe.lens.Change;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.Metric;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Tokens;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/** A hash of all that decides what is computed: what is finished belongs to it alone. */
public final class Fingerprint {
  private final MessageDigest digest;

  private Fingerprint() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /** Returns the hash of a sweep on a model. */
  static String of(Sweep sweep, HookedTransformer model) {
    return of(sweep, model, "");
  }

  /** Returns the hash of a sweep on a model that is carried out in a way of its own. */
  static String of(Sweep sweep, HookedTransformer model, String way) {
    var print = new Fingerprint();
    if (!way.isEmpty()) {
      print.add(way);
    }
    // Chunks of another way of computing them are not gone on with.
    print.add("planned sweep 1");
    print.add(model);
    print.add(sweep.prompts());
    if (!sweep.reference().equals(sweep.prompts())) {
      print.add(sweep.reference());
    }
    print.add(sweep.metric());
    print.add(sweep.direction().toString());
    for (int cell = 0; cell < sweep.grid().size(); cell++) {
      print.add(sweep.grid().labels(cell).toString());
      sweep.grid().cell(cell).forEach(print::add);
    }
    return HexFormat.of().formatHex(print.digest.digest());
  }

  /**
   * Returns the hash of what a model does on prompts, by a metric.
   *
   * @param way all else that decides what is computed
   * @throws IllegalArgumentException if the metric is a function, which nothing tells from another
   */
  public static String of(HookedTransformer model, PromptPairs prompts, Metric metric, String way) {
    var print = new Fingerprint();
    print.add(way);
    print.add(model);
    print.add(prompts);
    print.add(metric.label());
    print.add(metric);
    return HexFormat.of().formatHex(print.digest.digest());
  }

  private void add(HookedTransformer model) {
    var from = model.provenance();
    add(from.weightsSha256() + " " + from.processing() + " " + from.dtype());
    if (from.weightsSha256().isEmpty()) {
      model
          .weights()
          .named()
          .forEach((name, tensor) -> {
            double[] values = tensor.toDoubles();
            var bytes = ByteBuffer.allocate(values.length * Double.BYTES);
            bytes.asDoubleBuffer().put(values);
            add(name);
            digest.update(bytes);
          });
    }
  }

  private void add(Metric metric) {
    switch (metric) {
      case Metric.Custom custom -> throw unknown(custom.label());
      case Metric.Recovery recovery -> add(recovery.of());
      case StandardMetric standard -> add(standard.toString());
    }
  }

  private static IllegalArgumentException unknown(String function) {
    return new IllegalArgumentException(
        "the function "
            + function
            + " cannot be told from another of that name: what it measures cannot be resumed, run it"
            + " without a folder");
  }

  private void add(Intervention intervention) {
    if (intervention.change() instanceof Change.Custom custom) {
      throw unknown(custom.name());
    }
    add(intervention.site() + " " + intervention.change());
  }

  private void add(PromptPairs prompts) {
    add(prompts.clean());
    add(prompts.corrupted());
    add(prompts.answers() + " " + prompts.positions() + " " + prompts.templates());
  }

  private void add(Tokens tokens) {
    for (int row = 0; row < tokens.batch(); row++) {
      add(Arrays.toString(tokens.row(row)));
    }
  }

  private void add(String text) {
    digest.update(text.getBytes(StandardCharsets.UTF_8));
    digest.update((byte) 0);
  }
}
