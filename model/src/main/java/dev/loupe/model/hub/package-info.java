/** Brings a model of the Hugging Face hub to a local folder, in the layout of its Python client. */
@NullMarked
package dev.loupe.model.hub;

import org.jspecify.annotations.NullMarked;
