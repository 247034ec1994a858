/**
 * A page in which the model re-runs as one touches it, and the server around it.
 *
 * <p>{@link dev.loupe.explorer.Explorer} is the way in. Inside, {@code Server} turns requests into
 * questions, {@code Guard} refuses those that are nobody's business, {@code Desk} lets one of them
 * at a time have the model, and a {@code Workbench} answers.
 */
@NullMarked
package dev.loupe.explorer;

import org.jspecify.annotations.NullMarked;
