package dev.loupe.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.loupe.model.Prompt;
import dev.loupe.model.Token;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TaskExampleTest {
  private static final Prompt TWO = new Prompt("a b", List.of(1L, 2L), List.of("a", " b"), false);
  private static final Prompt ONE = new Prompt("a", List.of(1L), List.of("a"), false);
  private static final Token RIGHT = new Token(" c", 3);
  private static final Token WRONG = new Token(" d", 4);

  private static TaskExample example(Prompt corrupted, List<Token> wrong, int end) {
    return new TaskExample(TWO, corrupted, List.of(RIGHT), wrong, Map.of(Position.END, end));
  }

  @Test
  void findsPositionsByName() {
    var example = example(TWO, List.of(WRONG), 1);
    assertThat(example.at(new Position("END"))).isEqualTo(1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> example.at(Position.S2))
        .withMessage("no position S2 here; there are [END]");
  }

  @Test
  void refusesWhatDoesNotFit() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> example(ONE, List.of(WRONG), 1))
        .withMessageContaining("the clean prompt has 2 tokens, the corrupted one 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> example(TWO, List.of(WRONG), 2))
        .withMessageContaining("position END = 2: expected 0 to 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> example(TWO, List.of(WRONG, RIGHT), 1))
        .withMessageContaining("\" c\" (3) is both right and wrong");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TaskExample(TWO, TWO, List.of(), List.of(WRONG), Map.of()))
        .withMessageContaining("no answer");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TaskData("x", "y", List.of(), List.of()))
        .withMessageContaining("no examples");
  }
}
