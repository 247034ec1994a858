package dev.loupe.study.ioi;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import java.util.Optional;

/**
 * A path from a head of one class into one of the next, or into the logits, measured by path
 * patching.
 *
 * @param from the sender
 * @param to the receiver; empty for the logits
 * @param input which of its inputs, such as {@code v at S2}
 * @param loss how far the clean logit difference falls when the path carries corrupted values:
 *     positive where it works for the answer
 */
public record ClassPath(Head from, Optional<Head> to, String input, Estimate loss) {}
