package dev.loupe.lens;

import dev.loupe.tensor.Tensor;

/** A number for each prompt that says how much of a behaviour a run shows. */
public interface Metric {
  /** What a metric reads of a run, so that no more is computed. */
  enum Reads {
    /** The logits of the answer tokens at each prompt's last token. */
    ANSWERS,
    /** The logits of the whole vocabulary at each prompt's last token. */
    LAST,
    /** The logits of the whole vocabulary at every token. */
    EVERY
  }

  /** Returns the field's name for it: {@code logit difference}. */
  String label();

  /** Returns what it reads. */
  Reads reads();

  /**
   * Returns its value for every run and prompt.
   *
   * @return [run, prompt], of the logits' type
   */
  Tensor of(Readout readout);
}
