package dev.loupe.demo;

import dev.loupe.model.Bos;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.PaddingSide;
import dev.loupe.model.Run;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/** What a model says after each of some texts. */
final class LastLogits {
  private static final int ROWS = 128;

  private final HookedTransformer model;
  private final List<double[]> rows;
  // Asking the tokenizer costs more than reading a logit.
  private final Map<String, Integer> ids = new HashMap<>();

  private LastLogits(HookedTransformer model, List<double[]> rows) {
    this.model = model;
    this.rows = rows;
  }

  static LastLogits of(HookedTransformer model, List<String> texts) {
    var ids = texts.stream().map(text -> model.tokenizer().encode(text, Bos.PREPEND)).toList();
    int vocabulary = model.config().dVocab();
    var rows = new ArrayList<double[]>();
    for (int from = 0; from < ids.size(); from += ROWS) {
      try (var _ = TensorScope.open()) {
        var part = ids.subList(from, Math.min(from + ROWS, ids.size()));
        var tokens = Tokens.padded(PaddingSide.LEFT, 0, part);
        double[] flat =
            model.run(Run.of(tokens).returning(Run.Returns.LAST_LOGITS)).output().toDoubles();
        for (int row = 0; row < part.size(); row++) {
          rows.add(Arrays.copyOfRange(flat, row * vocabulary, (row + 1) * vocabulary));
        }
      }
    }
    return new LastLogits(model, rows);
  }

  /** Returns how much likelier one token is than another after a text, in logits. */
  double difference(int row, String token, String other) {
    return logit(row, token) - logit(row, other);
  }

  /** Returns the likeliest token. */
  String top(int row) {
    double[] logits = rows.get(row);
    int best = 0;
    for (int i = 1; i < logits.length; i++) {
      best = logits[i] > logits[best] ? i : best;
    }
    return model.tokenizer().strTokens(new long[] {best}).getFirst();
  }

  /** Returns the probabilities of tokens after a text, in their order. */
  double[] probabilities(int row, List<String> tokens) {
    double[] logits = rows.get(row);
    double highest = Arrays.stream(logits).max().orElseThrow();
    double all = Arrays.stream(logits).map(l -> Math.exp(l - highest)).sum();
    return tokens.stream().mapToDouble(t -> Math.exp(logit(row, t) - highest) / all).toArray();
  }

  /** Returns the mean of what {@code measure} says of each text. */
  double mean(IntToDoubleFunction measure) {
    return IntStream.range(0, rows.size()).mapToDouble(measure).average().orElseThrow();
  }

  private double logit(int row, String token) {
    return rows.get(row)[
        ids.computeIfAbsent(token, t -> Math.toIntExact(model.tokenizer().singleToken(t)))];
  }
}
