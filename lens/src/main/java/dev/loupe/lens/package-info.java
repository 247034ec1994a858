/**
 * Reading and changing a model: metrics, patching, ablation, and what heads attend to and write.
 */
@NullMarked
package dev.loupe.lens;

import org.jspecify.annotations.NullMarked;
