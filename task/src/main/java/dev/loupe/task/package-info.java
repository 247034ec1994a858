@NullMarked
package dev.loupe.task;

import org.jspecify.annotations.NullMarked;
