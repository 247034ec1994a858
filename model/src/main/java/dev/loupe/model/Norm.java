package dev.loupe.model;

/** How the residual stream is normalised before it is read. */
public enum Norm {
  /** Centre, then divide by the standard deviation. */
  LAYER_NORM,
  /** Divide by the root mean square. */
  RMS_NORM
}
