package dev.loupe.cli;

import dev.loupe.study.ioi.IoiPatching;
import dev.loupe.study.run.ModelSpec;
import dev.loupe.study.run.StudySpec;
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
  @Option(
      names = {"-o", "--out"},
      paramLabel = "FOLDER",
      description = "Where the report goes (default: runs/ioi-patching-demo-TIME).")
  private Optional<Path> out = Optional.empty();

  @Override
  void run() throws IOException {
    var study = IoiPatching.standard();
    var spec = new StudySpec(ModelSpec.named(StudySpec.USUAL_MODEL), study);
    var show = new StudyShow(this, spec, out, "./loupe demo");
    out()
        .println(
            wrapped(
                "When Mary and John went to the store, John gave a drink to ... whom? A model that answers"
                    + " \"Mary\" (IO, the indirect object) and not \"John\" (S, the subject) has found the"
                    + " name that was not repeated. Which of its attention heads carry that answer, over 100"
                    + " sentences of this kind?"));
    out().println();
    IndirectObjectShow.run(this, study, show);
  }
}
