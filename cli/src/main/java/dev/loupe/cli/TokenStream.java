package dev.loupe.cli;

import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Prompt;
import dev.loupe.model.Token;
import java.util.Arrays;
import java.util.function.Consumer;

/** Turns tokens into text as they come; half a character waits for its other half. */
final class TokenStream {
  private static final char HALF = '\ufffd';

  private final HookedTransformer model;
  private final Consumer<String> reader;
  private long[] ids;
  private int shown;

  TokenStream(HookedTransformer model, Prompt prompt, Consumer<String> reader) {
    this.model = model;
    this.reader = reader;
    ids = prompt.idArray();
    shown = text().length();
  }

  /** Takes the next token; the one that ends a text is not shown. */
  void next(long token) {
    boolean last = model.tokenizer().eos().map(Token::id).filter(eos -> eos == token).isPresent();
    if (last) {
      return;
    }
    ids = Arrays.copyOf(ids, ids.length + 1);
    ids[ids.length - 1] = token;
    var text = text();
    int whole = text.length();
    while (whole > shown && text.charAt(whole - 1) == HALF) {
      whole--;
    }
    show(text, whole);
  }

  /** Shows what still waits. */
  void end() {
    var text = text();
    show(text, text.length());
  }

  // The whole text each time: what a token reads as may depend on the one before.
  private String text() {
    return model.tokenizer().decode(ids);
  }

  private void show(String text, int end) {
    if (end > shown) {
      reader.accept(text.substring(shown, end));
      shown = end;
    }
  }
}
