package dev.loupe.study;

import dev.loupe.model.ModelConfig;
import dev.loupe.model.Prompt;
import dev.loupe.model.Token;
import dev.loupe.task.Position;
import dev.loupe.task.TaskData;
import dev.loupe.task.TaskExample;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Prompts of random tokens, of several lengths, for studies of random models. */
public final class RandomTasks {
  private RandomTasks() {}

  /** Returns prompts that have the positions of indirect-object ones. */
  public static TaskData indirectObject(ModelConfig config, int... lengths) {
    var random = new SplittableRandom(5);
    var examples =
        IntStream.of(lengths)
            .mapToObj(length -> {
              var positions = new LinkedHashMap<Position, Integer>();
              positions.put(Position.IO, 1);
              positions.put(Position.S1, 2);
              positions.put(Position.S2, 4);
              positions.put(Position.END, length - 1);
              long right = random.nextLong(1, config.dVocab());
              return new TaskExample(
                  prompt(random.longs(length, 0, config.dVocab()).toArray()),
                  prompt(random.longs(length, 0, config.dVocab()).toArray()),
                  List.of(token(right)),
                  List.of(token(right - 1)),
                  positions);
            })
            .toList();
    return new TaskData("indirect-object", "random", examples, List.of("random tokens"));
  }

  /** Returns prompts after which later years are right; the tokens 0 to 99 are the years. */
  public static TaskData years(ModelConfig config, int... starts) {
    var random = new SplittableRandom(6);
    var examples =
        IntStream.of(starts)
            .mapToObj(start -> {
              long[] clean = random.longs(6, 100, config.dVocab()).toArray();
              long[] corrupted = clean.clone();
              clean[3] = start;
              corrupted[3] = 1;
              return new TaskExample(
                  prompt(clean),
                  prompt(corrupted),
                  tokens(start + 1, 100),
                  tokens(0, start + 1),
                  Map.of(Position.YY, 3, Position.END, 5),
                  "template");
            })
            .toList();
    return new TaskData("greater-than", "year-01", examples, List.of());
  }

  private static List<Token> tokens(long from, long to) {
    return LongStream.range(from, to).mapToObj(RandomTasks::token).toList();
  }

  private static Token token(long id) {
    return new Token("<" + id + ">", id);
  }

  private static Prompt prompt(long... ids) {
    var tokens = Arrays.stream(ids).mapToObj(id -> "<" + id + ">").toList();
    return new Prompt(String.join("", tokens), Arrays.stream(ids).boxed().toList(), tokens, false);
  }
}
