/** The study of a behaviour from its prompts to the paths that carry it. */
@NullMarked
package dev.loupe.study.syllogism;

import org.jspecify.annotations.NullMarked;
