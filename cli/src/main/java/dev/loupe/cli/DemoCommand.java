package dev.loupe.cli;

import dev.loupe.model.LoadOptions;
import dev.loupe.task.IndirectObject;
import dev.loupe.task.IndirectObjectOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs the main job on the embedded model. */
@Command(
    name = "demo",
    description = "Watch Loupe find the heads that carry the answer in the embedded model.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    footer = {
      "",
      "The same as: loupe ioi --model demo",
      "Needs no network. For a real model: loupe ioi --model gpt2"
    })
final class DemoCommand extends LoupeCommand {
  private static final String MODEL = "demo";
  private static final int TOP = 10;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FOLDER",
      description = "Where the report goes (default: runs/ioi-demo-TIME).")
  private Optional<Path> out = Optional.empty();

  @Override
  void run() throws IOException {
    out.ifPresent(RunFacts::requireFolder);
    out()
        .println(
            wrapped(
                "When Mary and John went to the store, John gave a drink to ... whom? A model that answers"
                    + " \"Mary\" (IO, the indirect object) and not \"John\" (S, the subject) has found the"
                    + " name that was not repeated. Which of its attention heads carry that answer, over 100"
                    + " sentences of this kind?"));
    out().println();
    try (var transformer = LoadingOptions.load(MODEL, LoadOptions.standard(), this)) {
      var bos = Texts.bos(false, transformer.tokenizer());
      var options = IndirectObjectOptions.defaults(bos);
      var data = IndirectObject.generate(transformer.tokenizer(), options);
      new IndirectObjectShow(this, "./loupe demo", new PromptSource.Generated(options.seed()))
          .run(transformer, data, TOP, out);
    }
  }
}
