package dev.loupe.study.interventions;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Metric;
import dev.loupe.model.Provenance;
import dev.loupe.study.PromptRow;
import dev.loupe.study.ReadingJson;
import dev.loupe.study.StudyFindings;
import dev.loupe.study.StudyTable;
import dev.loupe.study.StudyTable.Column;
import dev.loupe.study.interventions.NextTokens.Next;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What some interventions do.
 *
 * @param study as it was carried out
 * @param model which model
 * @param prompts the prompts; where there are no corrupted ones, the clean ones stand for them
 * @param notes on the making
 * @param clean the metric of the clean run
 * @param corrupted that of the corrupted run, where there is one
 * @param intervened that of the run with all interventions
 * @param each that of each intervention, in the order of the study's; empty where not asked for
 * @param next the likeliest next tokens of the first prompts
 */
public record InterventionsFindings(
    Interventions study,
    Provenance model,
    List<PromptRow> prompts,
    List<String> notes,
    Measured clean,
    Optional<Measured> corrupted,
    Measured intervened,
    List<OfOne> each,
    List<NextTokens> next)
    implements StudyFindings {
  /** Copies the lists. */
  public InterventionsFindings {
    prompts = List.copyOf(prompts);
    notes = List.copyOf(notes);
    each = List.copyOf(each);
    next = List.copyOf(next);
  }

  /**
   * The metric of a run.
   *
   * @param byPrompt of every prompt
   * @param mean of them
   * @param recovered the share of the gap between the run that is intervened in and the other that
   *     is closed: 0 as in the former, 1 as in the latter; none where there is no gap
   */
  public record Measured(List<Double> byPrompt, Estimate mean, Optional<Estimate> recovered) {
    /** Copies the list. */
    public Measured {
      byPrompt = List.copyOf(byPrompt);
    }

    static Measured of(double... values) {
      return new Measured(
          Arrays.stream(values).boxed().toList(), Estimate.of(values), Optional.empty());
    }

    Measured recovering(Estimate share) {
      return new Measured(byPrompt, mean, Optional.of(share));
    }

    Map<String, @Nullable Object> json() {
      var json = ReadingJson.part().put("metric", mean);
      recovered.ifPresent(share -> json.put("recovered", share));
      return json.put("by_prompt", doubles(byPrompt)).map();
    }
  }

  /**
   * What one intervention does.
   *
   * @param alone the run with it alone
   * @param without the run with all others
   */
  public record OfOne(Measured alone, Measured without) {}

  private static double[] doubles(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  /** Returns the metric. */
  public Metric metric() {
    return Metric.parse(study.metric());
  }

  /** Returns the run that is intervened in, as it is without interventions. */
  public Measured base() {
    return study.direction().equals("clean") ? clean : corrupted.orElse(clean);
  }

  @Override
  public Map<String, @Nullable Object> numbers() {
    var json =
        ReadingJson.part()
            .put("metric", metric().toString())
            .put("direction", study.direction())
            .put("clean", clean.json());
    corrupted.ifPresent(of -> json.put("corrupted", of.json()));
    var singles = new ArrayList<Map<String, @Nullable Object>>();
    for (int i = 0; i < each.size(); i++) {
      singles.add(
          ReadingJson.part()
              .put("intervention", study.interventions().get(i).toString())
              .put("alone", each.get(i).alone().json())
              .put("without", each.get(i).without().json())
              .map());
    }
    return json.put("intervened", intervened.json())
        .put("each", singles)
        .put("next_tokens", next.stream().map(NextTokens::json).toList())
        .map();
  }

  @Override
  public List<StudyTable> tables() {
    return List.of(promptTable(), interventionTable(), tokenTable());
  }

  private StudyTable promptTable() {
    var table =
        StudyTable.of(
            "prompts",
            Column.whole("prompt"),
            Column.text("text"),
            Column.number("clean"),
            Column.number("corrupted"),
            Column.number("intervened"));
    for (int row = 0; row < prompts.size(); row++) {
      int at = row;
      table.row(
          row,
          study.prompts().size() == prompts.size() ? study.prompts().get(row).clean() : null,
          clean.byPrompt().get(row),
          corrupted.map(of -> of.byPrompt().get(at)).orElse(null),
          intervened.byPrompt().get(row));
    }
    return table.build();
  }

  private StudyTable interventionTable() {
    var table =
        StudyTable.of(
            "interventions",
            Column.text("interventions"),
            Column.text("intervention"),
            Column.number("metric"),
            Column.number("standard_error"),
            Column.whole("n"),
            Column.number("recovered"),
            Column.number("recovered_standard_error"));
    row(table, "all", null, intervened);
    for (int i = 0; i < each.size(); i++) {
      var name = study.interventions().get(i).toString();
      row(table, "alone", name, each.get(i).alone());
      row(table, "all but", name, each.get(i).without());
    }
    return table.build();
  }

  private static void row(
      StudyTable.Builder table, String which, @Nullable String name, Measured of) {
    table.row(
        which,
        name,
        of.mean().mean(),
        of.mean().standardError(),
        of.mean().n(),
        of.recovered().map(Estimate::mean).orElse(null),
        of.recovered().map(Estimate::standardError).orElse(null));
  }

  private StudyTable tokenTable() {
    var table =
        StudyTable.of(
            "next_tokens",
            Column.whole("prompt"),
            Column.text("of_run"),
            Column.whole("place"),
            Column.whole("token_id"),
            Column.text("token"),
            Column.number("probability"),
            Column.number("logit"));
    for (int prompt = 0; prompt < next.size(); prompt++) {
      var of = next.get(prompt);
      rows(table, prompt, "clean", of.clean());
      rows(table, prompt, "corrupted", of.corrupted());
      rows(table, prompt, "intervened", of.intervened());
    }
    return table.build();
  }

  private static void rows(StudyTable.Builder table, int prompt, String run, List<Next> tokens) {
    for (int place = 0; place < tokens.size(); place++) {
      var of = tokens.get(place);
      table.row(
          prompt, run, place + 1, of.token().id(), of.token().text(), of.probability(), of.logit());
    }
  }
}
