package dev.loupe.cli;

import dev.loupe.lens.PromptPairs;
import dev.loupe.model.HookedTransformer;
import dev.loupe.task.Corruption;
import dev.loupe.task.IndirectObject;
import dev.loupe.task.IndirectObjectOptions;
import dev.loupe.task.TaskData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which prompts a sweep runs on: those of a task, of a file, or given one by one. */
final class PairOptions {
  private static final int PROMPTS = 20;

  @Mixin private FreePrompts free = new FreePrompts();

  @Option(
      names = "--task",
      paramLabel = "TASK",
      description = "Generate prompts instead: ioi, indirect objects as in `loupe ioi'.")
  private Optional<String> task = Optional.empty();

  @Option(
      names = {"-n", "--prompts"},
      paramLabel = "N",
      description = "How many prompts of --task or --data (default: " + PROMPTS + ").")
  private Optional<Integer> prompts = Optional.empty();

  @Option(
      names = "--seed",
      paramLabel = "SEED",
      description = "Of --task; the same seed gives the same prompts (default: 0).")
  private Optional<Long> seed = Optional.empty();

  @Option(
      names = "--corrupt-with",
      paramLabel = "HOW",
      description =
          "How --task corrupts: name-swap exchanges the two names, abc puts three others "
              + "in their place (default: name-swap).")
  private Optional<String> corruption = Optional.empty();

  @Option(
      names = "--data",
      paramLabel = "FILE",
      description =
          "Take prompts from a file, JSON lines, CSV or Parquet: with the columns clean, corrupted, "
              + "answer and wrong, of which those that are not needed may be missing, or in "
              + "mib-bench/ioi layout. An answer is one token with its leading space; several stand "
              + "with | between them.")
  private Optional<Path> data = Optional.empty();

  @Option(
      names = "--columns",
      paramLabel = "PART=NAME",
      split = ",",
      description =
          "What the columns of --data are called, such as clean=prompt,answer=target (parts: clean, "
              + "corrupted, answer, wrong).")
  private Map<String, String> columns = new LinkedHashMap<>();

  @Option(
      names = "--counterfactual",
      paramLabel = "NAME",
      description =
          "Which counterfactual of --data in mib-bench/ioi layout corrupts (default: "
              + IoiCommand.COUNTERFACTUAL
              + ").")
  private Optional<String> counterfactual = Optional.empty();

  @Option(names = "--no-bos", description = Help.NO_BOS)
  private boolean noBos;

  private Optional<DataLayout> layout = Optional.empty();

  /** Refuses options that contradict each other, before a model is loaded. */
  void check(LoupeCommand command, boolean needsCorrupted) {
    var ways = new ArrayList<String>();
    free.first().ifPresent(ways::add);
    task.ifPresent(_ -> ways.add("--task"));
    data.ifPresent(_ -> ways.add("--data"));
    if (ways.isEmpty()) {
      throw command.wrongUsage(
          "no prompts: give --clean"
              + (needsCorrupted ? ", --corrupt" : "")
              + " and --answer, or --task ioi, or --data FILE");
    }
    if (ways.size() > 1) {
      throw command.wrongUsage(
          String.join(" and ", ways) + ": prompts come from one of --clean, --task and --data");
    }
    refuse(command, "--prompts", prompts.isPresent(), "--task or --data", !free.isGiven());
    refuse(command, "--seed", seed.isPresent(), "--task", task.isPresent());
    refuse(command, "--corrupt-with", corruption.isPresent(), "--task", task.isPresent());
    refuse(command, "--counterfactual", counterfactual.isPresent(), "--data", data.isPresent());
    refuse(command, "--columns", !columns.isEmpty(), "--data", data.isPresent());
    if (task.isPresent() && !task.get().equals("ioi")) {
      throw command.wrongUsage("--task " + task.get() + ": expected ioi");
    }
    if (prompts.orElse(1) < 1) {
      throw command.wrongUsage("--prompts " + prompts.orElse(1) + ": expected 1 or more");
    }
    command.asked(this::how);
    if (free.isGiven()) {
      command.asked(() -> free.check(needsCorrupted));
    }
    data.ifPresent(file -> checkData(command, file, needsCorrupted));
  }

  private void checkData(LoupeCommand command, Path file, boolean needsCorrupted) {
    for (var part : columns.keySet()) {
      if (!DataLayout.PARTS.contains(part)) {
        throw command.wrongUsage(
            "--columns " + part + "=...: expected one of " + String.join(", ", DataLayout.PARTS));
      }
    }
    var found = DataLayout.of(file, columns);
    layout = Optional.of(found);
    if (found instanceof DataLayout.Pairs pairs) {
      if (needsCorrupted && !pairs.isCorrupted()) {
        throw command.wrongUsage(
            file
                + " has no column 'corrupted', which this command needs: add one, or name it by"
                + " --columns corrupted=NAME");
      }
      refuse(
          command,
          "--counterfactual",
          counterfactual.isPresent(),
          "--data in mib-bench/ioi layout",
          false);
    }
  }

