package dev.loupe.cli;

import dev.loupe.model.hub.Hub;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Brings a model to this machine. */
@Command(
    name = "pull",
    description = "Download a model of the Hugging Face hub, and print the folder it is in.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    footer = {
      "",
      "The cache is the one that Python's huggingface_hub uses: what either has downloaded, both",
      "find. HF_HOME, HF_HUB_CACHE, HF_TOKEN, HF_ENDPOINT and HF_HUB_OFFLINE are honoured. What",
      "was interrupted goes on where it stopped.",
      "",
      "Examples:",
      "  loupe pull gpt2",
      "  loupe pull EleutherAI/pythia-410m --revision step3000"
    })
final class PullCommand extends LoupeCommand {
  @Parameters(paramLabel = "NAME", description = "The name on the hub: gpt2, or owner/name.")
  private String name = "";

  @Option(names = "--revision", paramLabel = "REVISION", description = Help.REVISION)
  private String revision = Help.MAIN;

  @Override
  void run() {
    if (ModelFolder.embedded(name).isPresent()) {
      throw wrongUsage(name + " is embedded in Loupe: there is nothing to download");
    }
    var hub = new Hub(hub());
    try (var progress = DownloadLines.of(this)) {
      out().println(hub.snapshot(name, revision, progress));
    }
  }
}
