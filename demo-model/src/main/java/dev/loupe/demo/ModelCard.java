package dev.loupe.demo;

import dev.loupe.demo.DemoModelFigures.Choice;
import dev.loupe.demo.DemoModelFigures.DuplicateHead;
import dev.loupe.lens.Head;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.ModelConfig;
import dev.loupe.study.ioi.HeadRole;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What stands beside the weights: where they come from, what they do, and how, in measured figures.
 */
public final class ModelCard {
  static final String FILE = "README.md";

  private static final String TEMPLATE = "model-card.md";
  private static final Pattern SLOT = Pattern.compile("\\{\\{([a-z ]+)}}");
  private static final int DUPLICATE_HEADS = 4;

  private ModelCard() {}

  /**
   * Measures the model of a folder and writes its card, README.md, beside it.
   *
   * @param options it was trained with
   * @return what the card says
   * @throws UncheckedIOException if the card cannot be written
   */
  public static DemoModelFigures write(Path folder, TrainingOptions options) {
    try (var model = HookedTransformer.load(folder.toAbsolutePath().toString())) {
      var figures = DemoModelEvaluation.evaluate(model, DemoModelEvaluation.Options.standard());
      Files.writeString(folder.resolve(FILE), text(figures, model, options));
      return figures;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write the card of the model in " + folder, e);
    }
  }

  /** Returns the card. */
  static String text(DemoModelFigures figures, HookedTransformer model, TrainingOptions options) {
    var slots = slots(figures, model, options);
    return SLOT.matcher(template())
        .replaceAll(slot -> {
          var value = slots.get(slot.group(1));
          if (value == null) {
            throw new IllegalStateException(
                TEMPLATE + " has the slot " + slot.group(1) + "; there are " + slots.keySet());
          }
          return Matcher.quoteReplacement(value);
        });
  }

  private static Map<String, String> slots(
      DemoModelFigures f, HookedTransformer model, TrainingOptions options) {
    var config = model.config();
    var slots = new LinkedHashMap<String, String>();
    slots.put("layers", number(config.nLayers()));
    slots.put("heads", number(config.nHeads()));
    slots.put("width", number(config.dModel()));
    slots.put("context", number(config.nCtx()));
    slots.put("vocabulary", number(config.dVocab()));
    slots.put("parameters", number(parameters(config)));
    slots.put("weights", f.circuit().model().weightsSha256());
    putTraining(slots, options);
    slots.put("prompts", number(f.sentences().logitDifference().n()));
    slots.put("sentences", percent(f.sentences().accuracy()));
    slots.put("sentences top", percent(f.sentences().topAccuracy()));
    slots.put("logit difference", estimate(f.sentences()));
    slots.put("example", DemoModelEvaluation.EXAMPLE);
    slots.put("example top", f.example().top().strip());
    slots.put("example difference", decimal(f.example().logitDifference()));
    slots.put("syllogisms", percent(f.syllogisms().accuracy()));
    slots.put("syllogisms top", percent(f.syllogisms().topAccuracy()));
    slots.put("syllogism difference", estimate(f.syllogisms()));
    slots.put("years", percent(f.years().accuracy()));
    slots.put("year mass", decimal(f.years().massDifference()));
    slots.put("repeated", percent(f.repeatedWords()));
    slots.put("remarks", percent(f.remarks()));
    slots.put(
        "templates",
        f.templates().stream()
            .map(t ->
                "| %s | %s | %s |"
                    .formatted(t.template(), percent(t.choice().accuracy()), estimate(t.choice())))
            .collect(Collectors.joining("\n")));
    putCircuit(slots, f);
    return slots;
  }

  private static void putTraining(Map<String, String> slots, TrainingOptions options) {
    slots.put("steps", number(options.steps()));
    slots.put("batch", number(options.batch()));
    slots.put("learning rate", String.valueOf(options.learningRate()));
    slots.put("warm up", number(options.warmUp()));
    slots.put("weight decay", String.valueOf(options.weightDecay()));
    slots.put("answer weight", String.valueOf(options.answerWeight()));
    slots.put("deviation", String.valueOf(options.deviation()));
    slots.put("seed", String.valueOf(options.seed()));
    var mixture = options.mixture();
    slots.put("crowd", percent(mixture.crowd()));
    slots.put("crowd first", percent(mixture.crowdFirst()));
    slots.put(
        "shares",
        mixture.shares().entrySet().stream()
            .map(e -> "| " + e.getKey() + " | " + percent(e.getValue()) + " |")
            .collect(Collectors.joining("\n")));
  }

  private static void putCircuit(Map<String, String> slots, DemoModelFigures f) {
    var circuit = f.circuit();
    slots.put("circuit prompts", number(circuit.prompts().size()));
    slots.put("circuit clean", decimal(circuit.effects().clean().mean()));
    slots.put("circuit corrupted", decimal(circuit.effects().corrupted().mean()));
    slots.put(
        "circuit heads",
        circuit.heads().stream()
            .map(h ->
                "| %s | %s | %s | %s | %s | %s | %s | %s |"
                    .formatted(
                        h.head(),
                        decimal(h.recovery().mean()),
                        decimal(h.direct()),
                        decimal(h.attentionTo("IO")),
                        decimal(h.attentionTo("S1")),
                        decimal(h.attentionTo("S2")),
                        decimal(h.ovEffectAt(HeadRole.mostRead(h))),
                        HeadRole.of(h)))
            .collect(Collectors.joining("\n")));
    slots.put(
        "knocked out",
        circuit.knockedOut().stream().map(Head::toString).collect(Collectors.joining(", ")));
    slots.put("after knock out", decimal(circuit.afterKnockOut().mean()));
    slots.put("stranger", decimal(f.duplicates().stranger().mean()));
    slots.put("uncut", percent(f.duplicates().uncut()));
    slots.put("uncut next", percent(f.duplicates().uncutNext()));
    slots.put(
        "duplicate heads",
        f.duplicates().heads().stream()
            .sorted(
                Comparator.comparingDouble(
                    (DuplicateHead h) -> -Math.max(Math.abs(h.loss()), Math.abs(h.recovery()))))
            .limit(DUPLICATE_HEADS)
            .map(h ->
                "| %s | %s | %s | %s | %s | %s |"
                    .formatted(
                        h.head(),
                        decimal(h.toS1()),
                        decimal(h.toNext()),
                        decimal(h.toSelf()),
                        decimal(h.recovery()),
                        decimal(h.loss())))
            .collect(Collectors.joining("\n")));
  }

  // Not the unembedding, which is the embedding once more.
  private static long parameters(ModelConfig c) {
    long d = c.dModel();
    long m = c.dMlp();
    return d * (c.dVocab() + c.nCtx() + 2) + c.nLayers() * (4 * d * d + 2 * d * m + 9 * d + m);
  }

  private static String template() {
    try (var in = Objects.requireNonNull(ModelCard.class.getResourceAsStream(TEMPLATE))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + TEMPLATE + " in Loupe's own jar", e);
    }
  }

  private static String number(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }

  private static String decimal(double value) {
    // Adding 0 turns a rounded -0.00 into 0.00.
    return String.format(Locale.ROOT, "%.2f", Math.round(100 * value) / 100.0 + 0.0);
  }

  private static String estimate(Choice choice) {
    return decimal(choice.logitDifference().mean());
  }
}
