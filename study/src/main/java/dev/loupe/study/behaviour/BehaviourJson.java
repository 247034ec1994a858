package dev.loupe.study.behaviour;

import dev.loupe.lens.At;
import dev.loupe.lens.Head;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.attribution.Attribution;
import dev.loupe.lens.heads.AttentionScores;
import dev.loupe.lens.logitlens.LensCurves;
import dev.loupe.lens.sweep.BackupHeads;
import dev.loupe.lens.sweep.PatchSite;
import dev.loupe.lens.sweep.Receiver;
import dev.loupe.lens.sweep.SweepResult;
import dev.loupe.study.ReadingJson;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What was found of a behaviour, as values that JSON has. */
final class BehaviourJson {
  private BehaviourJson() {}

  static Map<String, @Nullable Object> of(BehaviourFindings found) {
    var json =
        ReadingJson.part()
            .put("baselines", baselines(found.baselines()))
            .put("logit_lens", lens(found.lens()))
            .put("attribution_by_layer", attribution(found.layers()))
            .put("attribution_by_head", attribution(found.heads()))
            .put("attribution_layer_head", found.heads().byHead())
            .put("heads_to_logits", found.toLogits().heads())
            .put("mlps_to_logits", found.toLogits().mlps())
            .put("writers", writers(found.writers()))
            .put("attention", attention(found.attention()))
            .put("patching_by_position", sweeps(found.streams()))
            .put("patching_heads", sweeps(found.sites()))
            .put("patching_heads_by_position", sweeps(found.sitesByPosition()))
            .put("knock_out", knockOut(found.knockOut()))
            .put("paths", found.paths().stream().map(BehaviourJson::level).toList());
    return json.map();
  }

  private static Map<String, @Nullable Object> baselines(BehaviourFindings.Baselines baselines) {
    return ReadingJson.part()
        .put("clean", baselines.logitDifference().clean())
        .put("corrupted", baselines.logitDifference().corrupted())
        .put("clean_by_prompt", baselines.logitDifference().cleanByPrompt())
        .put("corrupted_by_prompt", baselines.logitDifference().corruptedByPrompt())
        .put("preferred_clean", baselines.preferred(true))
        .put("preferred_corrupted", baselines.preferred(false))
        .put("accuracy_clean", baselines.accuracy().clean())
        .put("accuracy_corrupted", baselines.accuracy().corrupted())
        .map();
  }

  private static Map<String, @Nullable Object> lens(BehaviourFindings.Lens lens) {
    return ReadingJson.part()
        .put("layers", lens.clean().layers())
        .put("clean", estimates(lens.clean()))
        .put("corrupted", estimates(lens.corrupted()))
        .put("clean_own_scale", estimates(lens.alone()))
        .map();
  }

  private static List<Object> estimates(LensCurves curves) {
    return curves.of(At.END, StandardMetric.LOGIT_DIFFERENCE).stream()
        .<Object>map(value -> ReadingJson.part().put("value", value).map())
        .toList();
  }

  private static Map<String, @Nullable Object> attribution(Attribution found) {
    return ReadingJson.part()
        .put("total", found.total())
        .put(
            "parts",
            found.parts().stream()
                .map(part ->
                    ReadingJson.part()
                        .put("part", part.contributor().toString())
                        .put("adds", part.value())
                        .map())
                .toList())
        .map();
  }

  private static List<Object> writers(List<Writer> writers) {
    return writers.stream()
        .<Object>map(writer ->
            ReadingJson.part()
                .put("head", writer.head().toString())
                .put("loss", writer.loss())
                .put("cumulative_share", writer.share())
                .map())
        .toList();
  }

  private static Map<String, @Nullable Object> attention(BehaviourFindings.Attention attention) {
    var patterns = new ArrayList<Object>();
    attention
        .patterns()
        .forEach((prompt, heads) ->
            heads.forEach((head, pattern) ->
                patterns.add(
                    ReadingJson.part()
                        .put("prompt", (Object) prompt)
                        .put("head", head.toString())
                        .put("pattern", pattern)
                        .map())));
    var json =
        ReadingJson.part()
            .put("heads", attention.heads().stream().map(Head::toString).toList())
            .put("pattern_axes", List.of("destination", "source"))
            .put("patterns", patterns);
    attention.scores().ifPresent(scores -> json.put("scores", scores(scores)));
    return json.map();
  }

  private static List<Object> scores(AttentionScores scores) {
    return scores.pairs().stream()
        .<Object>map(pair ->
            ReadingJson.part()
                .put("from", pair.destination().toString())
                .put("to", pair.source().toString())
                .put("attention", scores.matrix(pair))
                .map())
        .toList();
  }

  private static Map<String, @Nullable Object> sweeps(Map<PatchSite, SweepResult> sweeps) {
    var json = ReadingJson.part();
    sweeps.forEach((site, result) -> json.put(site.toString(), result));
    return json.map();
  }

  private static Map<String, @Nullable Object> knockOut(BehaviourFindings.KnockOut knockOut) {
    return ReadingJson.part()
        .put("heads", knockOut.heads().stream().map(Head::toString).toList())
        .put("position", "END")
        .put("logit_difference", knockOut.logitDifference())
        .put("accuracy", knockOut.accuracy())
        .put(
            "attribution",
            knockOut.backup().heads().stream().map(BehaviourJson::contribution).toList())
        .map();
  }

  private static Map<String, @Nullable Object> contribution(BackupHeads.Contribution head) {
    return ReadingJson.part()
        .put("head", head.head().toString())
        .put("before", head.before())
        .put("after", head.after())
        .put("growth", head.growth())
        .map();
  }

  private static Map<String, @Nullable Object> level(PathLevel level) {
    return ReadingJson.part()
        .put("level", (Object) level.number())
        .put("heads", level.heads().stream().map(Head::toString).toList())
        .put("inputs", level.inputs().stream().map(BehaviourJson::input).toList())
        .map();
  }

  private static Map<String, @Nullable Object> input(PathLevel.ToInput input) {
    return ReadingJson.part()
        .put("input", input.letter())
        .put("receivers", input.receivers().stream().map(Receiver::toString).toList())
        .put("senders", input.senders())
        .put("edges", input.edges().stream().map(BehaviourJson::edge).toList())
        .map();
  }

  private static Map<String, @Nullable Object> edge(PathLevel.Edge edge) {
    var json = new LinkedHashMap<String, @Nullable Object>();
    json.put("sender", edge.sender().toString());
    json.put("receiver", edge.receiver().toString());
    json.putAll(ReadingJson.part().put("loss", edge.loss()).map());
    return json;
  }
}
