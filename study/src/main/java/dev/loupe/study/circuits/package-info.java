/** What was found of a circuit: how it was found, whether it is one, and how it compares. */
@NullMarked
package dev.loupe.study.circuits;

import org.jspecify.annotations.NullMarked;
