package dev.loupe.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.tensor.DType;
import dev.loupe.tensor.SafeTensors;
import dev.loupe.tensor.Shared;
import dev.loupe.tensor.Tensor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One model of the reference data, and comparison with what it computes. */
public final class Golden implements AutoCloseable {
  /** How far a run may be off, relative to the largest magnitude of a tensor where above 1. */
  public static final double F32 = 1e-5;

  /** The same in float64, of raw weights. */
  static final double F64_RAW = 1e-9;

  /** The same in float64, of processed weights, which the reference holds to about 1e-6. */
  static final double F64_PROCESSED = 2e-6;

  /** The same of rotary models: the reference has its cosines in float32, Loupe in float64. */
  static final double F64_ROTARY = 2e-6;

  private final Path folder;
  private final JsonNode spec;
  private final HookedTransformer model;

  private Golden(Path folder, HookedTransformer model) {
    this.folder = folder;
    this.model = model;
    spec = JsonMapper.shared().readTree(folder.resolve("spec.json").toFile());
  }

  /** Loads the model of a folder such as {@code gpt2-tiny}. */
  public static Golden load(String name, WeightProcessing processing, DType dtype) {
    var folder = Shared.path("golden").resolve(name);
    var options = LoadOptions.standard().withProcessing(processing).withDType(dtype);
    return new Golden(folder, HookedTransformer.load(folder.resolve("hf").toString(), options));
  }

  /** Returns the model. */
  public HookedTransformer model() {
    return model;
  }

  /** Returns the clean tokens. */
  public Tokens tokens() {
    return tokens("tokens");
  }

  /** Returns the corrupted tokens. */
  public Tokens corruptedTokens() {
    return tokens("corrupted_tokens");
  }

  /** Returns a list of token ids of the specification. */
  public long[] ids(String field) {
    return longs(spec.get(field));
  }

  private Tokens tokens(String field) {
    return Tokens.of(
        StreamSupport.stream(spec.get(field).spliterator(), false)
            .map(Golden::longs)
            .toArray(long[][]::new));
  }

  private static long[] longs(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false).mapToLong(JsonNode::asLong).toArray();
  }

  /** Opens a file of the folder, such as {@code processed/acts.f64.safetensors}. */
  public SafeTensors open(String file) {
    return SafeTensors.open(folder.resolve(file));
  }

  /** Asserts that two tensors have one shape and differ by less than the tolerance. */
  public static void assertClose(String what, Tensor found, Tensor expected, double tolerance) {
    assertThat(found.shape()).as(what).containsExactly(expected.shape());
    double[] a = found.toDoubles();
    double[] b = expected.toDoubles();
    double scale =
        Math.max(1, Arrays.stream(b).filter(Double::isFinite).map(Math::abs).max().orElse(1));
    for (int i = 0; i < a.length; i++) {
      boolean same = a[i] == b[i] || Math.abs(a[i] - b[i]) <= tolerance * scale;
      if (!same) {
        throw new AssertionError(
            what
                + " "
                + found.describe()
                + ", element "
                + i
                + ": found "
                + a[i]
                + ", expected "
                + b[i]
                + " within "
                + tolerance * scale);
      }
    }
  }

  /** The processing that each folder of figures was made with. */
  public static WeightProcessing processing(String name) {
    return switch (name) {
      case "unprocessed" -> WeightProcessing.none();
      case "processed" -> WeightProcessing.standard();
      case "refactored" -> new WeightProcessing(true, true, true, true, true);
      default -> throw new IllegalArgumentException(name);
    };
  }

  /** Returns the tolerance of a type and folder of figures. */
  double tolerance(DType dtype, String processing) {
    if (dtype == DType.F32 || processing.equals("refactored")) {
      return F32;
    }
    if (model.config().isRotary()) {
      return F64_ROTARY;
    }
    return processing.equals("unprocessed") ? F64_RAW : F64_PROCESSED;
  }

  static final List<String> TRANSFORMER_LENS =
      List.of("gpt2-tiny", "neox-tiny", "neox-rot4", "rms-gqa-tiny", "rms-mha-tiny");

  @Override
  public void close() {
    model.close();
  }
}
