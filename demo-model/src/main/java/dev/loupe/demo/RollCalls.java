package dev.loupe.demo;

import java.util.HashSet;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * Calls in a row, "Mary called, Tom called, Mary called again": who was named before is told apart
 * from who was not.
 */
final class RollCalls {

  private static final List<String> VERBS = Words.words("came called left smiled waited");

  private RollCalls() {}

  static Example train(RandomGenerator random) {
    var verb = Pick.from(VERBS, random);
    int people = random.nextInt(3, 7);
    var names =
        Stream.generate(() -> Pick.from(Words.NAMES, random)).distinct().limit(people).toList();
    int calls = random.nextInt(5, 10);
    var text = new StringBuilder();
    var before = new HashSet<String>();
    for (int i = 0; i < calls; i++) {
      var name = Pick.from(names, random);
      text.append(i == 0 ? "" : i == calls - 1 ? ", and " : ", ")
          .append(name)
          .append(' ')
          .append(verb)
          .append(Example.ASKED)
          .append(before.add(name) ? "" : " again");
    }
    return Example.marked(text.append('.').toString());
  }

  static Stream<String> lexicon() {
    return Stream.concat(VERBS.stream().map(v -> " " + v), Stream.of(", and again."));
  }
}
