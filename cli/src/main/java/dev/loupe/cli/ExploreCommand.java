package dev.loupe.cli;

import dev.loupe.explorer.Explorer;
import dev.loupe.explorer.ExplorerOptions;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Serves the page in which a model re-runs as one touches it. */
@Command(
    name = "explore",
    description =
        "Open a model in the browser: every click is an intervention on the running model.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    versionProvider = Version.class,
    footer = {
      "",
      "Prints the address of the page and serves it until Ctrl-C. Only this machine can reach it,",
      "unless --host says otherwise; then a browser has to show the token, which is in the address.",
      "The page asks nothing of any other server.",
      "",
      "Examples:",
      "  loupe explore",
      "  loupe explore --model gpt2 --port 8080",
      "  loupe explore --model demo --host 0.0.0.0 --token \"$(openssl rand -hex 16)\""
    })
final class ExploreCommand extends LoupeCommand {
  @Option(
      names = {"-m", "--model"},
      paramLabel = "MODEL",
      order = -2,
      description = Help.MODEL + " (default: demo)")
  private String model = "demo";

  @Option(
      names = {"-p", "--port"},
      paramLabel = "PORT",
      description = "The port to listen on, 0 for any that is free (default: 7860).")
  private int port = ExplorerOptions.USUAL_PORT;

  @Option(
      names = "--host",
      paramLabel = "HOST",
      description = "The address to listen on (default: 127.0.0.1); any other needs --token.")
  private Optional<String> host = Optional.empty();

  @Option(
      names = "--token",
      paramLabel = "TOKEN",
      description = "What a browser has to show: at least 16 letters, digits or . _ ~ -")
  private Optional<String> token = Optional.empty();

  @Mixin private LoadingOptions loading = new LoadingOptions();

  @Override
  void run() {
    var usual = ExplorerOptions.standard();
    var options = asked(() -> usual.withPort(port).withHost(host.orElse(usual.host()), token));
    try (var transformer = loading.load(model, this)) {
      // The explorer is closed before its model.
      try (var explorer = Explorer.start(transformer, options)) {
        keepOnInterruption();
        out().println("Explore " + bold(model) + " at " + explorer.url() + " (Ctrl-C ends it)");
        out().flush();
        waitForInterruption();
        keepWhileSaving();
      }
    }
  }

  private static void waitForInterruption() {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      // Ctrl-C is how it ends: what is open is closed with no interruption pending.
    }
  }
}
