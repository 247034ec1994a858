package dev.loupe.cli;

import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.SafeTensorsWriter;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Writes the activations of a batch to a file. */
@Command(
    name = "activations",
    description = "Run a batch and write its activations and logits to a safetensors file.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    footer = {
      "",
      "Tensors stand under their hook-point names, and under logits. Texts of several lengths are",
      "padded on the left. The file's metadata says which model, which tokens, which processing.",
      "",
      "Examples:",
      "  loupe activations --model gpt2 --text \"Hello world\" --out acts.safetensors",
      "  loupe activations --model demo --tokens \"1,2,3;4,5,6\" --out acts.safetensors \\",
      "    --points \"blocks.*.attn.hook_z,hook_embed\""
    })
final class ActivationsCommand extends LoupeCommand {
  @Mixin private ModelOption model = new ModelOption();

  @ArgGroup(multiplicity = "1")
  private Batch batch = new Batch();

  @Option(names = "--no-bos", description = Help.NO_BOS)
  private boolean noBos;

  @Option(
      names = "--points",
      paramLabel = "NAME,...",
      description = {
        "Only these hook points, * standing for anything (default: all but those that are",
        "computed on demand). `loupe model MODEL' lists them."
      })
  private Optional<String> points = Optional.empty();

  @Option(
      names = {"-o", "--out"},
      paramLabel = "FILE",
      required = true,
      description = "The file to write; one that is there is replaced.")
  private Path out = Path.of("");

  /** What is run: texts or token ids. */
  static final class Batch {
    @Option(
        names = "--text",
        paramLabel = "TEXT",
        required = true,
        description = "A text; give the option again for each further row.")
    private List<String> texts = List.of();

    @Option(
        names = "--tokens",
        paramLabel = "IDS",
        required = true,
        description = "Exact token ids, such as \"1,2,3;4,5,6\"; no BOS is added.")
    private String ids = "";
  }

  @Override
  void run() throws IOException {
    batch.texts.forEach(text -> Texts.requireSome(text, this));
    var rows = batch.texts.isEmpty() ? asked(() -> TokenRows.parse(batch.ids)) : List.<long[]>of();
    var globs = globs();
    var file = target();
    try (var transformer = model.load(this);
        var _ = TensorScope.open()) {
      var tokens = rows.isEmpty() ? encode(transformer) : Tokens.of(rows.toArray(long[][]::new));
      var filter = filter(transformer, globs);
      var result = asked(() -> transformer.runWithCache(tokens, filter));
      var tensors = new LinkedHashMap<String, Tensor>();
      result.cache().points().forEach(p -> tensors.put(p.toString(), result.cache().get(p)));
      tensors.put("logits", result.output());
      SafeTensorsWriter.write(file, tensors, metadata(transformer, tokens));
      long bytes = tensors.values().stream().mapToLong(Tensor::bytes).sum();
      out()
          .println(
              String.format(
                  Locale.ROOT,
                  "%s: %d tensors of %d x %d tokens, %s",
                  out,
                  tensors.size(),
                  tokens.batch(),
                  tokens.length(),
                  Bytes.show(bytes)));
    }
  }

  private Tokens encode(HookedTransformer transformer) {
    var bos = Texts.bos(noBos, transformer.tokenizer());
    return asked(() -> transformer.toTokens(bos, batch.texts.toArray(String[]::new)));
  }

  private List<String> globs() {
    var globs =
        points.stream().flatMap(p -> Stream.of(p.split(",", -1))).map(String::strip).toList();
    if (globs.contains("")) {
      throw wrongUsage("--points has an empty name: expected hook points separated by commas");
    }
    return globs;
  }

  private CacheFilter filter(HookedTransformer transformer, List<String> globs) {
    return globs.isEmpty()
        ? CacheFilter.all()
        : asked(() -> CacheFilter.matching(transformer.config(), globs));
  }

  private Map<String, String> metadata(HookedTransformer transformer, Tokens tokens) {
    var from = transformer.provenance();
    var metadata = new LinkedHashMap<String, String>();
    metadata.put("loupe_version", Version.current());
    metadata.put("model", from.model());
    metadata.put("revision", from.revision());
    metadata.put("weights_sha256", from.weightsSha256());
    metadata.put("tokenizer_sha256", from.tokenizerSha256());
    metadata.put("processing", from.processing().toString());
    metadata.put("dtype", from.dtype());
    metadata.put("tokens", ids(tokens));
    metadata.put("padding", tokens.isPadded() ? "left" : "none");
    return metadata;
  }

  /** Returns the ids of every row as JSON, without pads. */
  private static String ids(Tokens tokens) {
    return IntStream.range(0, tokens.batch())
        .mapToObj(row -> Arrays.toString(tokens.row(row)))
        .toList()
        .toString();
  }

  /** Returns the file to write, found out before the model is loaded, not after it has run. */
  private Path target() throws IOException {
    // A link stays, and what it names is replaced.
    var file = Files.exists(out) ? out.toRealPath() : out.toAbsolutePath();
    var folder = file.getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new IllegalArgumentException("--out " + out + ": there is no folder " + folder);
    }
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new IllegalArgumentException("--out " + out + " is no regular file: name another");
    }
    if (!Files.isWritable(folder)) {
      throw new IllegalArgumentException("--out " + out + ": cannot write to the folder " + folder);
    }
    return file;
  }
}
