/**
 * A model as a graph: who writes into the residual stream, who reads of it, and every edge between.
 */
@NullMarked
package dev.loupe.circuit.graph;

import org.jspecify.annotations.NullMarked;
