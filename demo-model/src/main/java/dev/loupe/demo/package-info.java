/** The model that comes with Loupe, and the program that trains and measures it. */
@NullMarked
package dev.loupe.demo;

import org.jspecify.annotations.NullMarked;
