@NullMarked
package dev.loupe.bench;

import org.jspecify.annotations.NullMarked;
