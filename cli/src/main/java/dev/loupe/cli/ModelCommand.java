package dev.loupe.cli;

import dev.loupe.model.HookPoint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.Positions;
import dev.loupe.model.Token;
import dev.loupe.model.Tokenizer;
import dev.loupe.model.WeightProcessing;
import dev.loupe.report.Cell;
import dev.loupe.report.Column;
import dev.loupe.report.Table;
import dev.loupe.report.TerminalTable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Describes a model. */
@Command(
    name = "model",
    description = "Show what a model is made of: shape, parameters, tokenizer, hook points.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    footer = {
      "",
      "Parameters are counted in the weights as stored: tied embeddings once, and no bias that is",
      "zero throughout, as Loupe puts zeros where a family has no bias.",
      "",
      "Examples:",
      "  loupe model demo",
      "  loupe model EleutherAI/pythia-410m --revision step3000"
    })
final class ModelCommand extends LoupeCommand {
  @Parameters(paramLabel = "MODEL", description = Help.MODEL)
  private String name = "";

  @Mixin private LoadingOptions loading = new LoadingOptions();

  @Override
  void run() {
    // As stored, whatever --raw says: processing folds the norms away, which are to be counted.
    var options = loading.options(this).withProcessing(WeightProcessing.none());
    try (var model = LoadingOptions.load(name, options, this)) {
      var count = ParameterCount.of(model);
      var facts = facts(model);
      int width = facts.keySet().stream().mapToInt(String::length).max().orElseThrow();
      out()
          .println(
              bold(name) + "  " + model.config().family() + ", " + count.rounded() + " parameters");
      out().println();
      facts.forEach(
          (fact, value) -> out().println(faint(Texts.padded(fact, width)) + "  " + value));
      out().println();
      print(count);
      out().println();
      out().print(TerminalTable.render(hookPoints(model.config()), terminal()));
    }
  }

  private Map<String, String> facts(HookedTransformer model) {
    var c = model.config();
    var from = model.provenance();
    var facts = new LinkedHashMap<String, String>();
    facts.put(
        "layers",
        c.nLayers() + (c.parallelBlocks() ? ", attention beside MLP" : ", attention, then MLP"));
    facts.put("attention", attention(c));
    facts.put("MLP", mlp(c));
    facts.put("residual", "d_model " + c.dModel());
    facts.put("norm", norm(c));
    facts.put("positions", positions(c));
    facts.put("vocabulary", count(c.dVocab()) + " tokens");
    facts.put("tokenizer", model.hasTokenizer() ? tokenizer(model.tokenizer()) : "none");
    facts.put("processing", loading.processing().toString());
    if (!from.revision().isEmpty()) {
      facts.put("revision", from.revision());
    }
    facts.put("weights sha256", from.weightsSha256());
    return facts;
  }

  private static String attention(ModelConfig c) {
    var heads = c.nHeads() + " heads of d_head " + c.dHead();
    var shared = c.isGrouped() ? ", " + c.nKeyValueHeads() + " key and value heads" : "";
    long local = c.windows().stream().filter(w -> w > 0).count();
    return heads + shared + (local == 0 ? "" : ", " + local + " layers see a window only");
  }

  private static String mlp(ModelConfig c) {
    var activation = c.activation().name().toLowerCase(Locale.ROOT);
    return count(c.dMlp()) + " neurons, " + activation + (c.gatedMlp() ? ", gated" : "");
  }

  private static String norm(ModelConfig c) {
    var name =
        switch (c.norm()) {
          case LAYER_NORM -> "LayerNorm";
          case RMS_NORM -> "RMSNorm";
        };
    return name + ", eps " + c.eps();
  }

  private static String positions(ModelConfig c) {
    return switch (c.positions()) {
          case Positions.Learned learned -> "learned";
          case Positions.Rotary rotary ->
              String.format(
                  Locale.ROOT,
                  "rotary in %d of %d dimensions, base %.0f",
                  rotary.dims(),
                  c.dHead(),
                  rotary.base());
        }
        + ", at most "
        + count(c.nCtx());
  }

  private static String tokenizer(Tokenizer tokenizer) {
    return count(tokenizer.size())
        + " tokens"
        + Stream.of(
                special("BOS", tokenizer.bos()),
                special("EOS", tokenizer.eos()),
                special("pad", tokenizer.pad()))
            .flatMap(Optional::stream)
            .collect(Collectors.joining());
  }

  private static Optional<String> special(String kind, Optional<Token> token) {
    return token.map(it -> ", " + kind + " " + Texts.quoted(it.text()) + " (" + it.id() + ")");
  }

  private void print(ParameterCount count) {
    out().println(bold("Parameters"));
    int width = count(count.total()).length();
    count
        .parts()
        .forEach((part, n) -> {
          if (n > 0) {
            out().println(line(part, n, count.total(), width));
          } else if (part.equals("unembedding")) {
            out()
                .println(
                    line(part, n, count.total(), width) + "  " + faint("tied to the embedding"));
          }
        });
    out().println(bold(line("total", count.total(), count.total(), width)));
  }

  private static String line(String part, long n, long total, int width) {
    var number = Texts.padded("", width - count(n).length()) + count(n);
    return String.format(Locale.ROOT, "%-12s %s  %5.1f %%", part, number, 100.0 * n / total);
  }

  private static String count(long n) {
    return String.format(Locale.ROOT, "%,d", n);
  }

  private static String layers(ModelConfig c) {
    return c.nLayers() == 1 ? "0" : "0-" + (c.nLayers() - 1);
  }

  /** Returns a row for each kind, in the order of firing. */
  private static Table hookPoints(ModelConfig c) {
    var table =
        Table.titled(
            "Hook points",
            Column.text("name"),
            Column.text("layers L"),
            Column.text("shape"),
            Column.text("note"));
    List.of(HookPoint.Kind.values()).stream()
        .filter(kind -> kind.existsIn(c))
        .forEach(kind ->
            table.row(
                Cell.of(kind.inBlock() ? "blocks.L." + kind.suffix() : kind.suffix()),
                Cell.of(kind.inBlock() ? layers(c) : ""),
                Cell.of(kind.shapeIn(c)),
                Cell.of(kind.onDemand() ? "on demand" : "")));
    return table.build();
  }
}
