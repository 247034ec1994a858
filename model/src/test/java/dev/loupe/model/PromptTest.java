package dev.loupe.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.loupe.model.Prompt.Occurrence;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PromptTest {
  @TempDir private Path folder;
  private Tokenizer tokenizer;

  @BeforeEach
  void load() {
    tokenizer = TokenizerFixtures.tiny(folder);
  }

  @AfterEach
  void close() {
    tokenizer.close();
  }

  @Test
  void showsItsExactTokens() {
    var prompt = Prompt.of(tokenizer, "When Mary and John met, John", Bos.PREPEND);
    assertThat(prompt)
        .hasToString(
            "0:\"<|endoftext|>\" 1:\"When\" 2:\" Mary\" 3:\" and\" 4:\" John\" 5:\" met\" 6:\",\""
                + " 7:\" John\"");
    assertThat(prompt.length()).isEqualTo(8);
    assertThat(prompt.bosPrepended()).isTrue();
    assertThat(Prompt.of(tokenizer, prompt.text(), Bos.NONE).length()).isEqualTo(7);
  }

  @Test
  void findsPositions() {
    var prompt = Prompt.of(tokenizer, "When Mary and John met, John", Bos.PREPEND);
    assertThat(prompt.position(" Mary")).isEqualTo(2);
    assertThat(prompt.position(" John", Occurrence.FIRST)).isEqualTo(4);
    assertThat(prompt.position(" John", Occurrence.LAST)).isEqualTo(7);
    assertThat(prompt.positions(" John")).containsExactly(4, 7);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> prompt.position(" John"))
        .withMessageContaining("positions [4, 7]")
        .withMessageContaining("4:\" John\"");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> prompt.position("Mary", Occurrence.FIRST))
        .withMessageContaining("did you mean \" Mary\"?")
        .withMessageContaining(prompt.show());
  }

  @Test
  void takesExactIdsAndAddsNothing() {
    var prompt = Prompt.ofIds(tokenizer, 2, 16, 3);
    assertThat(prompt.idArray()).containsExactly(2, 16, 3);
    assertThat(prompt.text()).isEqualTo("When Mary and");
    assertThat(prompt.bosPrepended()).isFalse();
    assertThat(prompt).isEqualTo(Prompt.of(tokenizer, "When Mary and", Bos.NONE));
  }

  @Test
  void cannotBeChangedFromOutside() {
    var prompt = Prompt.ofIds(tokenizer, 2, 16);
    prompt.idArray()[0] = 7;
    assertThat(prompt.ids()).containsExactly(2L, 16L);
  }

  @Test
  void refusesNoTokens() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Prompt.of(tokenizer, "", Bos.NONE))
        .withMessageContaining("empty prompt");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Prompt("x", List.of(1L), List.of(), false))
        .withMessageContaining("1 ids but 0 tokens");
  }
}
