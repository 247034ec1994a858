package dev.loupe.study.verify;

import dev.loupe.model.Provenance;
import dev.loupe.study.ReadingJson;
import java.util.LinkedHashMap;
import java.util.List;

/**
 * Which published figures a model reproduces.
 *
 * @param model the model
 * @param published the figures
 * @param results one for each figure, in their order
 * @param complete whether all were come to; an interruption leaves figures out
 */
public record VerificationFindings(
    Provenance model, PublishedFigures published, List<FigureResult> results, boolean complete) {
  /** Copies the list. */
  public VerificationFindings {
    results = List.copyOf(results);
  }

  /** Returns how many figures are reproduced. */
  public long reproduced() {
    return count(Verdict.Reproduced.class);
  }

  /** Returns how many figures are off. */
  public long off() {
    return count(Verdict.OffBy.class);
  }

  /** Returns how many figures were not run. */
  public long notRun() {
    return count(Verdict.NotRun.class);
  }

  private long count(Class<? extends Verdict> kind) {
    return results.stream().filter(result -> kind.isInstance(result.verdict())).count();
  }

  /** Returns the results of a source. */
  public List<FigureResult> of(PublishedFigures.Source source) {
    return results.stream().filter(it -> it.figure().source().equals(source.id())).toList();
  }

  /** Returns all of it as JSON. */
  public ReadingJson json() {
    var counts = new LinkedHashMap<String, Long>();
    counts.put("reproduced", reproduced());
    counts.put("off", off());
    counts.put("not_run", notRun());
    return new ReadingJson("verify")
        .put("figures_of", published.model())
        .put("complete", complete)
        .put("counts", counts)
        .put("figures", results.stream().map(VerificationFindings::json).toList());
  }

  private static Object json(FigureResult result) {
    var figure = result.figure();
    var json =
        ReadingJson.part()
            .put("id", figure.id())
            .put("source", figure.source())
            .put("where", figure.where())
            .put("what", figure.what())
            .put("verdict", result.verdict().word());
    if (result.verdict() instanceof Verdict.NotRun(var reason)) {
      json.put("reason", reason);
    }
    figure
        .work()
        .ifPresent(work ->
            json.put("tolerance", work.comparison().words()).put("why", work.comparison().why()));
    return json.put(
            "values",
            result.verdict().values().stream()
                .map(value ->
                    ReadingJson.part()
                        .put("label", value.label())
                        .put("published", value.published())
                        .put("computed", value.computed())
                        .put("difference", value.difference())
                        .put("tolerance", value.tolerance())
                        .put("holds", value.holds())
                        .map())
                .toList())
        .map();
  }
}
