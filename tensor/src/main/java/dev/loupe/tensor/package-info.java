@NullMarked
package dev.loupe.tensor;

import org.jspecify.annotations.NullMarked;
