/** Circuits: which parts of a model they are made of, what they may write, and how two compare. */
@NullMarked
package dev.loupe.circuit;

import org.jspecify.annotations.NullMarked;
