package dev.loupe.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The {@code loupe} command. Results go to standard output, everything else to standard error. */
@Command(
    name = "loupe",
    description = "See inside transformer language models, and change what happens there.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      DemoCommand.class,
      ExploreCommand.class,
      RunCommand.class,
      ReplayCommand.class,
      RunsCommand.class,
      IoiCommand.class,
      PatchCommand.class,
      PathPatchCommand.class,
      AblateCommand.class,
      AttributeCommand.class,
      AttributionPatchCommand.class,
      CircuitCommand.class,
      LogitLensCommand.class,
      AttentionCommand.class,
      HeadsCommand.class,
      SvdCommand.class,
      VerifyCommand.class,
      ModelCommand.class,
      TokensCommand.class,
      GenerateCommand.class,
      ActivationsCommand.class,
      PullCommand.class,
      DemoModelCommand.class,
      CompletionCommand.class,
      AotTrainingCommand.class
    },
    footer = {
      "",
      "A model is @|bold demo|@ (it comes with Loupe), a folder in Hugging Face layout,",
      "or a hub name such as @|bold gpt2|@ or @|bold EleutherAI/pythia-410m|@.",
      "",
      "Examples:",
      "  loupe demo",
      "  loupe explore --model gpt2",
      "  loupe run ioi-circuit --model gpt2",
      "  loupe ioi --model gpt2 --prompts 50",
      "  loupe patch --model demo --task ioi --site resid-pre",
      "  loupe path-patch --model demo --task ioi --corrupt-with abc",
      "  loupe logit-lens --model demo \"When Mary and John went to the store\"",
      "  loupe tokens --model demo \"When Mary and John went to the store\"",
      "  loupe activations --model gpt2 --text \"Hello world\" --out acts.safetensors",
      "  loupe COMMAND --help"
    })
public final class Main implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Show the stack trace of an error.")
  private boolean debug;

  private final Shell shell;
  private final Supplier<StudyShelf> studies;
  private final Interruption interruption = new Interruption();

  Main(Shell shell, Supplier<StudyShelf> studies) {
    this.shell = shell;
    this.studies = studies;
  }

  /**
   * Runs one command and ends the process with its exit code: 0, 1 (failed), 2 (wrong usage), 130.
   */
  public static void main(String[] args) {
    var charset = outputCharset();
    var stdout = new StandardOutput();
    var out = new PrintWriter(new OutputStreamWriter(stdout, charset), false);
    var err =
        new PrintWriter(
            new OutputStreamWriter(new FileOutputStream(FileDescriptor.err), charset), true);
    int code = run(Shell.ofProcess(), out, err, args);
    out.flush();
    System.exit(stdout.exitCode(code, err));
  }

  /** Runs one command and returns its exit code; never throws. */
  static int run(Shell shell, PrintWriter out, PrintWriter err, String... args) {
    return run(shell, StudyShelf::standard, out, err, args);
  }

  /** Does the same with other studies. */
  static int run(
      Shell shell, Supplier<StudyShelf> studies, PrintWriter out, PrintWriter err, String... args) {
    var main = new Main(shell, studies);
    try {
      return main.commandLine(out, err).execute(args);
    } catch (Throwable e) {
      // picocli catches exceptions; what comes here is an Error, such as memory that ran out.
      return new Failures(main).report(e, err);
    } finally {
      out.flush();
      err.flush();
      main.interruption.close();
    }
  }

  private CommandLine commandLine(PrintWriter out, PrintWriter err) {
    var terminal = shell.out();
    var failures = new Failures(this);
    return new CommandLine(this)
        .setOut(out)
        .setErr(err)
        .setColorScheme(CommandLine.Help.defaultColorScheme(Shell.ansi(terminal)))
        .setUsageHelpWidth(Math.clamp(terminal.width(), 60, 100))
        .setCaseInsensitiveEnumValuesAllowed(true)
        // A text that begins with @ is a text.
        .setExpandAtFiles(false)
        .setParameterExceptionHandler(failures::usage)
        .setExecutionExceptionHandler(failures::execution);
  }

  /** Shows the help where no command is named. */
  @Override
  public Integer call() {
    var line = spec.commandLine();
    line.usage(line.getErr(), Shell.ansi(shell.err()));
    return CommandLine.ExitCode.USAGE;
  }

  Shell shell() {
    return shell;
  }

  StudyShelf studies() {
    return studies.get();
  }

  Interruption interruption() {
    return interruption;
  }

  boolean debug() {
    return debug;
  }

  /** Takes the locale's encoding, but UTF-8 where the locale has none to speak of. */
  private static Charset outputCharset() {
    var name = System.getProperty("stdout.encoding", "UTF-8");
    var charset = Charset.isSupported(name) ? Charset.forName(name) : StandardCharsets.UTF_8;
    return charset.equals(StandardCharsets.US_ASCII) ? StandardCharsets.UTF_8 : charset;
  }
}
