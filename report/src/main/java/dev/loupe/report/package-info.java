@NullMarked
package dev.loupe.report;

import org.jspecify.annotations.NullMarked;
