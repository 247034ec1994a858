package dev.loupe.model;

import java.util.List;

/** How the wavelengths of rotary positions are stretched; the names are those of model configs. */
public sealed interface RotaryScaling {
  /** As trained. */
  record None() implements RotaryScaling {}

  /**
   * Every wavelength times {@code factor} (Chen et al. 2023, position interpolation).
   *
   * @param factor from 1
   */
  record Linear(double factor) implements RotaryScaling {
    /** Refuses a factor below 1. */
    public Linear {
      atLeastOne("factor", factor);
    }
  }

  /**
   * A base that grows once a sequence is longer than the trained context ("NTK-aware").
   *
   * @param factor from 1
   * @param trainedContext tokens
   */
  record Dynamic(double factor, int trainedContext) implements RotaryScaling {
    /** Refuses a factor or a context below 1. */
    public Dynamic {
      atLeastOne("factor", factor);
      atLeastOne("trained context", trainedContext);
    }
  }

  /**
   * Long wavelengths times {@code factor}, short ones kept, a blend between (Llama 3.1).
   *
   * @param factor from 1
   * @param lowFrequency turns over the trained context below which a wavelength is stretched whole
   * @param highFrequency turns above which it is kept
   * @param trainedContext tokens
   */
  record Llama3(double factor, double lowFrequency, double highFrequency, int trainedContext)
      implements RotaryScaling {
    /** Refuses a factor or a context below 1 and bounds out of order. */
    public Llama3 {
      atLeastOne("factor", factor);
      atLeastOne("trained context", trainedContext);
      if (!(lowFrequency < highFrequency)) {
        throw new IllegalArgumentException(
            "low_freq_factor "
                + lowFrequency
                + ": expected below high_freq_factor "
                + highFrequency);
      }
    }
  }

  /**
   * Interpolation that ramps over the dimensions, with a factor on attention (Peng et al. 2023).
   *
   * @param factor from 1
   * @param betaFast turns above which a wavelength is kept
   * @param betaSlow turns below which it is stretched whole
   * @param attentionFactor what cosine and sine are multiplied by
   * @param trainedContext tokens
   * @param truncate whether the bounds of the ramp are rounded outwards
   */
  record Yarn(
      double factor,
      double betaFast,
      double betaSlow,
      double attentionFactor,
      int trainedContext,
      boolean truncate)
      implements RotaryScaling {
    /** Refuses a factor or a context below 1, bounds out of order, a factor on attention of 0. */
    public Yarn {
      atLeastOne("factor", factor);
      atLeastOne("trained context", trainedContext);
      positive("attention_factor", attentionFactor);
      positive("beta_slow", betaSlow);
      if (!(betaFast >= betaSlow)) {
        throw new IllegalArgumentException(
            "rope beta_fast " + betaFast + ": expected beta_slow " + betaSlow + " or more");
      }
    }
  }

  /**
   * A factor for every pair of dimensions, one list for short and one for long sequences (Ding et
   * al. 2024).
   *
   * @param shortFactors up to the trained context
   * @param longFactors beyond it
   * @param attentionFactor what cosine and sine are multiplied by
   * @param trainedContext tokens
   */
  record LongRope(
      List<Double> shortFactors,
      List<Double> longFactors,
      double attentionFactor,
      int trainedContext)
      implements RotaryScaling {
    /** Copies the lists; refuses factors of 0 or below, and a context below 1. */
    public LongRope {
      shortFactors = List.copyOf(shortFactors);
      longFactors = List.copyOf(longFactors);
      atLeastOne("trained context", trainedContext);
      positive("attention_factor", attentionFactor);
      shortFactors.forEach(factor -> positive("short_factor", factor));
      longFactors.forEach(factor -> positive("long_factor", factor));
    }
  }

  private static void positive(String name, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException("rope " + name + " " + value + ": expected above 0");
    }
  }

  private static void atLeastOne(String name, double value) {
    if (!(value >= 1) || Double.isInfinite(value)) {
      throw new IllegalArgumentException("rope " + name + " " + value + ": expected 1 or more");
    }
  }
}
