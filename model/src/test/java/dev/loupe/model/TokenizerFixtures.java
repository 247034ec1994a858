package dev.loupe.model;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.loupe.tensor.Shared;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** The tokenizers that tests of several modules use. */
public final class TokenizerFixtures {
  private TokenizerFixtures() {}

  /** Finds the GPT-2 tokenizer of the shared folder; skips the test where there is none. */
  public static Path gpt2() {
    assumeTrue(hasGpt2(), TokenizerFixtures::missing);
    return gpt2Folder();
  }

  static boolean hasGpt2() {
    return Files.isRegularFile(gpt2Folder().resolve("tokenizer.json"));
  }

  static String missing() {
    return "no " + gpt2Folder() + ": set -Dloupe.shared to the folder of the reference data";
  }

  private static Path gpt2Folder() {
    return Shared.root().resolve("reference").resolve("gpt2-tokenizer");
  }

  /** Copies the GPT-2 tokenizer into a folder with the config.json that names its BOS. */
  public static Tokenizer gpt2WithBos(Path folder) {
    try {
      Files.copy(gpt2().resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
      Files.writeString(
          folder.resolve("config.json"), "{\"bos_token_id\": 50256, \"eos_token_id\": 50256}");
      return Tokenizer.load(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Loads a word-level tokenizer of about 60 words in the form of the demo model's: 8 names, 3
   * places, 3 objects and the words of 3 templates of the indirect-object task.
   */
  public static Tokenizer tiny(Path folder) {
    try (var in = TokenizerFixtures.class.getResourceAsStream("tiny-tokenizer.json")) {
      Files.write(folder.resolve("tokenizer.json"), Objects.requireNonNull(in).readAllBytes());
      Files.writeString(
          folder.resolve("tokenizer_config.json"),
          "{\"bos_token\": \"<|endoftext|>\", \"eos_token\": {\"content\": \"<|endoftext|>\"},"
              + " \"unk_token\": \"<|unk|>\", \"pad_token\": null}");
      return Tokenizer.load(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
