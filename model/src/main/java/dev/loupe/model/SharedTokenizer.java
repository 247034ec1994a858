package dev.loupe.model;

import java.util.concurrent.atomic.AtomicInteger;

/** A tokenizer that models of the same weights share: the last of them to close frees it. */
final class SharedTokenizer {
  private final Tokenizer tokenizer;
  private final AtomicInteger users;

  private SharedTokenizer(Tokenizer tokenizer, int users) {
    this.tokenizer = tokenizer;
    this.users = new AtomicInteger(users);
  }

  /** Shares a tokenizer that is the models' own. */
  static SharedTokenizer owned(Tokenizer tokenizer) {
    return new SharedTokenizer(tokenizer, 0);
  }

  /** Shares a tokenizer that its maker closes. */
  static SharedTokenizer borrowed(Tokenizer tokenizer) {
    return new SharedTokenizer(tokenizer, 1);
  }

  Tokenizer tokenizer() {
    return tokenizer;
  }

  void use() {
    users.incrementAndGet();
  }

  void release() {
    if (users.decrementAndGet() == 0) {
      tokenizer.close();
    }
  }
}
