package dev.loupe.study.ioi;

import dev.loupe.lens.Estimate;
import java.util.Optional;

/**
 * What one class of heads tells the next or the logits, all top heads of both together, measured by
 * path patching.
 *
 * @param from the senders
 * @param to the receivers; empty for the logits
 * @param input which of their inputs, such as {@code v at S2}
 * @param loss how far the clean logit difference falls when all of these paths carry corrupted
 *     values; none where no sender comes before a receiver, so that there is no path
 */
public record ClassFlow(HeadClass from, Optional<HeadClass> to, String input, Estimate loss) {}
