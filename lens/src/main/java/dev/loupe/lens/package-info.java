@NullMarked
package dev.loupe.lens;

import org.jspecify.annotations.NullMarked;
