package dev.loupe.lens;

import dev.loupe.model.ModelConfig;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * One change of one activation.
 *
 * @param site where
 * @param change what
 */
public record Intervention(Site site, Change change) {
  /** Refuses a mean of attention over all positions: each sees other sources. */
  public Intervention {
    if (change instanceof Change.Mean mean
        && mean.over() == Change.Over.EVERYTHING
        && Site.isAttention(site.point().kind())) {
      throw new IllegalArgumentException(
          site
              + ": a mean of attention over all positions has no sense, as each sees other sources;"
              + " take it by template and position");
    }
  }

  /** Returns the patch of a site: the value of the source run. */
  public static Intervention patch(Site site) {
    return new Intervention(site, new Change.Patch());
  }

  /** Returns the zero ablation of a site. */
  public static Intervention zero(Site site) {
    return new Intervention(site, new Change.Zero());
  }

  /** Returns the mean ablation of a site. */
  public static Intervention mean(Site site, Change.Over over) {
    return new Intervention(site, new Change.Mean(over));
  }

  /**
   * Checks that it suits a model and prompts.
   *
   * @throws IllegalArgumentException if the model has no such site, a direction has not its width,
   *     no prompt has one of its positions, or it makes 0 of what a norm divides by
   */
  public Intervention requireFor(ModelConfig config, PromptPairs prompts) {
    site.requireIn(config);
    requireNoDivisionByZero();
    direction().ifPresent(direction -> requireWidth(direction, config));
    requirePosition(site.at(), prompts);
    requirePosition(site.sources(), prompts);
    return this;
  }

  private void requireNoDivisionByZero() {
    boolean divisor =
        switch (site.point().kind()) {
          case LN1_SCALE, LN2_SCALE, LN_FINAL_SCALE -> true;
          default -> false;
        };
    boolean zero =
        switch (change) {
          // Of one number a direction is all there is.
          case Change.Zero _, Change.ProjectOut _ -> true;
          case Change.Scale scale -> scale.factor() == 0;
          default -> false;
        };
    if (divisor && zero) {
      throw new IllegalArgumentException(
          this + ": the residual stream is divided by it, and nothing can be divided by 0");
    }
  }

  private void requireWidth(ActivationDirection direction, ModelConfig config) {
    int width = site.width(config);
    if (direction.values().size() != width) {
      throw new IllegalArgumentException(
          "direction "
              + direction.name()
              + " of "
              + direction.values().size()
              + " numbers: "
              + site
              + " has "
              + width);
    }
  }

  private static void requirePosition(At at, PromptPairs prompts) {
    boolean anywhere =
        IntStream.range(0, prompts.size()).anyMatch(row -> prompts.positions(at, row).length > 0);
    if (!anywhere) {
      int longest =
          IntStream.range(0, prompts.size())
              .map(row -> prompts.clean().row(row).length)
              .max()
              .orElseThrow();
      throw new IllegalArgumentException(
          "position " + at + ": the longest prompt has positions 0 to " + (longest - 1));
    }
  }

  /** Returns the direction that the change is along, where it is along one. */
  public Optional<ActivationDirection> direction() {
    return switch (change) {
      case Change.Add add -> Optional.of(add.direction());
      case Change.ProjectOut out -> Optional.of(out.direction());
      case Change.PatchAlong along -> Optional.of(along.direction());
      default -> Optional.empty();
    };
  }

  /** Returns it in the field's words: {@code patch z of L9H6 at END}. */
  @Override
  public String toString() {
    return InterventionWords.of(this);
  }
}
