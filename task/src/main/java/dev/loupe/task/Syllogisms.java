package dev.loupe.task;

import dev.loupe.model.Prompt;
import dev.loupe.model.Token;
import dev.loupe.model.Tokenizer;
import dev.loupe.task.SyllogismTemplate.Span;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * All syllogisms that a tokenizer can make of some words, in an order that the seed decides; none
 * is made before it is asked for.
 *
 * <p>"All reptiles are cold, not warm. Lizards are reptiles. Therefore, lizards are" is answered by
 * the first token of " cold" and not by that of " warm"; the corrupted prompt has the two words
 * exchanged, so that its answer is the opposite. Both directions of every pair are among them.
 */
public final class Syllogisms {
  private record Member(String category, String noun) {}

  private final Tokenizer tokenizer;
  private final SyllogismOptions options;
  private final SyllogismTemplate template;
  private final SyllogismWords kept;
  private final List<Member> members;
  private final Shuffle order;
  private final List<String> notes;

  private Syllogisms(Tokenizer tokenizer, SyllogismWords words, SyllogismOptions options) {
    this.tokenizer = tokenizer;
    this.options = options;
    template = SyllogismTemplate.parse(options.template());
    var choice =
        new Choice(
            tokenizer,
            "Choose another model, other numbers of tokens (any), or give words of your own");
    // Where slots stand open, spaces follow one another: no words.
    var unknown =
        tokenizer.unknownWords(String.join(" ", template.texts())).stream()
            .filter(word -> !word.isBlank())
            .toList();
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "template '%s': %s not in the vocabulary of %s; give another template"
              .formatted(options.template(), unknown, tokenizer));
    }
    kept =
        new SyllogismWords(
            choice.keep("categories", words.categories(), this::obstacleToCategory),
            choice.keep("descriptors", words.descriptors(), this::obstacleToPair),
            choice.keep("nouns", words.nouns(), this::obstacleToNoun));
    members =
        kept.categories().stream()
            .flatMap(category ->
                kept.nouns().stream()
                    .filter(noun -> !noun.equals(category))
                    .map(noun -> new Member(category, noun)))
            .toList();
    if (members.isEmpty()) {
      throw new IllegalArgumentException(
          "the only noun '%s' is also the only category; give more words"
              .formatted(kept.nouns().getFirst()));
    }
    notes = choice.notes();
    order = new Shuffle(size(), options.seed());
  }

  /**
   * Keeps the words that fit: in the vocabulary, of as many tokens as the options say, descriptor
   * and opposite of as many tokens as each other, with different first tokens. What is left out is
   * noted.
   *
   * @throws IllegalArgumentException if no category, pair or noun remains
   */
  public static Syllogisms candidates(
      Tokenizer tokenizer, SyllogismWords words, SyllogismOptions options) {
    return new Syllogisms(tokenizer, words, options);
  }

  /** Returns how many there are; a noun is never paired with itself as category. */
  public long size() {
    return 2L * members.size() * kept.descriptors().size();
  }

  /**
   * Makes one of them.
   *
   * @param index from 0, in the order of the seed
   * @return one answer, one wrong token, and the positions CATEGORY, DESCRIPTOR, OPPOSITE, NOUN,
   *     CATEGORY2, NOUN2 (the last token of each word) and END; a further mention of a word in a
   *     template of your own has the next number
   * @throws IndexOutOfBoundsException if there are not that many
   * @throws IllegalArgumentException if the tokenizer runs words and their surroundings together
   */
  public TaskExample get(long index) {
    long at = order.at(index);
    var pair = kept.descriptors().get((int) (at / 2 % kept.descriptors().size()));
    var member = members.get((int) (at / 2 / kept.descriptors().size()));
    boolean straight = at % 2 == 0;
    var descriptor = straight ? pair.one() : pair.other();
    var opposite = straight ? pair.other() : pair.one();
    var cleanMentions = new ArrayList<Span>();
    var clean = prompt(member, descriptor, opposite, cleanMentions);
    var corruptedMentions = new ArrayList<Span>();
    var corrupted = prompt(member, opposite, descriptor, corruptedMentions);
    if (!cleanMentions.equals(corruptedMentions)) {
      throw new IllegalArgumentException(
          "'%s' and '%s' do not line up in these prompts:%n  %s%n  %s"
              .formatted(descriptor, opposite, clean, corrupted));
    }
    var positions = new LinkedHashMap<Position, Integer>();
    var names = template.positions();
    for (int i = 0; i < names.size(); i++) {
      positions.put(names.get(i), cleanMentions.get(i).end() - 1);
    }
    positions.put(Position.END, clean.length() - 1);
    return new TaskExample(
        clean,
        corrupted,
        List.of(first(descriptor)),
        List.of(first(opposite)),
        positions,
        options.template() + lengths(cleanMentions));
  }

  /** Makes one after the other, in the order of the seed. */
  public Stream<TaskExample> stream() {
    return LongStream.range(0, size()).mapToObj(this::get);
  }

  /**
   * Makes the first of them, without asking a model whether it knows the answers.
   *
   * @param most how many at most, at least 1
   */
  public TaskData first(int most) {
    if (most < 1) {
      throw new IllegalArgumentException("most = " + most + ": expected 1 or more syllogisms");
    }
    return data(stream().limit(most).toList());
  }

  /** Returns examples that were chosen of these as a task. */
  public TaskData data(List<TaskExample> chosen) {
    return new TaskData("syllogism", "opposite", chosen, notes);
  }

  /** Returns the words that were kept. */
  public SyllogismWords kept() {
    return kept;
  }

  /** Returns which words were left out, and why. */
  public List<String> notes() {
    return notes;
  }

  private Prompt prompt(Member member, String descriptor, String opposite, List<Span> mentions) {
    var filled =
        template.fill(slot ->
            switch (slot) {
              case CATEGORY -> member.category();
              case DESCRIPTOR -> descriptor;
              case OPPOSITE -> opposite;
              case CAPITAL_NOUN -> capital(member.noun());
              case NOUN -> member.noun();
            });
    var prompt = Prompt.of(tokenizer, filled.text(), options.bos());
    for (var word : filled.words()) {
      // The space before a word is part of its first token.
      mentions.add(
          new Span(tokens(prompt, Math.max(0, word.start() - 1)), tokens(prompt, word.end())));
    }
    return prompt;
  }

  /** Counts the tokens of a beginning of a prompt, which must be those that the prompt has. */
  private int tokens(Prompt prompt, int chars) {
    int bos = prompt.bosPrepended() ? 1 : 0;
    if (chars == 0) {
      return bos;
    }
    long[] ids = tokenizer.encode(prompt.text().substring(0, chars));
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] != prompt.ids().get(bos + i)) {
        throw new IllegalArgumentException(
            "the tokens of '%s' are not those that the prompt begins with: %s"
                .formatted(prompt.text().substring(0, chars), prompt));
      }
    }
    return bos + ids.length;
  }

  /** Says how long the words are: in a template, positions line up only where these do. */
  private static String lengths(List<Span> mentions) {
    return mentions.stream()
        .map(it -> String.valueOf(it.end() - it.start()))
        .collect(Collectors.joining(" ", " (", " tokens)"));
  }

  private Token first(String word) {
    long id = tokenizer.encodeWithin(" " + word)[0];
    return new Token(tokenizer.strTokens(new long[] {id}).getFirst(), id);
  }

  private Optional<String> obstacleToCategory(String category) {
    return obstacle(category, options.counts().category());
  }

  private Optional<String> obstacleToNoun(String noun) {
    return obstacle(capital(noun), options.counts().capitalNoun())
        .map(it -> it + " with a capital")
        .or(() -> obstacle(noun, options.counts().noun()));
  }

  private Optional<String> obstacleToPair(Opposites pair) {
    var expected = options.counts().descriptor();
    return obstacle(pair.one(), expected)
        .or(() -> obstacle(pair.other(), expected))
        .or(() ->
            count(pair.one()) == count(pair.other())
                ? Optional.empty()
                : Optional.of("not as many tokens as each other"))
        .or(() ->
            first(pair.one()).equals(first(pair.other()))
                ? Optional.of("the same first token")
                : Optional.empty());
  }

  private Optional<String> obstacle(String word, OptionalInt expected) {
    if (!tokenizer.unknownWords(" " + word).isEmpty()) {
      return Optional.of(Choice.UNKNOWN);
    }
    return expected.isPresent() && count(word) != expected.getAsInt()
        ? Optional.of(
            expected.getAsInt() == 1 ? "not 1 token" : "not " + expected.getAsInt() + " tokens")
        : Optional.empty();
  }

  private int count(String word) {
    return tokenizer.encodeWithin(" " + word).length;
  }

  static String capital(String word) {
    int first = word.codePointAt(0);
    return Character.toString(Character.toUpperCase(first))
        + word.substring(Character.charCount(first));
  }
}
