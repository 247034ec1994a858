/** JMH benchmarks; each figure is a ratio to something measured in the same run. */
@NullMarked
package dev.loupe.bench;

import org.jspecify.annotations.NullMarked;
