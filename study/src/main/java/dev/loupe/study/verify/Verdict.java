package dev.loupe.study.verify;

import java.util.Comparator;
import java.util.List;

/** Whether a published figure is reproduced. */
public sealed interface Verdict {
  /** Returns it in a word or three. */
  String word();

  /** Returns what was compared; nothing where nothing ran. */
  default List<Compared> values() {
    return List.of();
  }

  /**
   * Every value is near enough.
   *
   * @param values what was compared
   */
  record Reproduced(List<Compared> values) implements Verdict {
    /** Copies the list. */
    public Reproduced {
      values = List.copyOf(values);
    }

    @Override
    public String word() {
      return "reproduced";
    }
  }

  /**
   * Some value is not near enough.
   *
   * @param values what was compared
   */
  record OffBy(List<Compared> values) implements Verdict {
    /** Copies the list. */
    public OffBy {
      values = List.copyOf(values);
    }

    /** Returns the values that are off, the farthest first. */
    public List<Compared> off() {
      return values.stream()
          .filter(value -> !value.holds())
          .sorted(Comparator.comparingDouble(value -> -Math.abs(value.difference())))
          .toList();
    }

    @Override
    public String word() {
      return "off";
    }
  }

  /**
   * It was not computed.
   *
   * @param reason why
   */
  record NotRun(String reason) implements Verdict {
    @Override
    public String word() {
      return "not run";
    }
  }

  /**
   * A published value beside the recomputed one.
   *
   * @param label which value of the figure
   * @param published as printed; of a head that is named, the last rank that counts
   * @param computed the recomputed value, or rank
   * @param difference computed minus published; of ranks, how many too low
   * @param tolerance the largest magnitude of the difference that counts as none
   * @param holds whether it is near enough
   */
  record Compared(
      String label,
      double published,
      double computed,
      double difference,
      double tolerance,
      boolean holds) {}

  /** Returns the verdict on values that were compared. */
  static Verdict of(List<Compared> values) {
    return values.stream().allMatch(Compared::holds) ? new Reproduced(values) : new OffBy(values);
  }
}
