package dev.loupe.study.ioi;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.heads.HeadEffects;
import dev.loupe.lens.heads.HeadEvidence;
import dev.loupe.model.Provenance;
import dev.loupe.study.PromptRow;
import dev.loupe.study.ReadingJson;
import dev.loupe.study.StudyFindings;
import dev.loupe.study.StudyTable;
import dev.loupe.study.StudyTable.Column;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the indirect-object study found in a model.
 *
 * @param study as it was carried out
 * @param model which model
 * @param corruption how the corrupted prompts were made
 * @param prompts the prompts
 * @param notes on their making
 * @param effects the baseline and the recovery of every head
 * @param heads the evidence on the heads that carry most, the largest recovery first
 * @param knockedOut the heads that were knocked out together
 * @param afterKnockOut the clean logit difference without them
 * @param patterns the attention of each head of {@code heads} on the first prompt, [dest][src]
 * @param endAttention where the strongest name movers look from the last token of the first
 *     prompts; the strongest heads of any kind where there are no name movers
 */
public record IoiPatchingFindings(
    IoiPatching study,
    Provenance model,
    String corruption,
    List<PromptRow> prompts,
    List<String> notes,
    HeadEffects effects,
    List<HeadEvidence> heads,
    List<Head> knockedOut,
    Estimate afterKnockOut,
    Map<Head, double[][]> patterns,
    List<EndAttention> endAttention)
    implements StudyFindings {
  /** Copies the collections, order kept. */
  public IoiPatchingFindings {
    prompts = List.copyOf(prompts);
    notes = List.copyOf(notes);
    heads = List.copyOf(heads);
    knockedOut = List.copyOf(knockedOut);
    patterns = Collections.unmodifiableMap(new LinkedHashMap<>(patterns));
    endAttention = List.copyOf(endAttention);
  }

  /**
   * Where a head looks from the last token of a prompt.
   *
   * @param head the head
   * @param prompt which prompt, from 0
   * @param weights its attention to each token of the clean prompt
   */
  public record EndAttention(Head head, int prompt, List<Double> weights) {
    /** Copies the list. */
    public EndAttention {
      weights = List.copyOf(weights);
    }

    static EndAttention of(Head head, int prompt, double... weights) {
      return new EndAttention(head, prompt, Arrays.stream(weights).boxed().toList());
    }
  }

  @Override
  public Map<String, @Nullable Object> numbers() {
    return ReadingJson.part()
        .put("metric", "logit difference of IO and S at END")
        .put("direction", "denoising")
        .put("corruption", corruption)
        .put("accuracy", effects.accuracy())
        .put("top_accuracy", effects.topAccuracy())
        .put("clean", effects.clean())
        .put("corrupted", effects.corrupted())
        .put("axes", List.of("layer", "head"))
        .put("recovery", effects.matrix())
        .put("heads", heads.stream().map(IoiPatchingFindings::head).toList())
        .put("knocked_out", knockedOut.stream().map(Object::toString).toList())
        .put("after_knock_out", afterKnockOut)
        .put("end_attention", endAttention.stream().map(IoiPatchingFindings::looks).toList())
        .map();
  }

  private static Map<String, @Nullable Object> head(HeadEvidence head) {
    return ReadingJson.part()
        .put("layer", (Object) head.head().layer())
        .put("head", (Object) head.head().index())
        .put("recovery", head.recovery())
        .put("attention_from_end", head.attention())
        .put("ov_effect", head.ovEffect())
        .put("direct", head.direct())
        .put("role", HeadRole.of(head).toString())
        .map();
  }

  private static Map<String, @Nullable Object> looks(EndAttention of) {
    return ReadingJson.part()
        .put("head", of.head().toString())
        .put("prompt", (Object) of.prompt())
        .put("weights", of.weights())
        .map();
  }

  @Override
  public List<StudyTable> tables() {
    return List.of(recoveries(), evidence(), attention());
  }

  private StudyTable recoveries() {
    var table =
        StudyTable.of(
            "heads",
            Column.whole("layer"),
            Column.whole("head"),
            Column.number("mean"),
            Column.number("standard_error"),
            Column.whole("n"));
    for (int layer = 0; layer < effects.recoveries().size(); layer++) {
      var row = effects.recoveries().get(layer);
      for (int head = 0; head < row.size(); head++) {
        var value = row.get(head);
        table.row(layer, head, value.mean(), value.standardError(), value.n());
      }
    }
    return table.build();
  }

  private StudyTable evidence() {
    var table =
        StudyTable.of(
            "evidence",
            Column.whole("layer"),
            Column.whole("head"),
            Column.number("recovery"),
            Column.number("standard_error"),
            Column.number("attention_io"),
            Column.number("attention_s1"),
            Column.number("attention_s2"),
            Column.number("ov_io"),
            Column.number("ov_s1"),
            Column.number("ov_s2"),
            Column.number("direct"),
            Column.text("role"),
            Column.truth("knocked_out"));
    for (var head : heads) {
      table.row(
          head.head().layer(),
          head.head().index(),
          head.recovery().mean(),
          head.recovery().standardError(),
          head.attentionTo("IO"),
          head.attentionTo("S1"),
          head.attentionTo("S2"),
          head.ovEffectAt("IO"),
          head.ovEffectAt("S1"),
          head.ovEffectAt("S2"),
          head.direct(),
          HeadRole.of(head).toString(),
          knockedOut.contains(head.head()));
    }
    return table.build();
  }

  private StudyTable attention() {
    var table =
        StudyTable.of(
            "end_attention",
            Column.whole("layer"),
            Column.whole("head"),
            Column.whole("prompt"),
            Column.whole("position"),
            Column.text("token"),
            Column.number("attention"));
    for (var of : endAttention) {
      var tokens = prompts.get(of.prompt()).clean();
      for (int at = 0; at < of.weights().size(); at++) {
        table.row(
            of.head().layer(),
            of.head().index(),
            of.prompt(),
            at,
            tokens.get(at).text(),
            of.weights().get(at));
      }
    }
    return table.build();
  }
}
