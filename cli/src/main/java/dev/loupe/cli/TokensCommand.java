package dev.loupe.cli;

import dev.loupe.model.Prompt;
import dev.loupe.model.Tokenizer;
import java.io.IOException;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows the tokens of a text. */
@Command(
    name = "tokens",
    description = "Show the tokens that a model sees in a text: position, id, exact string.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    footer = {
      "",
      "Strings are quoted, so that a leading space can be seen; what cannot be seen is escaped.",
      "",
      "Examples:",
      "  loupe tokens --model demo \"When Mary and John went to the store\"",
      "  loupe tokens --model gpt2 --no-bos \" Mary\""
    })
final class TokensCommand extends LoupeCommand {
  @Option(
      names = {"-m", "--model"},
      paramLabel = "MODEL",
      required = true,
      description = Help.MODEL)
  private String model = "";

  @Option(names = "--revision", paramLabel = "REVISION", description = Help.REVISION)
  private String revision = Help.MAIN;

  @Option(names = "--no-bos", description = Help.NO_BOS)
  private boolean noBos;

  @Parameters(paramLabel = "TEXT", description = "The text.")
  private String text = "";

  @Override
  void run() throws IOException {
    Texts.requireSome(text, this);
    try (var progress = DownloadLines.of(this)) {
      ModelFolder.use(
          model,
          revision,
          hub(),
          progress,
          folder -> {
            try (var tokenizer = Tokenizer.load(folder)) {
              var bos = Texts.bos(noBos, tokenizer);
              print(asked(() -> Prompt.of(tokenizer, text, bos)));
            }
          });
    }
  }

  private void print(Prompt prompt) {
    int position = Math.max(3, digits(prompt.length() - 1));
    int id = Math.max(2, prompt.ids().stream().mapToInt(TokensCommand::digits).max().orElseThrow());
    var row = "%" + position + "s  %" + id + "s  %s";
    out().println(faint(String.format(Locale.ROOT, row, "pos", "id", "token")));
    for (int i = 0; i < prompt.length(); i++) {
      out()
          .println(
              String.format(
                  Locale.ROOT, row, i, prompt.ids().get(i), Texts.quoted(prompt.tokens().get(i))));
    }
  }

  private static int digits(long number) {
    return Long.toString(number).length();
  }
}
