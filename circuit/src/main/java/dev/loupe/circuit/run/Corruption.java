package dev.loupe.circuit.run;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** What stands in the place of what a source outside a circuit would add to the residual stream. */
public enum Corruption {
  /** What it adds in the run of the corrupted prompt. */
  COUNTERFACTUAL,
  /** The mean of that over the corrupted prompts of the same template, position by position. */
  MEAN,
  /**
   * Nothing; of the input neither token nor position. Biases of attention, which are of no head,
   * stay.
   */
  ZERO;

  /**
   * Reads {@code counterfactual}, {@code mean} or {@code zero}: the reverse of {@code toString}.
   *
   * @throws IllegalArgumentException if the text is none of these
   */
  @JsonCreator
  public static Corruption parse(String text) {
    return Arrays.stream(values())
        .filter(each -> each.toString().equals(text.strip()))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "corruption \"" + text + "\": expected one of " + List.of(values())));
  }

  @Override
  @JsonValue
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
