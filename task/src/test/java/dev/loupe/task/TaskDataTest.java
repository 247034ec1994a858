package dev.loupe.task;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.lens.At;
import dev.loupe.model.PaddingSide;
import dev.loupe.model.Prompt;
import dev.loupe.model.Token;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class TaskDataTest {
  private static Prompt prompt(long... ids) {
    return new Prompt(
        "x", LongStream.of(ids).boxed().toList(), Collections.nCopies(ids.length, "x"), false);
  }

  private static TaskExample example(String template, long[] clean, Map<Position, Integer> at) {
    return new TaskExample(
        prompt(clean),
        prompt(LongStream.of(clean).map(id -> id + 10).toArray()),
        List.of(new Token("a", 1), new Token("b", 2)),
        List.of(new Token("c", 3)),
        at,
        template);
  }

  @Test
  void examplesBecomeABatch() {
    var both = Map.of(Position.END, 2, Position.S2, 1);
    var pairs =
        new TaskData(
                "t",
                "c",
                List.of(
                    example("A to", new long[] {4, 5, 6}, both),
                    example("", new long[] {7, 8, 9, 10}, Map.of(Position.S2, 3))),
                List.of())
            .pairs();
    assertThat(pairs.clean().side()).isEqualTo(PaddingSide.LEFT);
    assertThat(pairs.clean().row(0)).containsExactly(4, 5, 6);
    assertThat(pairs.corrupted().row(1)).containsExactly(17, 18, 19, 20);
    assertThat(pairs.answers().right()).containsOnly(List.of(1L, 2L));
    assertThat(pairs.answers().wrong()).containsOnly(List.of(3L));
    assertThat(pairs.positions()).containsOnlyKeys("S2");
    assertThat(pairs.positions(At.named("S2"), 1)).containsExactly(3);
    assertThat(pairs.templates()).containsExactly("A to, 3 tokens", "4 tokens");
  }
}
