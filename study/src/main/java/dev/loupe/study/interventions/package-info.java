/** The study of interventions that are named one by one. */
@NullMarked
package dev.loupe.study.interventions;

import org.jspecify.annotations.NullMarked;
