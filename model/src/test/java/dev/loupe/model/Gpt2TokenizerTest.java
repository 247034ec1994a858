package dev.loupe.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tokenizer of GPT-2 against its published ids. */
class Gpt2TokenizerTest {
  private static final String SENTENCE =
      "When Mary and John went to the store, John gave a drink to";
  private static final long[] IDS = {
    2215, 5335, 290, 1757, 1816, 284, 262, 3650, 11, 1757, 2921, 257, 4144, 284
  };

  @TempDir private static Path folder;
  private static Tokenizer tokenizer;

  @BeforeAll
  static void load() {
    tokenizer = TokenizerFixtures.gpt2WithBos(folder);
  }

  @AfterAll
  static void close() {
    if (tokenizer != null) { // where there is no reference data, the tests were skipped
      tokenizer.close();
    }
  }

  @Test
  void encodesTheReferenceSentence() {
    assertThat(tokenizer.encode(SENTENCE)).containsExactly(IDS);
    assertThat(tokenizer.decode(IDS)).isEqualTo(SENTENCE);
    assertThat(tokenizer.encode(SENTENCE, Bos.PREPEND)).startsWith(50256, 2215).hasSize(15);
    assertThat(tokenizer.strTokens("When Mary, John", Bos.PREPEND))
        .containsExactly("<|endoftext|>", "When", " Mary", ",", " John");
    assertThat(tokenizer.size()).isEqualTo(50257);
    assertThat(tokenizer.encode("<|endoftext|>")).containsExactly(50256);
    assertThat(tokenizer.encode("")).isEmpty();
  }

  @Test
  void readsTheOriginalPairOfFilesAlike(@TempDir Path pair) throws IOException {
    for (var name : new String[] {"vocab.json", "merges.txt"}) {
      Files.copy(TokenizerFixtures.gpt2().resolve(name), pair.resolve(name));
    }
    try (var fromPair = Tokenizer.load(pair)) {
      assertThat(fromPair.size()).isEqualTo(50257);
      for (var text : new String[] {SENTENCE, " it's  10,000 #\n\t", "naïve 😀 日本<|endoftext|>x"}) {
        assertThat(fromPair.encode(text)).containsExactly(tokenizer.encode(text));
      }
      assertThat(fromPair.sha256()).isNotEqualTo(tokenizer.sha256()).hasSize(64);
    }
  }

  @Test
  void hashesTheFile() throws Exception {
    var digest = MessageDigest.getInstance("SHA-256");
    var bytes = Files.readAllBytes(TokenizerFixtures.gpt2().resolve("tokenizer.json"));
    assertThat(tokenizer.sha256()).isEqualTo(HexFormat.of().formatHex(digest.digest(bytes)));
  }

  @Test
  void tellsWhatASingleTokenFallsInto() {
    assertThat(tokenizer.singleToken(" Mary")).isEqualTo(5335);
    assertThat(tokenizer.isSingleToken(" Zyx")).isFalse();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tokenizer.singleToken(" Zyx"))
        .withMessage(
            "\" Zyx\" is 2 tokens: \" Z\", \"yx\"; expected one token: choose another word");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tokenizer.singleToken("Sid"))
        .withMessageContaining("\" Sid\", with its leading space, is one");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tokenizer.singleToken(""))
        .withMessageContaining("\"\" is 0 tokens; expected one token");
  }

  @Test
  void showsTheBytesOfATokenThatIsNoWholeCharacter() {
    var tokens = tokenizer.strTokens("😀", Bos.NONE);
    assertThat(tokens).containsExactly("<0xF0><0x9F><0x98>", "<0x80>");
  }

  @Test
  void hasNoBosThatNoFileNames() {
    try (var bare = Tokenizer.load(TokenizerFixtures.gpt2())) {
      assertThat(bare.bos()).isEmpty();
    }
  }
}
