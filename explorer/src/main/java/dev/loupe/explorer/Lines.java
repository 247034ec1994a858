package dev.loupe.explorer;

/** Takes the pieces of an answer that is long in coming. */
@FunctionalInterface
interface Lines {
  /**
   * Sends a piece as a line of JSON, and lets others have the model in between: a click waits for
   * one piece at most, so that pieces are to be short. Call it from the thread that was called,
   * with no more native memory held than needed: it returns when it is this stream's turn again.
   *
   * @param line what Jackson writes as an object
   * @throws java.util.concurrent.CancellationException if nobody waits for the rest: leave
   */
  void write(Object line);
}
