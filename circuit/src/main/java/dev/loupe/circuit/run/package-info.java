/** Running a model as one of its circuits, and telling how much of the behaviour is left. */
@NullMarked
package dev.loupe.circuit.run;

import org.jspecify.annotations.NullMarked;
