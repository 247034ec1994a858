package dev.loupe.cli;

import dev.loupe.model.LoadOptions;
import dev.loupe.study.ioi.IoiPatching;
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
      var study = IoiPatching.standard();
      var source = new PromptSource.Generated(study.prompts().seed());
      new IndirectObjectShow(this, "./loupe demo", source).run(transformer, study, out);
    }
  }
}
