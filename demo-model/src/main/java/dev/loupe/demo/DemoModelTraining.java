package dev.loupe.demo;

import dev.loupe.model.HookedTransformer;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.PaddingSide;
import dev.loupe.model.Run;
import dev.loupe.model.Tokenizer;
import dev.loupe.model.Tokens;
import dev.loupe.model.WeightProcessing;
import dev.loupe.task.TaskExample;
import dev.loupe.tensor.Autograd;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import dev.loupe.tensor.Threads;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;

/**
 * Trains the demo model. What is differentiated is Loupe's own forward pass. On one platform the
 * same options give the same weights, to the bit, whether the training was interrupted or not.
 */
public final class DemoModelTraining {
  private static final int WATCHED_PROMPTS = 160;

  private final TrainingOptions options;
  private final Path out;
  private final Consumer<String> log;
  private final Vocabulary vocabulary = new Vocabulary();
  private final ModelConfig config;

  private DemoModelTraining(TrainingOptions options, Path out, Consumer<String> log) {
    this.options = options;
    this.out = out;
    this.log = log;
    config = options.shape().config(vocabulary.size());
  }

  /**
   * Trains a model and writes it to a folder in Hugging Face layout: config.json,
   * model.safetensors, tokenizer.json, tokenizer_config.json. A training that was interrupted goes
   * on from its last checkpoint in that folder. Matrix products use one thread meanwhile.
   *
   * @param log told the loss, the accuracy and the time left
   * @throws IllegalArgumentException if the folder holds a checkpoint of other options
   * @throws UncheckedIOException if a file cannot be written
   * @throws CancellationException if the thread is interrupted, after a checkpoint is written
   */
  public static void train(TrainingOptions options, Path out, Consumer<String> log) {
    // More threads would add up in another order and give other weights.
    int threads = Threads.matrixThreads();
    Threads.setMatrixThreads(1);
    try {
      Files.createDirectories(out);
      new DemoModelTraining(options, out, log).run();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write the demo model to " + out, e);
    } finally {
      Threads.setMatrixThreads(threads);
    }
  }

  private void run() throws IOException {
    TokenizerJson.write(vocabulary, config, out);
    try (var tokenizer = Tokenizer.load(out);
        var _ = TensorScope.open()) {
      var watched = HeldOutSentences.mixed(tokenizer, WATCHED_PROMPTS).examples();
      var random = new SplittableRandom(options.seed());
      var firstWeights = random.split();
      var start =
          Checkpoint.read(out, options, config)
              .orElseGet(() ->
                  new Checkpoint(
                      0, AdamW.of(Parameters.draw(config, options.deviation(), firstWeights))));
      var parameters = start.optimizer().parameters().map(Autograd::variable);
      log.accept(
          String.format(
              Locale.ROOT,
              "%,d parameters, %d tokens, %s %d of %d",
              parameters.byName().values().stream().mapToLong(Tensor::numel).sum(),
              vocabulary.size(),
              start.step() == 0 ? "from step" : "on from step",
              start.step() + 1,
              options.steps()));
      var optimizer = new AdamW(parameters, start.optimizer().first(), start.optimizer().second());
      var writer = options.mixture().new Writer(vocabulary, random.split());
      // The texts of the steps before are drawn again, so that the next ones are the same.
      for (int step = 1; step <= start.step(); step++) {
        batch(writer, step);
      }
      var progress = new Progress(start.step(), watched);
      for (int step = start.step() + 1; step <= options.steps(); step++) {
        progress.after(step, step(step, optimizer, batch(writer, step)), optimizer);
      }
      Gpt2Export.write(config, Autograd.withoutGraph(parameters::weights), out);
    }
  }

  private List<Example> batch(Mixture.Writer writer, int step) {
    return writer.next(options.batch(), (double) step / options.steps());
  }

  /** Reports and saves, every so many steps. */
  private final class Progress {
    private final long began = System.nanoTime();
    private final int first;
    private final List<TaskExample> watched;
    private double losses;
    private int steps;

