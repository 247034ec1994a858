package dev.loupe.demo;

import dev.loupe.demo.DemoModelFigures.Choice;
import dev.loupe.demo.DemoModelFigures.ExampleFigures;
import dev.loupe.demo.DemoModelFigures.TemplateFigures;
import dev.loupe.demo.DemoModelFigures.YearFigures;
import dev.loupe.lens.Estimate;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Run;
import dev.loupe.model.Tokens;
import dev.loupe.study.StudyContext;
import dev.loupe.study.ioi.IoiPatching;
import dev.loupe.study.ioi.IoiPrompts;
import dev.loupe.task.Corruption;
import dev.loupe.task.TaskExample;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Threads;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Measures what a demo model can do, on what its training held out, and how it does it. */
public final class DemoModelEvaluation {
  /** The prompt that every introduction shows. */
  public static final String EXAMPLE = "When Mary and John went to the store, John gave a drink to";

  private static final int TOP_HEADS = 10;
  private static final int REPEATED_LENGTH = 10;

  private final HookedTransformer model;
  private final Options options;

  /**
   * How much is measured.
   *
   * @param prompts of each kind, at least 8
   * @param circuitPrompts to find the circuit with, at least 8
   * @param seed of the prompts
   */
  public record Options(int prompts, int circuitPrompts, long seed) {
    /** Refuses too few prompts. */
    public Options {
      if (prompts < 8 || circuitPrompts < 8) {
        throw new IllegalArgumentException(
            prompts + " and " + circuitPrompts + " prompts: expected at least 8 of each");
      }
    }

    /** Returns what the model card says: 1,000 prompts of each kind, 128 for the circuit. */
    public static Options standard() {
      return new Options(1000, 128, 1);
    }
  }

  private DemoModelEvaluation(HookedTransformer model, Options options) {
    this.model = model;
    this.options = options;
  }

  /**
   * Measures a model, which must have the demo model's vocabulary. Matrix products use one thread
   * meanwhile, so that the figures are the same on any number of cores.
   *
   * @throws IllegalArgumentException if words are not in its vocabulary
   */
  public static DemoModelFigures evaluate(HookedTransformer model, Options options) {
    int threads = Threads.matrixThreads();
    Threads.setMatrixThreads(1);
    try {
      return new DemoModelEvaluation(model, options).run();
    } finally {
      Threads.setMatrixThreads(threads);
    }
  }

  private DemoModelFigures run() {
    var templates = new ArrayList<TemplateFigures>();
    var sentences = new ArrayList<TaskExample>();
    int count = Words.TEMPLATES.size();
    for (int template = 0; template < count; template++) {
      var examples =
          HeldOutSentences.of(model.tokenizer(), template, (options.prompts() + count - 1) / count);
      templates.add(
          new TemplateFigures(
              Words.TEMPLATES.get(template), HeldOutSentences.choice(model, examples)));
      sentences.addAll(examples);
    }
    var data = HeldOutSentences.mixed(model.tokenizer(), options.circuitPrompts());
    return new DemoModelFigures(
        HeldOutSentences.choice(model, sentences),
        templates,
        example(),
        syllogisms(),
        years(),
        repeatedWords(),
        remarks(),
        new IoiPatching(IoiPrompts.generated(Corruption.NAME_SWAP), TOP_HEADS)
            .run(StudyContext.of(model), data),
        new DuplicateReading(model, data).run());
  }

  private ExampleFigures example() {
    var said = LastLogits.of(model, List.of(EXAMPLE));
    return new ExampleFigures(said.difference(0, " Mary", " John"), said.top(0));
  }

  private Choice syllogisms() {
    var random = new SplittableRandom(options.seed());
    var prompts = prompts(() -> Syllogisms.prompt(true, random));
    var said = LastLogits.of(model, prompts.stream().map(Syllogisms.Prompt::text).toList());
    double[] difference =
        rows()
            .mapToDouble(i ->
                said.difference(
                    i, " " + prompts.get(i).descriptor(), " " + prompts.get(i).opposite()))
            .toArray();
    return new Choice(
        DoubleStream.of(difference).filter(d -> d > 0).count() / (double) difference.length,
        said.mean(i -> said.top(i).equals(" " + prompts.get(i).descriptor()) ? 1 : 0),
        Estimate.of(difference));
  }

  private YearFigures years() {
    var random = new SplittableRandom(options.seed());
    var prompts = prompts(() -> YearSpans.prompt(true, random));
    var said = LastLogits.of(model, prompts.stream().map(YearSpans.Prompt::text).toList());
    var digits = IntStream.range(0, 100).mapToObj(YearSpans::twoDigits).toList();
    double right = 0;
    double mass = 0;
    for (int i = 0; i < prompts.size(); i++) {
      double[] probabilities = said.probabilities(i, digits);
      int likeliest = 0;
      for (int year = 0; year < probabilities.length; year++) {
        double p = probabilities[year];
        mass += year > prompts.get(i).start() ? p : -p;
        likeliest = p > probabilities[likeliest] ? year : likeliest;
      }
      right += likeliest > prompts.get(i).start() ? 1 : 0;
    }
    return new YearFigures(right / prompts.size(), mass / prompts.size(), prompts.size());
  }

  private double remarks() {
    var random = new SplittableRandom(options.seed());
    var prompts = prompts(() -> Remarks.prompt(true, random));
    var said = LastLogits.of(model, prompts.stream().map(Remarks.Prompt::text).toList());
    return said.mean(
        i -> said.difference(i, " happy", " annoyed") > 0 == prompts.get(i).sincere() ? 1 : 0);
  }

  private double repeatedWords() {
    var random = new SplittableRandom(options.seed());
    var vocabulary = new Vocabulary();
    var words = new RepeatedWords(vocabulary.tokens());
    var rows =
        Stream.generate(() -> vocabulary.encode(words.of(REPEATED_LENGTH, random)))
            .limit(options.prompts() / 8)
            .toArray(long[][]::new);
    try (var _ = TensorScope.open()) {
      long[] said = model.run(Run.of(Tokens.of(rows))).output().argmax(-1).toLongs();
      int length = 2 * REPEATED_LENGTH + 1;
      int right = 0;
      for (int row = 0; row < rows.length; row++) {
        // The second half's first word cannot be known; from its second on, each can.
        for (int i = REPEATED_LENGTH + 2; i < length; i++) {
          right += said[row * length + i - 1] == rows[row][i] ? 1 : 0;
        }
      }
      return right / (double) (rows.length * (REPEATED_LENGTH - 1));
    }
  }

  private <T> List<T> prompts(Supplier<T> maker) {
    return Stream.generate(maker).limit(options.prompts()).toList();
  }

  private IntStream rows() {
    return IntStream.range(0, options.prompts());
  }
}
