package dev.loupe.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import net.jqwik.api.lifecycle.LifecycleContext;
import net.jqwik.api.lifecycle.SkipExecutionHook;
import org.jspecify.annotations.NullUnmarked;

/** No text is changed by encoding it, whatever characters it has. */
@NullUnmarked
@AddLifecycleHook(Gpt2RoundTripTest.NeedsTheTokenizer.class)
class Gpt2RoundTripTest {
  private static Tokenizer tokenizer;

  /** An assumption that fails is an error to jqwik; this skips. */
  static class NeedsTheTokenizer implements SkipExecutionHook {
    @Override
    public SkipResult shouldBeSkipped(LifecycleContext context) {
      return TokenizerFixtures.hasGpt2()
          ? SkipResult.doNotSkip()
          : SkipResult.skip(TokenizerFixtures.missing());
    }
  }

  @BeforeContainer
  static void load() {
    tokenizer = Tokenizer.load(TokenizerFixtures.gpt2());
  }

  @AfterContainer
  static void close() {
    tokenizer.close();
  }

  @Property(tries = 500)
  void decodingGivesBackTheText(@ForAll("texts") String text) {
    assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
  }

  @Property(tries = 500)
  void theTokensJoinedAreTheTextUpToStrayBytes(@ForAll("texts") String text) {
    var joined = String.join("", tokenizer.strTokens(text, Bos.NONE));
    assertThat(bytesOf(joined)).isEqualTo(text.getBytes(StandardCharsets.UTF_8));
  }

  @Property(tries = 200)
  void theTokensOfPlainTextJoinedAreTheText(@ForAll("plain") String text) {
    assertThat(String.join("", tokenizer.strTokens(text, Bos.NONE))).isEqualTo(text);
  }

  /** Undoes the {@code <0xNN>} form. */
  private static byte[] bytesOf(String shown) {
    var bytes = new ByteArrayOutputStream();
    for (int i = 0; i < shown.length(); ) {
      if (shown.startsWith("<0x", i)) {
        bytes.write(Integer.parseInt(shown, i + 3, i + 5, 16));
        i += 6;
      } else {
        var character = Character.toString(shown.codePointAt(i));
        bytes.writeBytes(character.getBytes(StandardCharsets.UTF_8));
        i += character.length();
      }
    }
    return bytes.toByteArray();
  }

  @Provide
  Arbitrary<String> texts() {
    var any =
        Arbitraries.integers()
            .between(0, Character.MAX_CODE_POINT)
            .filter(c -> Character.getType(c) != Character.SURROGATE)
            .map(Character::toString);
    var usual =
        Arbitraries.of(
            " ",
            "  ",
            "\n",
            "\t",
            "\u0000",
            "é",
            "e\u0301",
            "日本",
            "😀",
            "👩‍👩‍👧",
            "'s",
            "Mary",
            "17");
    return Arbitraries.oneOf(any, usual).list().ofMaxSize(30).map(it -> String.join("", it));
  }

  @Provide
  Arbitrary<String> plain() {
    return Arbitraries.strings().withCharRange(' ', '~').ofMaxLength(60);
  }
}
