package dev.loupe.study.run;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.loupe.circuit.Circuit;
import dev.loupe.circuit.CircuitNode;
import dev.loupe.lens.Answers;
import dev.loupe.lens.Head;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.sweep.GridBuilder;
import dev.loupe.lens.sweep.PatchSite;
import dev.loupe.lens.sweep.Places;
import dev.loupe.lens.sweep.Sweep;
import dev.loupe.lens.sweep.SweepResult;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Provenance;
import dev.loupe.model.Tokens;
import dev.loupe.study.PromptRow;
import dev.loupe.study.ReadingJson;
import dev.loupe.study.Study;
import dev.loupe.study.StudyContext;
import dev.loupe.study.StudyFindings;
import dev.loupe.study.StudyTable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** A study for tests, with an option of every kind: patches heads on prompts of random tokens. */
public record TinyPatching(
    Prompts prompts,
    String factorFile,
    double scale,
    boolean noisy,
    List<Integer> layers,
    List<Group> groups,
    Corner corner,
    Budget budget)
    implements Study {
  /** Options within options. */
  public record Prompts(int count, long seed, int tokenCount) {
    public Prompts {
      if (count < 1) {
        throw new IllegalArgumentException("count " + count + ": expected 1 or more prompts");
      }
    }
  }

  /** An element of a list. */
  public record Group(String name, List<String> members) {}

  /** A choice. */
  public enum Corner {
    FIRST_TOKEN,
    LAST_TOKEN;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** A value with a form of its own. */
  public record Budget(@JsonValue String text) {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public static Budget parse(String text) {
      if (!text.matches("[0-9.]+ ?%?")) {
        throw new IllegalArgumentException("budget " + text + ": expected 11200 or 10 %");
      }
      return new Budget(text);
    }
  }

  public static TinyPatching standard() {
    return new TinyPatching(
        new Prompts(4, 0, 5),
        "",
        1,
        false,
        List.of(),
        List.of(new Group("one", List.of("L0H1", "it's: \"odd\""))),
        Corner.LAST_TOKEN,
        Budget.parse("10 %"));
  }

  /** Tells what must not be taken for an option. */
  public boolean isLarge() {
    return prompts.count() > 100;
  }

  @Override
  public String name() {
    return "tiny-patching";
  }

  @Override
  public String question() {
    return "Which heads bring the answer back on random tokens?";
  }

  @Override
  public StudyFindings run(StudyContext context) {
    var model = context.model();
    var pairs = pairs(model);
    double factor = scale * (factorFile.isEmpty() ? 1 : factor(context));
    var chosen =
        layers.isEmpty() ? IntStream.range(0, model.config().nLayers()).boxed().toList() : layers;
    var grid =
        GridBuilder.of(PatchSite.Z)
            .at(Places.parse(corner == Corner.LAST_TOKEN ? "END" : "0"))
            .layers(chosen)
            .build(model.config(), pairs);
    var direction = noisy ? PatchDirection.NOISING : PatchDirection.DENOISING;
    var result =
        Sweep.of(grid, pairs, direction, StandardMetric.LOGIT_DIFFERENCE)
            .run(model, context.sweep("heads"), context.stage("patching heads"));
    var _ = context.stage("telling");
    return new Found(this, model.provenance(), PromptRow.of(pairs, model), result, factor);
  }

  private static double factor(StudyContext context, String name) {
    try {
      return Double.parseDouble(Files.readString(context.file(name)).strip());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private double factor(StudyContext context) {
    return factor(context, factorFile);
  }

  private PromptPairs pairs(HookedTransformer model) {
    var random = new SplittableRandom(prompts.seed());
    var clean = rows(random, model);
    var corrupted = rows(random, model);
    return PromptPairs.of(clean, corrupted, Answers.of(ids(0), ids(1)));
  }

  private Tokens rows(SplittableRandom random, HookedTransformer model) {
    var rows = new long[prompts.count()][prompts.tokenCount()];
    for (long[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        row[i] = random.nextInt(model.config().dVocab());
      }
    }
    return Tokens.of(rows);
  }

  private long[] ids(long id) {
    return LongStream.generate(() -> id).limit(prompts.count()).toArray();
  }

  /** What it finds. */
  public record Found(
      TinyPatching study,
      Provenance model,
      List<PromptRow> prompts,
      SweepResult result,
      double factor)
      implements StudyFindings {
    @Override
    public List<String> notes() {
      return List.of();
    }

    /** Returns the cells, by layer and head. */
    public List<SweepResult.Cell> cells() {
      return result.top(result.size());
    }

    @Override
    public Map<String, @Nullable Object> numbers() {
      var heads = new ArrayList<Map<String, @Nullable Object>>();
      for (int cell = 0; cell < result.size(); cell++) {
        heads.add(
            ReadingJson.part()
                .put("labels", (Object) result.sweep().grid().labels(cell))
                .put("value", result.value(cell))
                .map());
      }
      return ReadingJson.part()
          .put("clean", result.clean())
          .put("corrupted", factor * result.corrupted().mean())
          .put("corner", study.corner().toString())
          .put("heads", (Object) heads)
          .map();
    }

    @Override
    public List<StudyTable> tables() {
      var table =
          StudyTable.of(
              "heads",
              StudyTable.Column.whole("cell"),
              StudyTable.Column.text("label"),
              StudyTable.Column.number("mean"),
              StudyTable.Column.truth("positive"));
      for (int cell = 0; cell < result.size(); cell++) {
        double mean = result.value(cell).mean();
        table.row(cell, result.sweep().grid().labels(cell).toString(), mean, mean > 0);
      }
      return List.of(table.row(-1, null, Double.NaN, null).build());
    }

    @Override
    public Optional<Circuit> circuit() {
      return Optional.of(
          new Circuit(List.of(new CircuitNode.Input(), new CircuitNode.OfHead(new Head(0, 1)))));
    }
  }
}
