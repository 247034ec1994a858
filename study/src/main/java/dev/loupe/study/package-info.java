/** Whole experiments: a task and a model in, findings with their provenance out. */
@NullMarked
package dev.loupe.study;

import org.jspecify.annotations.NullMarked;
