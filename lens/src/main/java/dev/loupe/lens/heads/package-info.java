/** What single heads do: their recovery, what they attend to and what they write. */
@NullMarked
package dev.loupe.lens.heads;

import org.jspecify.annotations.NullMarked;
