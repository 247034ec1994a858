package dev.loupe.task;

import dev.loupe.model.Prompt;
import dev.loupe.model.Token;
import dev.loupe.model.Tokenizer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Makes prompts for the greater-than task (Hanna et al., 2023): "The war lasted from the year 1732
 * to the year 17", after which every later year's last two digits, "33" to "99", are right.
 *
 * <p>Centuries run from 11 to 17, the years in them from 02 to 98; in the corrupted prompt the span
 * begins in the year 01, so that nearly every end is as good as another.
 */
public final class YearSpans {
  /** How many ends of a span there are: the two-digit years 00 to 99. */
  public static final int YEARS = 100;

  private static final int FIRST_CENTURY = 11;
  private static final int LAST_CENTURY = 17;
  private static final int FIRST_YEAR = 2;
  private static final int LAST_YEAR = 98;
  private static final int CORRUPTED = 1;
  private static final int SHOWN = 10;
  private static final String TEMPLATE =
      "The {noun} lasted from the year {XX}{YY} to the year {XX}";

  /** A year that the tokenizer cuts between century and year. */
  private record Start(int century, int year) {}

  private final Tokenizer tokenizer;
  private final YearSpansOptions options;
  private final List<Token> years;
  private final List<Start> starts;
  private final List<String> nouns;
  private final List<String> notes = new ArrayList<>();

  private YearSpans(Tokenizer tokenizer, List<String> nouns, YearSpansOptions options) {
    this.tokenizer = tokenizer;
    this.options = options;
    this.years = years(tokenizer);
    this.starts = starts();
    this.nouns = known(nouns);
  }

  /**
   * Makes prompts about Loupe's own list of nouns.
   *
   * @throws IllegalArgumentException as {@link #generate(Tokenizer, List, YearSpansOptions)}
   */
  public static TaskData generate(Tokenizer tokenizer, YearSpansOptions options) {
    return generate(tokenizer, Resources.words("year-spans.json"), options);
  }

  /**
   * Makes prompts. Years that the tokenizer does not cut into century and year, and nouns that the
   * vocabulary lacks, are left out, and noted.
   *
   * @param nouns what can last, such as {@code war}
   * @return examples whose answers are the tokens of all later years ({@code "33"} to {@code "99"},
   *     ascending), whose wrong tokens are all others ({@code "00"} to {@code "32"}, ascending),
   *     and whose positions are NOUN, XX1, YY and END, the second XX
   * @throws IllegalArgumentException if two digits are not one token in this vocabulary, or no year
   *     or noun remains
   */
  public static TaskData generate(
      Tokenizer tokenizer, List<String> nouns, YearSpansOptions options) {
    var maker = new YearSpans(tokenizer, nouns, options);
    var random = new SplittableRandom(options.seed());
    var examples =
        IntStream.range(0, options.prompts()).mapToObj(_ -> maker.example(random.split())).toList();
    return new TaskData("greater-than", "year-01", examples, maker.notes);
  }

  private TaskExample example(SplittableRandom random) {
    var noun = nouns.get(random.nextInt(nouns.size()));
    var start = starts.get(random.nextInt(starts.size()));
    var clean = prompt(noun, start.century(), start.year());
    var corrupted = prompt(noun, start.century(), CORRUPTED);
    int first = start.year() + 1;
    return new TaskExample(
        clean,
        corrupted,
        years.subList(first, YEARS),
        years.subList(0, first),
        positions(clean, noun),
        TEMPLATE);
  }

  private Prompt prompt(String noun, int century, int year) {
    var text =
        TEMPLATE
            .replace("{noun}", noun)
            .replace("{XX}", String.valueOf(century))
            .replace("{YY}", twoDigits(year));
    return Prompt.of(tokenizer, text, options.bos());
  }

  private Map<Position, Integer> positions(Prompt clean, String noun) {
    int end = clean.length() - 1;
    int xx1 = clean.positions(clean.tokens().get(end)).getFirst();
    var positions = new LinkedHashMap<Position, Integer>();
    positions.put(Position.NOUN, Prompt.of(tokenizer, "The " + noun, options.bos()).length() - 1);
    positions.put(Position.XX1, xx1);
    positions.put(Position.YY, xx1 + 1);
    positions.put(Position.END, end);
    return positions;
  }

