package dev.loupe.study.interventions;

import dev.loupe.model.Token;
import dev.loupe.study.ReadingJson;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The likeliest tokens after a prompt in three runs, the likeliest first.
 *
 * @param clean of the clean run
 * @param corrupted of the corrupted run; empty where there is none
 * @param intervened of the run that is intervened in
 */
public record NextTokens(List<Next> clean, List<Next> corrupted, List<Next> intervened) {
  /** Copies the lists. */
  public NextTokens {
    clean = List.copyOf(clean);
    corrupted = List.copyOf(corrupted);
    intervened = List.copyOf(intervened);
  }

  /**
   * A token that may be next.
   *
   * @param token which
   * @param probability among the whole vocabulary
   * @param logit its logit
   */
  public record Next(Token token, double probability, double logit) {}

  Map<String, @Nullable Object> json() {
    return ReadingJson.part()
        .put("clean", json(clean))
        .put("corrupted", json(corrupted))
        .put("intervened", json(intervened))
        .map();
  }

  private static List<Map<String, @Nullable Object>> json(List<Next> tokens) {
    return tokens.stream()
        .map(next ->
            ReadingJson.part()
                .put("token", next.token().text())
                .put("id", (Object) next.token().id())
                .put("probability", next.probability())
                .put("logit", next.logit())
                .map())
        .toList();
  }
}
