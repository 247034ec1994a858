package dev.loupe.study.verify;

/**
 * A published figure and what became of it.
 *
 * @param figure the figure
 * @param verdict whether it is reproduced
 */
public record FigureResult(Figure figure, Verdict verdict) {}
