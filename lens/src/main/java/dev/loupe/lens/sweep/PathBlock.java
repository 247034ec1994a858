package dev.loupe.lens.sweep;

import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.sweep.PathSenderPass.Recorded;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.TensorScope;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Path patching of prompts of one length, without pads. */
final class PathBlock implements SweepBlock {
  private final HookedTransformer model;
  private final PathPatching patching;
  private final PromptPairs prompts;
  private final PathLayout layout;
  private final PathRuns runs;
  private final PathSenderPass senders;
  private final Held held = new Held();
  private final Reader reader;
  private final Tensor baseLogits;
  private final double[] base;
  private final double[] source;

  /** Runs clean and corrupted prompts; {@code patching} has only prompts of one length. */
  PathBlock(
      HookedTransformer model,
      PathPatching patching,
      PathLayout layout,
      Cancellation cancellation) {
    this.model = model;
    this.patching = patching;
    prompts = patching.prompts();
    this.layout = layout;
    runs = new PathRuns(model, patching, layout, cancellation);
    try (var _ = TensorScope.open()) {
      senders = new PathSenderPass(model, patching, layout, runs);
      boolean noising = patching.direction() == PatchDirection.NOISING;
      reader = reader(noising ? prompts.clean() : prompts.corrupted());
      var ofSource = reader(noising ? prompts.corrupted() : prompts.clean());
      int from = reader.readsAll() ? 0 : layout.length() - 1;
      var logits = logits(unembedded(runs.baseFinal(), from).unsqueeze(0));
      baseLogits = held.hold(logits.select(0, 0));
      base = reader.read(logits, 0, baseLogits)[0];
      var sourceLogits = logits(unembedded(runs.sourceFinal(), from).unsqueeze(0));
      source = ofSource.read(sourceLogits, 0, baseLogits)[0];
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  // Each run is read against its own tokens.
  private Reader reader(Tokens tokens) {
    return new Reader(model, patching.metric(), prompts.answers(), tokens);
  }

  @Override
  public double[] clean() {
    return (patching.direction() == PatchDirection.NOISING ? base : source).clone();
  }

  @Override
  public double[] corrupted() {
    return (patching.direction() == PatchDirection.NOISING ? source : base).clone();
  }

  // ---- A chunk of cells

  @Override
  public double[][] compute(List<Integer> cells, Cancellation cancellation) {
    var values = new double[cells.size()][];
    Arrays.setAll(values, i -> base.clone());
    try (var _ = TensorScope.open()) {
      var recorded = senders.run(cells, cancellation);
      var replay = replay(recorded, cancellation);
      var ends = recorded.stream().filter(PathBlock::isFinal).toList();
      var affected = new boolean[cells.size()][prompts.size()];
      replay.ifPresent(r -> r.pairs().forEach(p -> affected[p.cell()][p.prompt()] = true));
      ends.forEach(end ->
          end.rows().forEach(row -> affected[row.cell()][row.place() / layout.length()] = true));
      int[] reached =
          IntStream.range(0, cells.size())
              .filter(i -> IntStream.range(0, prompts.size()).anyMatch(p -> affected[i][p]))
              .toArray();
      if (reached.length == 0) {
        return values;
      }
      boolean readsAll = reader.readsAll();
      int from = readsAll ? firstChanged(recorded) : layout.length() - 1;
      var logits = logits(unembedded(reached, from, replay, ends));
      var measured = reader.read(logits, readsAll ? from : 0, baseLogits);
      for (int i = 0; i < reached.length; i++) {
        for (int prompt = 0; prompt < prompts.size(); prompt++) {
          if (affected[reached[i]][prompt]) {
            values[reached[i]][prompt] = measured[i][prompt];
          }
        }
      }
    }
    return values;
  }

  private static boolean isFinal(Recorded recorded) {
    return recorded.receiver() instanceof Receiver.FinalResidual;
  }

  private int firstChanged(List<Recorded> recorded) {
    return recorded.stream()
        .flatMap(r -> r.rows().stream())
        .mapToInt(row -> row.place() % layout.length())
        .min()
        .orElse(0);
  }

  /** The second run, of the prompts in which receivers other than the final residual differ. */
  private Optional<PathReplay.Replayed> replay(List<Recorded> recorded, Cancellation cancellation) {
    var heard = recorded.stream().filter(r -> !isFinal(r)).toList();
    // Where the final residual stream is received at all that the metric reads, nothing else is.
    heard =
        heard.stream()
            .map(r -> {
              int[] kept =
                  IntStream.range(0, r.rows().size())
                      .filter(i -> !hidden(r.rows().get(i).place() / layout.length()))
                      .toArray();
              return new Recorded(
                  r.receiver(),
                  IntStream.of(kept).mapToObj(r.rows()::get).toList(),
                  r.values().indexSelect(0, IntStream.of(kept).asLongStream().toArray()));
            })
            .filter(r -> !r.rows().isEmpty())
            .toList();
    return heard.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new PathReplay(model, layout, runs).run(heard, firstChanged(recorded), cancellation));
  }

  private boolean hidden(int prompt) {
    return IntStream.range(reader.readsAll() ? 0 : layout.length() - 1, layout.length())
        .allMatch(position -> layout.isFinal(prompt * layout.length() + position));
  }

  // ---- The end

  /** Returns what the unembedding reads of a final residual stream, [prompt, pos, d_model]. */
  private Tensor unembedded(Tensor residual, int from) {
    return unembedded(residual, from, layout.length() - from);
  }

  private Tensor unembedded(Tensor residual, int from, int width) {
    var read = residual.narrow(1, from, width);
    return model.math().unembeddingInput(model.math().normalized(read));
  }

  /** Returns the same of some cells, put together of what differs and the base run. */
  private Tensor unembedded(
      int[] cells, int from, Optional<PathReplay.Replayed> replay, List<Recorded> ends) {
    int width = layout.length() - from;
    var parts = new ArrayList<Tensor>();
    parts.add(flat(unembedded(runs.baseFinal(), from)));
    long next = (long) prompts.size() * width;
    Map<PathReplay.Pair, Long> pairs = new HashMap<>();
    if (replay.isPresent()) {
      parts.add(flat(unembedded(replay.get().residual(), from - replay.get().from(), width)));
      for (var pair : replay.get().pairs()) {
        pairs.put(pair, next);
        next += width;
      }
    }
    Map<List<Integer>, Long> finals = new HashMap<>();
    for (var end : ends) {
      parts.add(end.values());
      for (var row : end.rows()) {
        finals.put(List.of(row.cell(), row.place()), next++);
      }
    }
    var index = LongStream.builder();
    for (int cell : cells) {
      for (int prompt = 0; prompt < prompts.size(); prompt++) {
        var replayed = Optional.ofNullable(pairs.get(new PathReplay.Pair(cell, prompt)));
        for (int i = 0; i < width; i++) {
          int place = prompt * layout.length() + from + i;
          long inBase = (long) prompt * width + i;
          int column = i;
          index.add(
              layout.isFinal(place)
                  ? finals.getOrDefault(List.of(cell, place), inBase)
                  : replayed.map(first -> first + column).orElse(inBase));
        }
      }
    }
    return Tensors.cat(0, parts)
        .indexSelect(0, index.build().toArray())
        .reshape(cells.length, prompts.size(), width, model.config().dModel());
  }

  private Tensor flat(Tensor x) {
    return x.reshape(-1, model.config().dModel());
  }

  /** Returns logits as the metric reads them, of [run, prompt, pos, d_model]. */
  private Tensor logits(Tensor read) {
    return reader.logitsOf(reader.readsAll() ? read : read.squeeze(2));
  }

  @Override
  public void close() {
    held.close();
    runs.close();
  }
}
