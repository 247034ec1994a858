/** Scores of edges and nodes: what each does to a metric, estimated or tried out. */
@NullMarked
package dev.loupe.circuit.score;

import org.jspecify.annotations.NullMarked;
