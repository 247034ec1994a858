package dev.loupe.study;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.sweep.Axis;
import dev.loupe.lens.sweep.SweepResult;
import dev.loupe.model.Provenance;
import dev.loupe.model.Token;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** What the JSON of all findings shares. */
final class JsonParts {
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private JsonParts() {}

  static byte[] bytes(Map<String, ? extends @Nullable Object> json) {
    return MAPPER.writeValueAsBytes(json);
  }

  /** JSON has no NaN: what is not there is null, never 0. */
  static @Nullable Object number(double value) {
    return Double.isFinite(value) ? (Double) value : null;
  }

  static Map<String, @Nullable Object> estimate(Estimate value) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("mean", number(value.mean()));
    // A single prompt has no standard error.
    if (value.n() > 1) {
      json.put("standard_error", number(value.standardError()));
    }
    json.put("n", value.n());
    return json;
  }

  /** Recovery and loss are there where clean and corrupted prompts differ. */
  static Map<String, @Nullable Object> sweep(SweepResult result) {
    var axes = result.axes();
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("metric", result.metric().toString());
    json.put("direction", result.direction().toString());
    json.put("clean", estimate(result.clean()));
    json.put("corrupted", estimate(result.corrupted()));
    json.put("axes", axes.stream().map(Axis::name).toList());
    json.put("labels", axes.stream().map(Axis::labels).toList());
    json.put("mean", nested(axes, i -> number(result.value(i).mean())));
    json.put("standard_error", nested(axes, i -> number(result.value(i).standardError())));
    if (result.hasGap()) {
      boolean clean = result.direction() == PatchDirection.DENOISING;
      IntFunction<Estimate> share = clean ? result::recovery : result::loss;
      var called = clean ? "recovery" : "loss";
      json.put(called, nested(axes, i -> number(share.apply(i).mean())));
      json.put(
          called + "_standard_error", nested(axes, i -> number(share.apply(i).standardError())));
    }
    return json;
  }

  /** Lays the numbers of cells out as nested arrays, the last axis innermost. */
  static @Nullable Object nested(List<Axis> axes, IntFunction<@Nullable Object> cell) {
    int size = axes.stream().mapToInt(Axis::size).reduce(1, Math::multiplyExact);
    List<@Nullable Object> nested = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      nested.add(cell.apply(i));
    }
    for (var axis : axes.reversed()) {
      var outer = new ArrayList<@Nullable Object>();
      for (int from = 0; from < nested.size(); from += axis.size()) {
        outer.add(new ArrayList<>(nested.subList(from, from + axis.size())));
      }
      nested = outer;
    }
    return nested.getFirst();
  }

  /** Without a tokenizer there are only ids. */
  static void tokens(Map<String, @Nullable Object> json, String name, List<Token> tokens) {
    if (tokens.stream().noneMatch(token -> token.text().isEmpty())) {
      json.put(name + "_tokens", tokens.stream().map(Token::text).toList());
    }
    json.put(name + "_ids", tokens.stream().map(Token::id).toList());
  }

  static Map<String, Object> provenance(Provenance model, Map<String, String> facts) {
    var json = new LinkedHashMap<String, Object>();
    json.put("model", model.model());
    json.put("revision", model.revision());
    json.put("weights_sha256", model.weightsSha256());
    json.put("tokenizer_sha256", model.tokenizerSha256());
    json.put("weight_processing", model.processing().toString());
    json.put("dtype", model.dtype());
    json.putAll(facts);
    return json;
  }
}
