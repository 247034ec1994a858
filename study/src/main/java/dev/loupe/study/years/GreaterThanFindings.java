package dev.loupe.study.years;

import dev.loupe.lens.At;
import dev.loupe.lens.Estimate;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.attribution.Attribution;
import dev.loupe.lens.logitlens.LensCurves;
import dev.loupe.model.Provenance;
import dev.loupe.study.HeadValues;
import dev.loupe.study.PromptRow;
import dev.loupe.study.ReadingJson;
import dev.loupe.study.StudyFindings;
import dev.loupe.study.StudyTable;
import dev.loupe.study.StudyTable.Column;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * How a model knows that a span of years ends after it began.
 *
 * @param study as it was carried out
 * @param model which model
 * @param prompts the prompts
 * @param notes on their making
 * @param curves how likely each year is, by the year of the start
 * @param clean the probability difference of clean prompts
 * @param corrupted that of corrupted ones, which begin in the year 01
 * @param sharpness the cutoff sharpness of clean prompts
 * @param corruptedSharpness that of corrupted ones, around the start of the clean prompt
 * @param headsAll the recovery of every head's z at all positions
 * @param headsEnd the same at END alone
 * @param mlpsAll the recovery of every MLP at all positions, by layer
 * @param mlpsEnd the same at END alone
 * @param lens the probability difference by layer
 * @param byLayer what each layer adds to the logits of later years over those of the others
 * @param byHead what each head adds to them
 * @param attention of every head from END to YY
 * @param knockOuts what is left without the strongest heads and MLPs
 */
public record GreaterThanFindings(
    GreaterThan study,
    Provenance model,
    List<PromptRow> prompts,
    List<String> notes,
    YearCurves curves,
    Estimate clean,
    Estimate corrupted,
    Estimate sharpness,
    Estimate corruptedSharpness,
    HeadValues headsAll,
    HeadValues headsEnd,
    List<Estimate> mlpsAll,
    List<Estimate> mlpsEnd,
    LensCurves lens,
    Attribution byLayer,
    Attribution byHead,
    HeadValues attention,
    List<KnockOut> knockOuts)
    implements StudyFindings {
  /** Copies the lists. */
  public GreaterThanFindings {
    prompts = List.copyOf(prompts);
    notes = List.copyOf(notes);
    mlpsAll = List.copyOf(mlpsAll);
    mlpsEnd = List.copyOf(mlpsEnd);
    knockOuts = List.copyOf(knockOuts);
  }

  /**
   * What is left of the behaviour without some components.
   *
   * @param what such as {@code heads}
   * @param components such as {@code L9H1} and {@code MLP 10}
   * @param difference the probability difference without them
   * @param sharpness the cutoff sharpness without them
   */
  public record KnockOut(
      String what, List<String> components, Estimate difference, Estimate sharpness) {
    /** Copies the list. */
    public KnockOut {
      components = List.copyOf(components);
    }
  }

  /** Returns the heads that recover most at END, the largest first. */
  public List<HeadValues.OfHead> topHeads() {
    return headsEnd.descending().stream()
        .filter(of -> of.value().mean() > 0)
        .limit(study.topHeads())
        .toList();
  }

  /** Returns the probability difference at the last token by layer. */
  public List<Estimate> lensValues() {
    return lens.of(At.END, StandardMetric.PROBABILITY_DIFFERENCE);
  }

  @Override
  public Map<String, @Nullable Object> numbers() {
    return ReadingJson.part()
        .put("clean", clean)
        .put("corrupted", corrupted)
        .put("sharpness", sharpness)
        .put("corrupted_sharpness", corruptedSharpness)
        .put("accuracy", curves.accuracy())
        .put("years_mass", curves.mass())
        .put("starts", curves.starts())
        .put("year_probabilities", curves.probabilities())
        .put("heads_all_positions", headsAll.json())
        .put("heads_end", headsEnd.json())
        .put("mlps_all_positions", mlpsAll.stream().map(GreaterThanFindings::value).toList())
        .put("mlps_end", mlpsEnd.stream().map(GreaterThanFindings::value).toList())
        .put("lens_layers", lens.layers())
        .put("lens", lensValues().stream().map(GreaterThanFindings::value).toList())
        .put("by_layer", byLayer.parts().stream().map(GreaterThanFindings::part).toList())
        .put("by_head", byHead.parts().stream().map(GreaterThanFindings::part).toList())
        .put("attention_end_to_yy", attention.json())
        .put("knock_outs", knockOuts.stream().map(GreaterThanFindings::json).toList())
        .map();
  }

  private static Map<String, @Nullable Object> value(Estimate value) {
    return ReadingJson.part()
        .put("mean", value.mean())
        .put("standard_error", value.standardError())
        .put("n", (Object) value.n())
        .map();
  }

  private static Map<String, @Nullable Object> part(Attribution.Part part) {
    return ReadingJson.part()
        .put("part", part.contributor().toString())
        .put("value", part.value())
        .map();
  }

  private static Map<String, @Nullable Object> json(KnockOut of) {
    return ReadingJson.part()
        .put("what", of.what())
        .put("components", of.components())
        .put("probability_difference", of.difference())
        .put("sharpness", of.sharpness())
        .map();
  }

  @Override
  public List<StudyTable> tables() {
    return List.of(
        headsAll.table("heads_all_positions"),
        headsEnd.table("heads_end"),
        attention.table("attention_end_to_yy"),
        mlps(),
        years(),
        layers());
  }

  private StudyTable mlps() {
    var table =
        StudyTable.of(
            "mlps",
            Column.whole("layer"),
            Column.text("position"),
            Column.number("mean"),
            Column.number("standard_error"),
            Column.whole("n"));
    for (int layer = 0; layer < mlpsAll.size(); layer++) {
      var all = mlpsAll.get(layer);
      var end = mlpsEnd.get(layer);
      table.row(layer, "all", all.mean(), all.standardError(), all.n());
      table.row(layer, "END", end.mean(), end.standardError(), end.n());
    }
    return table.build();
  }

  private StudyTable years() {
    var table =
        StudyTable.of(
            "years",
            Column.whole("start"),
            Column.whole("prompts"),
            Column.whole("year"),
            Column.number("probability"));
    for (int i = 0; i < curves.starts().size(); i++) {
      var row = curves.probabilities().get(i);
      for (int year = 0; year < row.size(); year++) {
        table.row(curves.starts().get(i), curves.counts().get(i), year, row.get(year));
      }
    }
    return table.build();
  }

  private StudyTable layers() {
    var table =
        StudyTable.of(
            "logit_lens",
            Column.text("layer"),
            Column.number("mean"),
            Column.number("standard_error"),
            Column.whole("n"));
    var values = lensValues();
    IntStream.range(0, values.size())
        .forEach(i -> {
          var value = values.get(i);
          table.row(lens.layers().get(i), value.mean(), value.standardError(), value.n());
        });
    return table.build();
  }
}
