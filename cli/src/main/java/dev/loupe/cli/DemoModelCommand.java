package dev.loupe.cli;

import dev.loupe.demo.DemoModelEvaluation;
import dev.loupe.demo.DemoModelTraining;
import dev.loupe.demo.ModelCard;
import dev.loupe.demo.TrainingOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Makes the embedded model again, and measures it. */
@Command(
    name = "demo-model",
    description = "Train the embedded model again, or measure what it can do.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {DemoModelCommand.Train.class, DemoModelCommand.Evaluate.class},
    footer = {
      "",
      "Examples:",
      "  loupe demo-model train",
      "  loupe demo-model evaluate",
      "  loupe ioi --model ./runs/demo-model"
    })
final class DemoModelCommand extends LoupeCommand {
  @Override
  void run() {
    throw wrongUsage("demo-model does nothing by itself: expected train or evaluate");
  }

  /** Trains it. */
  @Command(
      name = "train",
      description = "Train the model from scratch and write it, with its card, to a folder.",
      mixinStandardHelpOptions = true,
      versionProvider = Version.class,
      footer = {
        "",
        "Without options the weights are those that ship with Loupe. Takes about ten minutes on one",
        "core. An interrupted training goes on from its last checkpoint in the folder."
      })
  static final class Train extends LoupeCommand {
    @Option(
        names = {"-o", "--out"},
        paramLabel = "FOLDER",
        defaultValue = "runs/demo-model",
        description = "Where the model goes (default: ${DEFAULT-VALUE}).")
    private Path out = Path.of("runs/demo-model");

    @Option(names = "--steps", paramLabel = "N", description = "Steps of the optimiser.")
    private Optional<Integer> steps = Optional.empty();

    @Option(names = "--seed", paramLabel = "SEED", description = "Of first weights and texts.")
    private Optional<Long> seed = Optional.empty();

    @Override
    void run() throws IOException {
      var options = asked(this::options);
      DemoModelTraining.train(options, out, this::log);
      log("measuring ...");
      ModelCard.write(out, options).summary().forEach(out()::println);
      out().println("wrote the model to " + out + ", which now holds " + String.join(", ", held()));
      out().println("use it: loupe ioi --model " + Shell.quoted(asFolder(out)));
    }

    private List<String> held() throws IOException {
      try (var files = Files.list(out)) {
        return files.map(file -> file.getFileName().toString()).sorted().toList();
      }
    }

    // A bare name could also be meant for the hub, or for the embedded model.
    private static String asFolder(Path out) {
      return out.isAbsolute() || out.startsWith(".") || out.startsWith("..")
          ? out.toString()
          : "./" + out;
    }

    private TrainingOptions options() {
      var standard = TrainingOptions.standard();
      var longer = steps.map(standard::withSteps).orElse(standard);
      return seed.map(longer::withSeed).orElse(longer);
    }

    private void log(String line) {
      err().println(line);
      err().flush();
    }
  }

  /** Measures it. */
  @Command(
      name = "evaluate",
      description = "Measure a model of the demo's kind on material that was held out of training.",
      mixinStandardHelpOptions = true,
      versionProvider = Version.class)
  static final class Evaluate extends LoupeCommand {
    @Option(
        names = {"-m", "--model"},
        paramLabel = "MODEL",
        defaultValue = "demo",
        description = "demo, or the folder of a model trained here (default: ${DEFAULT-VALUE}).")
    private String name = "demo";

    @Mixin private LoadingOptions loading = new LoadingOptions();

    @Override
    void run() {
      try (var model = loading.load(name, this)) {
        DemoModelEvaluation.evaluate(model, DemoModelEvaluation.Options.standard())
            .summary()
            .forEach(out()::println);
      }
    }
  }
}
