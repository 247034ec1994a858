package dev.loupe.cli;

import dev.loupe.lens.PromptPairs;
import java.util.List;
import java.util.Map;

/**
 * The prompts of a sweep, and where they are from.
 *
 * @param pairs the prompts; clean ones in both places where no corrupted ones were given
 * @param isCorrupted whether corrupted ones were given
 * @param description such as {@code 8 prompts, name-swap, seed 0}
 * @param facts what it takes to have the same ones again
 * @param notes what a reader should know of their making
 */
record PromptBatch(
    PromptPairs pairs,
    boolean isCorrupted,
    String description,
    Map<String, String> facts,
    List<String> notes) {}