  /** Tells whether there are any prompts. */
  boolean isGiven() {
    return free.isGiven() || task.isPresent() || data.isPresent();
  }

  /** Refuses all of these options but that on BOS where something else is read. */
  void checkNone(LoupeCommand command, String instead) {
    free.first().ifPresent(option -> refuse(command, option, instead));
    task.ifPresent(_ -> refuse(command, "--task", instead));
    data.ifPresent(_ -> refuse(command, "--data", instead));
    prompts.ifPresent(_ -> refuse(command, "--prompts", instead));
    seed.ifPresent(_ -> refuse(command, "--seed", instead));
    corruption.ifPresent(_ -> refuse(command, "--corrupt-with", instead));
    counterfactual.ifPresent(_ -> refuse(command, "--counterfactual", instead));
    if (!columns.isEmpty()) {
      refuse(command, "--columns", instead);
    }
  }

  private static void refuse(LoupeCommand command, String option, String instead) {
    throw command.wrongUsage(
        instead
            + " and "
            + option
            + ": expected one text, or prompts and their answers by --clean, --task or --data");
  }

  /** Tells whether no BOS is prepended. */
  boolean noBos() {
    return noBos;
  }

  private static void refuse(
      LoupeCommand command, String option, boolean given, String owner, boolean fits) {
    if (given && !fits) {
      throw command.wrongUsage(option + " goes with " + owner);
    }
  }

  private Corruption how() {
    return Corruption.parse(corruption.orElse("name-swap"));
  }

  /** Tells whether there are wrong answers, which some metrics need. */
  boolean hasWrong() {
    if (layout.orElse(null) instanceof DataLayout.Pairs pairs) {
      return !pairs.wrong().isEmpty();
    }
    return !free.isGiven() || free.hasWrong();
  }

  /** Makes or reads the prompts. */
  PromptBatch read(HookedTransformer model, LoupeCommand command) throws IOException {
    if (free.isGiven()) {
      PromptPairs pairs = command.asked(() -> free.pairs(model, noBos));
      return new PromptBatch(pairs, free.isCorrupted(), count(pairs.size()), Map.of(), List.of());
    }
    var bos = Texts.bos(noBos, model.tokenizer());
    int most = prompts.orElse(PROMPTS);
    if (data.isPresent()) {
      var found = layout.orElseGet(() -> DataLayout.of(data.get(), columns));
      var read = found.read(model.tokenizer(), counterfactual(), most, bos);
      boolean corrupted = !(found instanceof DataLayout.Pairs pairs) || pairs.isCorrupted();
      return batch(read, PromptSource.DataFile.of(data.get()), corrupted);
    }
    var options = new IndirectObjectOptions(most, seed.orElse(0L), how(), bos);
    return batch(
        IndirectObject.generate(model.tokenizer(), options),
        new PromptSource.Generated(seed.orElse(0L)),
        corruption.isPresent());
  }

  private String counterfactual() {
    return counterfactual.orElse(IoiCommand.COUNTERFACTUAL);
  }

  private static PromptBatch batch(TaskData task, PromptSource source, boolean corrupted) {
    return new PromptBatch(
        task.pairs(),
        corrupted,
        count(task.size())
            + ", "
            + (corrupted || !task.corruption().equals("none") ? task.corruption() + ", " : "")
            + source,
        source.facts(),
        task.notes());
  }

  private static String count(int prompts) {
    return prompts + (prompts == 1 ? " prompt" : " prompts");
  }

  /** Returns these options as a shell reads them. */
  String typed() {
    var line = new StringBuilder();
    if (free.isGiven()) {
      line.append(free.typed());
    } else if (data.isPresent()) {
      line.append(" --data ").append(Shell.quoted(data.get().toString()));
      if (!(layout.orElse(null) instanceof DataLayout.Pairs)) {
        line.append(" --counterfactual ").append(Shell.quoted(counterfactual()));
      }
      columns.forEach(
          (part, name) -> line.append(" --columns ").append(Shell.quoted(part + "=" + name)));
    } else {
      line.append(" --task ").append(task.orElse("ioi")).append(" --seed ").append(seed.orElse(0L));
      corruption.ifPresent(how -> line.append(" --corrupt-with ").append(Shell.quoted(how)));
    }
    if (!free.isGiven()) {
      line.append(" --prompts ").append(prompts.orElse(PROMPTS));
    }
    return line.append(noBos ? " --no-bos" : "").toString();
  }
}
