package dev.loupe.explorer;

import dev.loupe.circuit.CircuitJson;
import dev.loupe.circuit.WriteBudget;
import dev.loupe.lens.StandardMetric;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.HookedTransformer;
import dev.loupe.task.NextToken;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import tools.jackson.databind.JsonNode;

/** Answers the page's questions with a model. */
final class ModelWorkbench implements Workbench {
  private static final int COMPLETIONS = 12;
  private static final long MEMORY = 512L << 20;

  private final HookedTransformer model;
  private final Views views;
  private final List<View.Named> vocabulary;

  /**
   * Takes a model, which must stay open.
   *
   * @throws IllegalArgumentException if it has no tokenizer
   */
  ModelWorkbench(HookedTransformer model) {
    if (!model.hasTokenizer()) {
      throw new IllegalArgumentException(
          model.name() + " has no tokenizer: the explorer needs one, to read what you type");
    }
    this.model = model;
    views = new Views(model, MEMORY);
    views.warm();
    var tokenizer = model.tokenizer();
    var texts = tokenizer.strTokens(LongStream.range(0, tokenizer.size()).toArray());
    var all = new ArrayList<View.Named>();
    for (int id = 0; id < texts.size(); id++) {
      all.add(new View.Named(id, texts.get(id)));
    }
    all.removeIf(token -> !isMeant(token));
    all.sort(
        Comparator.<View.Named>comparingInt(token -> token.text().length())
            .thenComparingLong(View.Named::id));
    vocabulary = List.copyOf(all);
  }

  /** Tells whether the text, once typed, is taken for this token. */
  private boolean isMeant(View.Named token) {
    try {
      return NextToken.of(model.tokenizer(), "", token.text()).id() == token.id();
    } catch (IllegalArgumentException e) {
      // A part of a character, or a special token.
      return false;
    }
  }

  private record Named(String name, String title) {}

  private record Measured(String name, String label) {}

  private record Budget(int dimensions, long whole, String words) {}

  private record Limits(int characters, int tokens, int interventions) {}

  private record Model(
      String model,
      int layers,
      int heads,
      int keyValueHeads,
      int dModel,
      int dHead,
      int contextLength,
      int vocabulary,
      boolean parallel,
      Budget budget,
      List<Named> tasks,
      List<Measured> metrics,
      List<String> points,
      List<List<String>> changes,
      Limits limits) {}

  @Override
  public Object model() {
    var config = model.config();
    return new Model(
        model.name(),
        config.nLayers(),
        config.nHeads(),
        config.nKeyValueHeads(),
        config.dModel(),
        config.dHead(),
        config.nCtx(),
        config.dVocab(),
        config.parallelBlocks(),
        new Budget(
            WriteBudget.standard().in(config),
            WriteBudget.whole(config),
            "7/12 of what the whole model writes: 11,200 dimensions of GPT-2 small's 19,200"),
        Arrays.stream(Examples.Task.values())
            .map(task -> new Named(task.label(), task.title()))
            .toList(),
        Arrays.stream(StandardMetric.values())
            .map(metric -> new Measured(metric.toString(), metric.label()))
            .toList(),
        points(),
        List.of(List.of("zero", "zero"), List.of("mean", "mean of the other run")),
        new Limits(
            Question.MOST_CHARACTERS,
            Math.min(Asked.MOST_TOKENS, config.nCtx()),
            Question.MOST_INTERVENTIONS));
  }

  /** Returns the hook points of a block, by their names without it. */
  private List<String> points() {
    return Arrays.stream(Kind.values())
        .filter(kind -> kind.inBlock() && !kind.onDemand() && kind.existsIn(model.config()))
        .map(Kind::suffix)
        .toList();
  }

  @Override
  public Object examples(String task, long seed) {
    return Examples.draw(model, task, seed);
  }

  /** Tokens for what was typed so far. */
  record Completions(List<View.Named> tokens) {}

  @Override
  public Object complete(String start) {
    var wanted = start.toLowerCase(Locale.ROOT);
    var spaced = " " + wanted;
    return new Completions(
        vocabulary.stream()
            .filter(token -> !wanted.isBlank())
            .filter(token -> {
              var text = token.text().toLowerCase(Locale.ROOT);
              return text.startsWith(wanted) || text.startsWith(spaced);
            })
            .limit(COMPLETIONS)
            .toList());
  }

  /**
   * Says as an answer to the question that its interventions leave nothing to compute with; without
   * any, it is an error of ours.
   */
  private static <T> T finite(Asked asked, Supplier<T> work) {
    try {
      return work.get();
    } catch (CancellationException e) {
      throw e;
    } catch (IllegalStateException e) {
      if (!asked.isIntervened()) {
        throw e;
      }
      var bad = new BadQuestion("interventions", String.valueOf(e.getMessage()));
      bad.initCause(e);
      throw bad;
    }
  }

  private Asked asked(JsonNode question) {
    return Asked.of(model, Question.read(question));
  }

  @Override
  public Object view(JsonNode question) {
    var asked = asked(question);
    return finite(asked, () -> views.of(asked));
  }

  @Override
  public void grid(JsonNode question, Lines out) {
    var asked = asked(question);
    var grid = new HeadGrid(model.config(), views, asked, out);
    finite(
        asked,
        () -> {
          grid.run(Question.text(question, "grid"), Question.text(question, "change"));
          return grid;
        });
  }

  @Override
  public void circuit(JsonNode question, Lines out) {
    // Its interventions play no part in a circuit.
    new CircuitView(model, asked(question))
        .run(CircuitView.nodes(model, question), Question.text(question, "ablation"), out);
  }

  @Override
  public Object suggest(JsonNode question) {
    return new CircuitView(model, asked(question)).suggest();
  }

  /** A file to download. */
  record Exported(String file, String text) {}

  @Override
  public Object exportStudy(JsonNode question) {
    return new Exported("explored.yaml", StudyExport.yaml(model, asked(question)));
  }

  @Override
  public Object exportCircuit(JsonNode question) {
    var nodes = CircuitView.nodes(model, question);
    var circuit = new CircuitView(model, asked(question)).circuit(nodes);
    return new Exported(
        "circuit.json", new String(CircuitJson.bytes(circuit, Map.of()), StandardCharsets.UTF_8));
  }

  @Override
  public void close() {
    views.close();
  }
}
