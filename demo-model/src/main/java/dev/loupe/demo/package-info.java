@NullMarked
package dev.loupe.demo;

import org.jspecify.annotations.NullMarked;
