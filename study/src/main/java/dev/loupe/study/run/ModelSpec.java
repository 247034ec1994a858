package dev.loupe.study.run;

import dev.loupe.model.LoadOptions;
import dev.loupe.model.WeightProcessing;
import dev.loupe.tensor.DType;
import dev.loupe.tensor.Device;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * Which model a study runs on, and how it is loaded.
 *
 * @param name {@code demo}, a folder, or a hub name such as {@code gpt2}
 * @param revision branch, tag or commit of a model from the hub
 * @param dtype what it computes in: {@code f32} or {@code f64}
 * @param raw whether its weights are taken as stored, not processed
 * @param device {@code cpu}, {@code cuda} or {@code cuda:n}
 * @param ignoreConfig config fields that Loupe does not know and the user vouches for
 */
public record ModelSpec(
    String name,
    String revision,
    String dtype,
    boolean raw,
    String device,
    List<String> ignoreConfig) {
  private static final String MAIN = "main";

  /** Refuses an empty name, a type and a device that there is not. */
  public ModelSpec {
    if (name.isBlank()) {
      throw new IllegalArgumentException(
          "name of the model is empty: expected demo, a folder, or a hub name such as gpt2");
    }
    if (!dtype.equals("f32") && !dtype.equals("f64")) {
      throw new IllegalArgumentException("dtype " + dtype + ": expected f32 or f64");
    }
    var _ = Device.parse(device);
    ignoreConfig = List.copyOf(ignoreConfig);
  }

  /** Returns a model loaded in the usual way: processed, in f32, on the processor. */
  public static ModelSpec named(String name) {
    return new ModelSpec(name, MAIN, "f32", false, "cpu", List.of());
  }

  /** Returns the same way of loading another model, whose revisions and config are its own. */
  public ModelSpec withName(String other) {
    return other.equals(name) ? this : new ModelSpec(other, MAIN, dtype, raw, device, List.of());
  }

  /** Returns this with another revision. */
  public ModelSpec withRevision(String other) {
    return new ModelSpec(name, other, dtype, raw, device, ignoreConfig);
  }

  /** Returns options with what this says of loading. */
  public LoadOptions applyTo(LoadOptions options) {
    return options
        .withProcessing(raw ? WeightProcessing.none() : WeightProcessing.standard())
        .withDType(dtype.equals("f64") ? DType.F64 : DType.F32)
        .on(Device.parse(device))
        .withRevision(revision)
        .ignoring(new LinkedHashSet<>(ignoreConfig));
  }
}
