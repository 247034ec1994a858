/** The whole analysis of a behaviour, from its baselines to the paths that carry it. */
@NullMarked
package dev.loupe.study.behaviour;

import org.jspecify.annotations.NullMarked;
