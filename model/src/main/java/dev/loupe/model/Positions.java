package dev.loupe.model;

/** How a model knows where a token stands. */
public sealed interface Positions {
  /** A learned vector a position, added to the embedding ({@code W_pos [n_ctx, d_model]}). */
  record Learned() implements Positions {}

  /**
   * Queries and keys turned by an angle that grows with the position (Su et al. 2021, RoFormer),
   * the first half of the turned dimensions paired with the second.
   *
   * @param dims how many of the d_head dimensions are turned, from the first
   * @param base the base of the wavelengths ({@code rope_theta})
   * @param scaling how wavelengths are stretched for long contexts
   */
  record Rotary(int dims, double base, RotaryScaling scaling) implements Positions {
    /**
     * Refuses an odd or non-positive number of dimensions, a base that is not above 1, and a
     * scaling that does not suit the dimensions.
     */
    public Rotary {
      if (dims < 2 || dims % 2 != 0) {
        throw new IllegalArgumentException(
            "rotary dimensions " + dims + ": expected an even number from 2");
      }
      if (!(base > 1) || Double.isInfinite(base)) {
        throw new IllegalArgumentException("rotary base " + base + ": expected a number above 1");
      }
      switch (scaling) {
        case RotaryScaling.Dynamic dynamic when dims == 2 ->
            throw new IllegalArgumentException(
                "rotary dimensions 2: expected 4 or more for dynamic scaling");
        case RotaryScaling.LongRope rope
            when rope.shortFactors().size() != dims / 2 || rope.longFactors().size() != dims / 2 ->
            throw new IllegalArgumentException(
                "rope short_factor and long_factor of "
                    + rope.shortFactors().size()
                    + " and "
                    + rope.longFactors().size()
                    + " numbers: expected "
                    + dims / 2
                    + ", one a pair of rotary dimensions");
        default -> {}
      }
    }
  }
}
