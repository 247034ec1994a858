/** Sweeps: many interventions on one base run, each at the cost of what it can change. */
@NullMarked
package dev.loupe.lens.sweep;

import org.jspecify.annotations.NullMarked;
