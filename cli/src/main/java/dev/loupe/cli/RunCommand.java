package dev.loupe.cli;

import dev.loupe.report.study.TerminalStudy;
import dev.loupe.study.Study;
import dev.loupe.study.run.ModelSpec;
import dev.loupe.study.run.SpecFiles;
import dev.loupe.study.run.StudySpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Carries out a study. */
@Command(
    name = "run",
    description = "Carry out a study: a specification in, a folder with all its results out.",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    sortOptions = false,
    versionProvider = Version.class,
    footer = {
      "",
      "A specification is a YAML or JSON file with study, model and the study's options; what it"
          + " leaves out is as usual. --print shows them all. The folder --out gets report.html,"
          + " result.json, study.yaml, tables/*.parquet, and circuit.json where there is a circuit."
          + " An interrupted run goes on with the same --out.",
      "",
      "Examples:",
      "  loupe run --list",
      "  loupe run ioi-circuit --model gpt2",
      "  loupe run ioi-patching --model demo --set prompts.count=20 --set prompts.seed=1",
      "  loupe run ioi-patching --print > study.yaml",
      "  loupe run study.yaml --out runs/first"
    })
final class RunCommand extends LoupeCommand {
  @Parameters(
      arity = "0..1",
      paramLabel = "SPEC|STUDY",
      description = "A specification, or the name of a study with its usual options.")
  private Optional<String> what = Optional.empty();

  @Option(names = "--list", description = "Say which studies there are and what they ask.")
  private boolean list;

  @Option(
      names = {"-m", "--model"},
      paramLabel = "MODEL",
      description = "Another model than the specification's: demo, a folder, or a hub name.")
  private Optional<String> model = Optional.empty();

  @Option(
      names = "--set",
      paramLabel = "OPTION=VALUE",
      description = "Change an option, such as prompts.count=20; may be given again.")
  private List<String> settings = List.of();

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FOLDER",
      description = "Where the results go (default: runs/STUDY-MODEL-TIME).")
  private Optional<Path> out = Optional.empty();

  @Option(
      names = "--print",
      description = "Print the specification with every option spelled out, and run nothing.")
  private boolean print;

  @Mixin private ComputeOptions compute = new ComputeOptions();

  @Mixin private LoadingOptions loading = new LoadingOptions();

  @Override
  void run() throws IOException {
    if (list) {
      list();
      return;
    }
    if (what.isEmpty()) {
      throw wrongUsage(
          "nothing to run: name a study or a specification; --list says which studies");
    }
    var known = studies().studies();
    var named = known.stream().filter(study -> study.name().equals(what.get())).findFirst();
    var spec = specified(named, known);
    if (print) {
      out().print(spec.yaml());
      return;
    }
    var sweeps = asked(compute::options);
    var show = new StudyShow(this, spec, out, typed());
    var files =
        named.isPresent() ? SpecFiles.in(Path.of("")) : SpecFiles.beside(Path.of(what.get()));
    try (var transformer = LoadingOptions.load(spec.model(), this)) {
      head(transformer, spec.study().name());
      out().println(wrapped(spec.study().question()));
      out().println();
      var run = show.run(transformer, files, sweeps);
      var page = studies().pages().apply(run.findings());
      run.findings().notes().forEach(this::note);
      out().println(TerminalStudy.render(page, terminal()));
      show.write(run, page);
    }
  }

  private StudySpec specified(Optional<Study> named, List<Study> known) throws IOException {
    StudySpec spec;
    if (named.isPresent()) {
      spec = new StudySpec(ModelSpec.named(StudySpec.USUAL_MODEL), named.get());
    } else {
      var file = Path.of(what.orElseThrow());
      if (!Files.isRegularFile(file)) {
        throw wrongUsage(
            file
                + ": no such file, and no study of that name; studies are "
                + known.stream().map(Study::name).collect(Collectors.joining(", ")));
      }
      spec = readSpec(file, known);
    }
    var whole = spec;
    return asked(() -> {
      var set = whole.withSet(settings);
      return set.withModel(loading.over(model.map(set.model()::withName).orElse(set.model())));
    });
  }

  private StudySpec readSpec(Path file, List<Study> known) throws IOException {
    try {
      return StudySpec.read(file, known);
    } catch (IllegalArgumentException e) {
      throw wrongUsage(String.valueOf(e.getMessage()));
    }
  }

  private void list() {
    for (var study : studies().studies()) {
      out().println(bold(study.name()));
      wrapped(study.question()).lines().forEach(line -> out().println("  " + line));
    }
  }

  /** Returns what was typed, as a shell reads it. */
  private String typed() {
    var line = new StringBuilder("./loupe run ").append(Shell.quoted(what.orElse("")));
    model.ifPresent(name -> line.append(" --model ").append(Shell.quoted(name)));
    line.append(loading.typed());
    settings.forEach(setting -> line.append(" --set ").append(Shell.quoted(setting)));
    return line.toString();
  }
}
