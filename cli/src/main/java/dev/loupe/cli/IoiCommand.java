package dev.loupe.cli;

import dev.loupe.study.ioi.IoiPatching;
import dev.loupe.study.ioi.IoiPrompts;
import dev.loupe.study.run.ModelSpec;
import dev.loupe.study.run.StudySpec;
import dev.loupe.task.Corruption;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Finds the heads that carry the answer of the indirect-object task. */
@Command(
    name = "ioi",
    description = "Find the heads that carry the indirect object, and what each of them does.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    footer = {
      "",
      "Every head's z at the last token is taken from the clean run into the corrupted one; recovery",
      "is (patched - corrupted) / (clean - corrupted) of the logit difference between the indirect",
      "object IO and the subject S. The same as: loupe run ioi-patching. The folder --out gets",
      "report.html, result.json and all else that loupe replay takes.",
      "",
      "Examples:",
      "  loupe ioi --model demo",
      "  loupe ioi --model gpt2 --prompts 50 --corrupt abc --out ioi-gpt2",
      "  loupe ioi --model gpt2 --data mib-ioi.parquet --counterfactual abc_counterfactual"
    })
final class IoiCommand extends LoupeCommand {
  static final String COUNTERFACTUAL = "s2_io_flip_counterfactual";
  private static final int TOP = 10;

  @Mixin private ModelOption model = new ModelOption();

  @Option(
      names = {"-n", "--prompts"},
      paramLabel = "N",
      defaultValue = "100",
      description = "How many prompts (default: ${DEFAULT-VALUE}).")
  private int prompts = 100;

  @Option(
      names = "--corrupt",
      paramLabel = "HOW",
      description = {
        "name-swap exchanges the two names, abc puts three other names in their place",
        "(default: name-swap)."
      })
  private Optional<String> corruption = Optional.empty();

  @Option(
      names = "--seed",
      paramLabel = "SEED",
      description = "Of generated prompts; the same seed gives the same (default: 0).")
  private Optional<Long> seed = Optional.empty();

  @Option(
      names = "--data",
      paramLabel = "FILE",
      description = "Take the prompts from a file in mib-bench/ioi layout, Parquet or JSON lines.")
  private Optional<Path> data = Optional.empty();

  @Option(
      names = "--counterfactual",
      paramLabel = "NAME",
      description = "Which counterfactual of --data corrupts (default: " + COUNTERFACTUAL + ").")
  private Optional<String> counterfactual = Optional.empty();

  @Option(
      names = "--top",
      paramLabel = "N",
      defaultValue = "" + TOP,
      description = "On how many heads evidence is gathered (default: ${DEFAULT-VALUE}).")
  private int top = TOP;

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FOLDER",
      description = "Where the report goes (default: runs/ioi-patching-MODEL-TIME).")
  private Optional<Path> out = Optional.empty();

  @Option(names = "--no-bos", description = Help.NO_BOS)
  private boolean noBos;

  @Override
  void run() throws IOException {
    var how = asked(() -> Corruption.parse(corruption.orElse("name-swap")));
    if (prompts < 1 || top < 1) {
      throw wrongUsage("--prompts " + prompts + " --top " + top + ": expected 1 or more of each");
    }
    if (data.isPresent() && corruption.isPresent()) {
      throw wrongUsage("--corrupt goes with generated prompts; with --data use --counterfactual");
    }
    if (data.isPresent() && seed.isPresent()) {
      throw wrongUsage(
          "--seed goes with generated prompts; those of --data are taken in its order");
    }
    if (data.isEmpty() && counterfactual.isPresent()) {
      throw wrongUsage(
          "--counterfactual names a field of --data; generated prompts have --corrupt");
    }
    var study = new IoiPatching(prompts(how), top);
    var spec = new StudySpec(model.over(ModelSpec.named(model.name())), study);
    IndirectObjectShow.run(this, study, new StudyShow(this, spec, out, again()));
  }

  private IoiPrompts prompts(Corruption how) {
    return new IoiPrompts(
        prompts,
        seed.orElse(0L),
        how.toString(),
        data.map(Path::toString).orElse(""),
        counterfactual.orElse(COUNTERFACTUAL),
        !noBos);
  }

  private String again() {
    var line = new StringBuilder("./loupe ioi --model ").append(Shell.quoted(model.name()));
    line.append(model.typed()).append(" --prompts ").append(prompts);
    if (data.isPresent()) {
      line.append(" --data ").append(Shell.quoted(data.get().toString()));
      line.append(" --counterfactual ").append(Shell.quoted(counterfactual.orElse(COUNTERFACTUAL)));
    } else {
      line.append(" --corrupt ").append(Shell.quoted(corruption.orElse("name-swap")));
      line.append(" --seed ").append(seed.orElse(0L));
    }
    if (top != TOP) {
      line.append(" --top ").append(top);
    }
    if (noBos) {
      line.append(" --no-bos");
    }
    return line.toString();
  }
}
