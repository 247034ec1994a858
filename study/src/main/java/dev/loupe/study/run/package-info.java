/** Specifications of studies, the folders that they leave behind, and their replay. */
@NullMarked
package dev.loupe.study.run;

import org.jspecify.annotations.NullMarked;
