package dev.loupe.model;

import dev.loupe.tensor.Tensor;

/** The cross entropy of next tokens. */
final class Loss {
  private Loss() {}

  /** Returns -log p of each next token in nats, [batch, pos - 1]; 0 where a pad is concerned. */
  static Tensor perToken(Tensor logits, Tokens tokens) {
    long steps = tokens.length() - 1L;
    if (steps < 1) {
      throw new IllegalArgumentException("a loss of one token: expected at least two");
    }
    var next = tokens.ids().to(logits.device()).narrow(1, 1, steps);
    var loss =
        logits.narrow(1, 0, steps).logSoftmax(-1).gather(-1, next.unsqueeze(-1)).squeeze(-1).neg();
    return tokens.isPadded() ? loss.mul(counted(tokens, loss)) : loss;
  }

  /** Returns the mean over the tokens that {@link #perToken} counts. */
  static Tensor mean(Tensor logits, Tokens tokens) {
    var loss = perToken(logits, tokens);
    return tokens.isPadded() ? loss.sum().div(counted(tokens, loss).sum()) : loss.mean();
  }

  private static Tensor counted(Tokens tokens, Tensor like) {
    var mask = tokens.mask().to(like.device()).to(like.dtype());
    long steps = tokens.length() - 1L;
    return mask.narrow(1, 0, steps).mul(mask.narrow(1, 1, steps));
  }
}