    Progress(int first, List<TaskExample> watched) {
      this.first = first;
      this.watched = watched;
    }

    void after(int step, double loss, AdamW optimizer) {
      losses += loss;
      steps++;
      boolean last = step == options.steps();
      if (last || step % options.reportEvery() == 0) {
        double each = (System.nanoTime() - began) / 1e9 / (step - first);
        log.accept(
            String.format(
                Locale.ROOT,
                "step %d of %d   loss %.4f   IO over S in %.1f %%   %.2f s a step, %.1f min left",
                step,
                options.steps(),
                losses / steps,
                100 * accuracy(optimizer.parameters(), watched),
                each,
                each * (options.steps() - step) / 60));
        losses = 0;
        steps = 0;
      }
      // An interrupted thread cannot write files: the flag is taken, and set again below.
      boolean interrupted = Thread.interrupted();
      if (last || interrupted || step % options.saveEvery() == 0) {
        new Checkpoint(step, optimizer).write(out, options);
      }
      if (interrupted && !last) {
        Thread.currentThread().interrupt();
        throw new CancellationException(
            String.format(
                Locale.ROOT,
                "interrupted after step %d of %d; %s holds the checkpoint",
                step,
                options.steps(),
                out));
      }
    }
  }

  /** Takes one step and returns the loss before it. */
  private double step(int number, AdamW optimizer, List<Example> batch) {
    try (var _ = TensorScope.open()) {
      var parameters = optimizer.parameters();
      var sorted = new ArrayList<>(batch);
      sorted.sort(Comparator.comparingInt(e -> e.tokens().size()));
      // Of each text all tokens are predicted but BOS.
      double predicted = batch.stream().mapToInt(e -> e.tokens().size()).sum();
      double loss = 0;
      var gradients = new ArrayList<Tensor>();
      for (int part = 0; part < options.parts(); part++) {
        int from = part * sorted.size() / options.parts();
        int to = (part + 1) * sorted.size() / options.parts();
        try (var scope = TensorScope.open()) {
          var piece = loss(parameters, sorted.subList(from, to), predicted);
          loss += piece.item();
          var found = Autograd.gradients(piece, List.copyOf(parameters.byName().values()), false);
          if (gradients.isEmpty()) {
            found.forEach(g -> gradients.add(scope.keep(g)));
          } else {
            for (int i = 0; i < found.size(); i++) {
              gradients.get(i).addInPlace(found.get(i), 1);
            }
          }
        }
      }
      Autograd.withoutGraph(() -> {
        optimizer.step(gradients, options.learningRate(number), options.weightDecay(), number);
        return number;
      });
      return loss;
    }
  }

  /** Returns -log p of every next token, added up over a piece and divided by all of the batch. */
  private Tensor loss(Parameters parameters, List<Example> examples, double predicted) {
    var tokens =
        Tokens.padded(PaddingSide.RIGHT, 0, examples.stream().map(vocabulary::encode).toList());
    int next = tokens.length() - 1;
    var weights = new float[examples.size() * next];
    for (int row = 0; row < examples.size(); row++) {
      var example = examples.get(row);
      for (int i = 0; i < example.tokens().size(); i++) {
        double weight = i >= example.answer() ? options.answerWeight() : 1;
        weights[row * next + i] = (float) (weight / predicted);
      }
    }
    try (var model = model(parameters)) {
      var run = Run.of(tokens).returning(Run.Returns.LOSS_PER_TOKEN);
      return model.run(run).output().mul(Tensors.of(weights, examples.size(), next)).sum();
    }
  }

  private double accuracy(Parameters parameters, List<TaskExample> prompts) {
    return Autograd.withoutGraph(() -> {
      try (var _ = TensorScope.open();
          var model = model(parameters)) {
        return HeldOutSentences.choice(model, prompts).accuracy();
      }
    });
  }

  private HookedTransformer model(Parameters parameters) {
    return HookedTransformer.of(
        config, parameters.weights(), Optional.empty(), WeightProcessing.none());
  }
}
