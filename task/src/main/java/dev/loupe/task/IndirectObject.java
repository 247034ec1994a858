package dev.loupe.task;

import dev.loupe.model.Prompt;
import dev.loupe.model.Token;
import dev.loupe.model.Tokenizer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Makes prompts for indirect object identification (Wang et al., 2022): "When Mary and John went to
 * the store, John gave a drink to", whose next word is the indirect object, " Mary".
 *
 * <p>Even examples name the indirect object first (ABBA), odd ones the subject (BABA).
 */
public final class IndirectObject {
  private final Tokenizer tokenizer;
  private final IndirectObjectOptions options;
  private final IndirectObjectLists lists;
  private final List<String> notes = new ArrayList<>();

  private IndirectObject(
      Tokenizer tokenizer, IndirectObjectLists all, IndirectObjectOptions options) {
    this.tokenizer = tokenizer;
    this.options = options;
    int needed = options.corruption().namesNeeded();
    var names = keep("names", "not one token", needed, all.names(), this::isSingleToken);
    var places = keep("places", "not one token", 1, all.places(), this::isSingleToken);
    var objects = keep("objects", "not one token", 1, all.objects(), this::isSingleToken);
    var templates =
        keep(
            "templates",
            "unknown words",
            1,
            all.templates(),
            it -> isKnown(it, names.getFirst(), places.getFirst(), objects.getFirst()));
    lists = new IndirectObjectLists(names, places, objects, templates);
  }

  /**
   * Makes prompts from Loupe's own word lists.
   *
   * @throws IllegalArgumentException as {@link #generate(Tokenizer, IndirectObjectLists,
   *     IndirectObjectOptions)}
   */
  public static TaskData generate(Tokenizer tokenizer, IndirectObjectOptions options) {
    return generate(tokenizer, IndirectObjectLists.standard(), options);
  }

  /**
   * Makes prompts from the given word lists. Words of more than one token and templates with words
   * that the vocabulary lacks are left out, and noted.
   *
   * @return examples with the answer IO, the wrong answer S and the positions IO, S1, S1+1, S2, END
   * @throws IllegalArgumentException if too few words or templates remain, with how many do
   */
  public static TaskData generate(
      Tokenizer tokenizer, IndirectObjectLists lists, IndirectObjectOptions options) {
    var maker = new IndirectObject(tokenizer, lists, options);
    var random = new SplittableRandom(options.seed());
    var examples =
        IntStream.range(0, options.prompts())
            .mapToObj(i -> maker.example(i % 2 == 0, random.split()))
            .toList();
    return new TaskData("indirect-object", options.corruption().toString(), examples, maker.notes);
  }

  /** Draws what the clean prompt needs first, so that it is the same under every corruption. */
  private TaskExample example(boolean ioFirst, SplittableRandom random) {
    var template = draw(lists.templates(), random);
    var place = draw(lists.places(), random);
    var object = draw(lists.objects(), random);
    var others = new ArrayList<>(lists.names());
    var io = others.remove(random.nextInt(others.size()));
    var s = others.remove(random.nextInt(others.size()));
    var clean = prompt(template, ioFirst ? io : s, ioFirst ? s : io, s, place, object);
    var corrupted =
        switch (options.corruption()) {
          case NAME_SWAP -> prompt(template, ioFirst ? s : io, ioFirst ? io : s, io, place, object);
          case ABC ->
              prompt(
                  template,
                  others.remove(random.nextInt(others.size())),
                  others.remove(random.nextInt(others.size())),
                  others.remove(random.nextInt(others.size())),
                  place,
                  object);
        };
    var positions = positions(clean, " " + io, " " + s);
    checkAligned(clean, corrupted, positions);
    return new TaskExample(
        clean,
        corrupted,
        List.of(token(io)),
        List.of(token(s)),
        positions,
        // Who is named first moves IO and S1, so that each order is a template of its own.
        template + order(ioFirst));
  }

  static String order(boolean ioFirst) {
    return ioFirst ? " (ABBA)" : " (BABA)";
  }

  private static String draw(List<String> list, SplittableRandom random) {
    return list.get(random.nextInt(list.size()));
  }

  private Prompt prompt(
      String template, String a, String b, String s, String place, String object) {
    var text = IndirectObjectLists.fill(template, a, b, s, place, object);
    return Prompt.of(tokenizer, text, options.bos());
  }

  private Token token(String name) {
    return new Token(" " + name, tokenizer.singleToken(" " + name));
  }

  /** Finds the key positions by the tokens of the names, wherever the template has them. */
  static Map<Position, Integer> positions(Prompt clean, String io, String s) {
    var ios = clean.positions(io);
    var subjects = clean.positions(s);
    if (ios.size() != 1 || subjects.size() != 2) {
      throw new IllegalArgumentException(
          "expected the token '%s' once and '%s' twice, found them at %s and %s of %s"
              .formatted(io, s, ios, subjects, clean));
    }
    return positions(ios.getFirst(), subjects.get(0), subjects.get(1), clean.length() - 1);
  }

  static Map<Position, Integer> positions(int io, int s1, int s2, int end) {
    var positions = new LinkedHashMap<Position, Integer>();
    positions.put(Position.IO, io);
    positions.put(Position.S1, s1);
    positions.put(Position.S1_PLUS_1, s1 + 1);
    positions.put(Position.S2, s2);
    positions.put(Position.END, end);
    return positions;
  }

  /** Holds that a corruption changes the names and nothing else. */
  private static void checkAligned(
      Prompt clean, Prompt corrupted, Map<Position, Integer> positions) {
    var names =
        List.of(positions.get(Position.IO), positions.get(Position.S1), positions.get(Position.S2));
    boolean aligned =
        clean.length() == corrupted.length()
            && IntStream.range(0, clean.length())
                .allMatch(
                    i -> clean.ids().get(i).equals(corrupted.ids().get(i)) != names.contains(i));
    if (!aligned) {
      throw new IllegalArgumentException(
          "the corrupted prompt must differ from the clean one in its three names alone:%n  %s%n  %s"
              .formatted(clean, corrupted));
    }
  }

  private boolean isSingleToken(String word) {
    return tokenizer.isSingleToken(" " + word);
  }

  private boolean isKnown(String template, String name, String place, String object) {
    var text = IndirectObjectLists.fill(template, name, name, name, place, object);
    return tokenizer.unknownWords(text).isEmpty();
  }

  /** Keeps the usable entries of a list, notes the others, and holds that enough remain. */
  private List<String> keep(
      String kind, String flaw, int needed, List<String> all, Predicate<String> usable) {
    var kept = all.stream().filter(usable).toList();
    var left = all.stream().filter(usable.negate()).collect(Collectors.joining("; "));
    if (kept.size() < all.size()) {
      notes.add(
          "%d of %d %s left out (%s): %s"
              .formatted(all.size() - kept.size(), all.size(), kind, flaw, left));
    }
    if (kept.size() < needed) {
      throw new IllegalArgumentException(
          ("%d of %d %s remain under %s; expected at least %d for the corruption %s. Left out (%s):"
                  + " %s. Choose another model, or give word lists (IndirectObjectLists) that its"
                  + " vocabulary knows")
              .formatted(
                  kept.size(),
                  all.size(),
                  kind,
                  tokenizer,
                  needed,
                  options.corruption(),
                  flaw,
                  left.isEmpty() ? "none" : left));
    }
    return kept;
  }
}
