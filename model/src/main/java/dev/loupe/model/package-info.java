@NullMarked
package dev.loupe.model;

import org.jspecify.annotations.NullMarked;