  /**
   * Finds the tokens of 00 to 99 as they stand after a century.
   *
   * @throws IllegalArgumentException if there is no such token
   */
  private static List<Token> years(Tokenizer tokenizer) {
    var years = new ArrayList<Token>();
    var missing = new ArrayList<String>();
    for (int year = 0; year < YEARS; year++) {
      int yy = year;
      IntStream.rangeClosed(FIRST_CENTURY, LAST_CENTURY)
          .mapToObj(century -> yearToken(tokenizer, century, yy))
          .flatMap(Optional::stream)
          .findFirst()
          .or(() -> digits(tokenizer, yy))
          .ifPresentOrElse(years::add, () -> missing.add(twoDigits(yy)));
    }
    if (!missing.isEmpty()) {
      throw new IllegalArgumentException(
          ("%d of %d two-digit ends of years are not one token of %s: %s. Greater-than needs a"
                  + " vocabulary that cuts ' 1732' into ' 17' and '32'; choose another model")
              .formatted(
                  missing.size(),
                  YEARS,
                  tokenizer,
                  String.join(", ", missing.subList(0, Math.min(SHOWN, missing.size())))
                      + (missing.size() > SHOWN ? ", ..." : "")));
    }
    return years;
  }

  /** Finds the second token of " 1732", if these are " 17" and "32". */
  private static Optional<Token> yearToken(Tokenizer tokenizer, int century, int year) {
    var text = " " + century + twoDigits(year);
    if (!tokenizer.unknownWords(text).isEmpty()) {
      return Optional.empty();
    }
    long[] ids = tokenizer.encodeWithin(text);
    return tokenizer.strTokens(ids).equals(List.of(" " + century, twoDigits(year)))
        ? Optional.of(new Token(twoDigits(year), ids[1]))
        : Optional.empty();
  }

  /** Finds the token of digits alone; in GPT-2 that of 00, whose years are one token each. */
  private static Optional<Token> digits(Tokenizer tokenizer, int year) {
    var text = twoDigits(year);
    if (!tokenizer.isSingleToken(text)) {
      return Optional.empty();
    }
    long id = tokenizer.singleToken(text);
    return tokenizer.strTokens(new long[] {id}).equals(List.of(text))
        ? Optional.of(new Token(text, id))
        : Optional.empty();
  }

  /** Lists the years that can begin a span; those of a century without a year 01 cannot. */
  private List<Start> starts() {
    var kept = new ArrayList<Start>();
    int all = 0;
    for (int century = FIRST_CENTURY; century <= LAST_CENTURY; century++) {
      boolean corruptible = yearToken(tokenizer, century, CORRUPTED).isPresent();
      for (int year = FIRST_YEAR; year <= LAST_YEAR; year++) {
        all++;
        if (corruptible && yearToken(tokenizer, century, year).isPresent()) {
          kept.add(new Start(century, year));
        }
      }
    }
    if (kept.isEmpty()) {
      throw new IllegalArgumentException(
          ("none of the years 1102 to 1798 falls into century and year in %s whose year 01 does too."
                  + " Choose another model")
              .formatted(tokenizer));
    }
    if (kept.size() < all) {
      notes.add(
          "%d of %d years left out (not two tokens, century and year, or 01 of their century is not)"
              .formatted(all - kept.size(), all));
    }
    return kept;
  }

  private List<String> known(List<String> all) {
    var choice = new Choice(tokenizer, "Choose another model, or give nouns that it knows");
    var kept =
        choice.keep(
            "nouns",
            all,
            noun ->
                tokenizer.unknownWords("The " + noun + " lasted from the year to the").isEmpty()
                    ? Optional.empty()
                    : Optional.of(Choice.UNKNOWN));
    notes.addAll(choice.notes());
    return kept;
  }

  private static String twoDigits(int year) {
    return String.format(Locale.ROOT, "%02d", year);
  }
}
