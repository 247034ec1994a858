package dev.loupe.cli;

import dev.loupe.model.GenerateOptions;
import dev.loupe.model.GenerateOptions.Sampling;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Prompt;
import dev.loupe.model.Tokens;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Continues a text. */
@Command(
    name = "generate",
    description = "Continue a text, token by token.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    footer = {
      "",
      "Takes the most likely token each time, unless --temperature, --top-k, --top-p or --seed asks",
      "for a draw. A terminal shows the prompt too; a pipe gets the continuation alone.",
      "",
      "Examples:",
      "  loupe generate --model demo \"When Mary and John went to the store, John gave a drink to\"",
      "  loupe generate --model gpt2 --temperature 0.8 --top-k 40 --seed 1 \"Once upon a time\""
    })
final class GenerateCommand extends LoupeCommand {
  private static final int USUAL_LENGTH = 30;

  @Mixin private ModelOption model = new ModelOption();

  @Option(
      names = {"-n", "--max-new-tokens"},
      paramLabel = "N",
      description = "The most tokens to add (default: " + USUAL_LENGTH + ", or what fits).")
  private Optional<Integer> maxNewTokens = Optional.empty();

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description = "Draw, with logits divided by T (default of a draw: 1).")
  private Optional<Double> temperature = Optional.empty();

  @Option(names = "--top-k", paramLabel = "K", description = "Draw from the K most likely tokens.")
  private Optional<Integer> topK = Optional.empty();

  @Option(
      names = "--top-p",
      paramLabel = "P",
      description = "Draw from the fewest tokens that together have probability P.")
  private Optional<Double> topP = Optional.empty();

  @Option(
      names = "--seed",
      paramLabel = "SEED",
      description = "Draw; the same seed gives the same text (default of a draw: 0).")
  private Optional<Long> seed = Optional.empty();

  @Option(names = "--greedy", description = "Take the most likely token each time (the default).")
  private boolean greedy;

  @Option(names = "--no-bos", description = Help.NO_BOS)
  private boolean noBos;

  @Parameters(paramLabel = "TEXT", description = "The text to continue.")
  private String text = "";

  @Override
  void run() {
    Texts.requireSome(text, this);
    var sampling = asked(this::sampling);
    maxNewTokens.ifPresent(n -> asked(() -> GenerateOptions.greedy(n)));
    try (var transformer = model.load(this)) {
      var bos = Texts.bos(noBos, transformer.tokenizer());
      var prompt = asked(() -> transformer.prompt(text, bos));
      var options = GenerateOptions.greedy(length(transformer, prompt)).withSampling(sampling);
      var stream = new TokenStream(transformer, prompt, this::show);
      if (shell().outIsTerminal()) {
        out().print(faint(Texts.harmless(text)));
        out().flush();
      }
      asked(() ->
          transformer.generate(Tokens.of(prompt), options, (row, token) -> stream.next(token)));
      stream.end();
      out().println();
    }
  }

  private Sampling sampling() {
    boolean draws =
        temperature.isPresent() || topK.isPresent() || topP.isPresent() || seed.isPresent();
    if (!draws) {
      return new Sampling.Greedy();
    }
    if (greedy) {
      throw new IllegalArgumentException(
          "--greedy draws nothing: leave out --temperature, --top-k, --top-p and --seed");
    }
    return new Sampling.Random(
        temperature.orElse(1.0),
        topK.map(OptionalInt::of).orElseGet(OptionalInt::empty),
        topP.orElse(1.0),
        seed.orElse(0L));
  }

  /** Returns what was asked for, even where it is too much; else what fits. */
  private int length(HookedTransformer transformer, Prompt prompt) {
    int room = Math.max(1, transformer.config().nCtx() - prompt.length());
    return maxNewTokens.orElse(Math.min(USUAL_LENGTH, room));
  }

  private void show(String piece) {
    out().print(shell().outIsTerminal() ? Texts.harmless(piece) : piece);
    out().flush();
  }
}
