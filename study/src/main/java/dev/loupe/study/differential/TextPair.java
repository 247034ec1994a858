package dev.loupe.study.differential;

/**
 * Two texts that differ in what is looked for; they may be of different lengths.
 *
 * @param first the text that has it
 * @param second the text that lacks it
 */
public record TextPair(String first, String second) {}
