/**
 * A narrow face over libtorch: tensors, scopes that free their memory, and safetensors files.
 *
 * <p>Nothing outside this package sees a type of the native binding.
 */
@NullMarked
package dev.loupe.tensor;

import org.jspecify.annotations.NullMarked;
