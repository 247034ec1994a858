package dev.loupe.lens.sweep;

import dev.loupe.lens.At;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.Metric.Reads;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Which rows of the residual stream the senders of each cell change, and until when anything reads
 * them. A place is a position of a prompt: {@code prompt * length + position}; prompts are of one
 * length.
 */
final class PathLayout {
  /** The slot of a sender that is no head. */
  static final int MLP = -1;

  private final PromptPairs prompts;
  private final int length;
  private final PathStages stages;
  private final Map<At, BitSet> at = new HashMap<>();
  private final Map<Receiver, BitSet> received = new LinkedHashMap<>();
  private final BitSet finals = new BitSet();
  private final List<List<Sending>> cells = new ArrayList<>();
  private final int[] lastRead;
  private final int[] firstDifference;
  private final long[] held;
  private final int[] heldAt;
  private final int rowsPerCell;

  /** What a cell writes at a stage: one head's output, or the MLP's, of the source run. */
  record Sending(int stage, int slot, BitSet places) {}

  /**
   * A row of the residual stream that differs from the base run.
   *
   * @param cell counted within a chunk
   * @param place where
   * @param start the stage that first changes it
   */
  record Row(int cell, int place, int start) {}

  PathLayout(PathPatching patching, PathStages stages) {
    prompts = patching.prompts();
    length = prompts.clean().length();
    this.stages = stages;
    lastRead = new int[prompts.size() * length];
    firstDifference =
        IntStream.range(0, prompts.size()).map(row -> firstDifference(prompts, row)).toArray();
    boolean everyRead = patching.metric().reads() == Reads.EVERY;
    for (var receiver : patching.receivers()) {
      var places = (BitSet) places(receiver.at()).clone();
      if (receiver instanceof Receiver.FinalResidual) {
        if (!everyRead) {
          places.and(places(At.END));
        }
        finals.or(places);
      }
      received.put(receiver, places);
      int stage = stages.of(receiver);
      places.stream().forEach(place -> lastRead[place] = Math.max(lastRead[place], stage));
    }
    var needed = new BitSet();
    for (int cell = 0; cell < patching.senders().size(); cell++) {
      var sendings = sendings(patching.senders().cell(cell));
      sendings.forEach(sending -> needed.or(sending.places()));
      cells.add(sendings);
    }
    held = needed.stream().asLongStream().toArray();
    heldAt = new int[lastRead.length];
    for (int i = 0; i < held.length; i++) {
      heldAt[(int) held[i]] = i;
    }
    rowsPerCell =
        cells.stream().mapToInt(sendings -> union(sendings).cardinality()).max().orElse(0);
  }

  // Only where something later reads what is sent, and where the runs have read different tokens;
  // a sender that is named twice sends once.
  private List<Sending> sendings(List<Intervention> senders) {
    var merged = new ArrayList<Sending>();
    for (var sender : senders) {
      int stage = stages.of(sender);
      int slot = sender.site().part() instanceof Site.Part.Head head ? head.index() : MLP;
      var places = new BitSet();
      places(sender.site().at()).stream()
          .filter(place -> lastRead[place] > stage)
          .filter(place -> place % length >= firstDifference[place / length])
          .forEach(places::set);
      var same = merged.stream().filter(s -> s.stage() == stage && s.slot() == slot).findAny();
      if (same.isPresent()) {
        same.get().places().or(places);
      } else if (!places.isEmpty()) {
        merged.add(new Sending(stage, slot, places));
      }
    }
    return List.copyOf(merged);
  }

  private static int firstDifference(PromptPairs prompts, int row) {
    int at = Arrays.mismatch(prompts.clean().row(row), prompts.corrupted().row(row));
    return at < 0 ? Integer.MAX_VALUE : at;
  }

  private static BitSet union(List<Sending> sendings) {
    var all = new BitSet();
    sendings.forEach(sending -> all.or(sending.places()));
    return all;
  }

  private BitSet places(At positions) {
    return at.computeIfAbsent(
        positions,
        p -> {
          var places = new BitSet();
          for (int prompt = 0; prompt < prompts.size(); prompt++) {
            for (int position : prompts.positions(p, prompt)) {
              places.set(prompt * length + position);
            }
          }
          return places;
        });
  }

  int length() {
    return length;
  }

  PathStages stages() {
    return stages;
  }

  /** Returns the receivers. */
  Iterable<Receiver> receivers() {
    return received.keySet();
  }

  /** Returns where a receiver receives, as far as the metric can tell. */
  BitSet received(Receiver receiver) {
    return received.getOrDefault(receiver, new BitSet());
  }

  /** Tells whether another receiver comes before this one. */
  boolean isLater(Receiver receiver) {
    return received.keySet().stream().anyMatch(r -> stages.of(r) < stages.of(receiver));
  }

  /** Tells whether the final residual stream is received at a place. */
  boolean isFinal(int place) {
    return finals.get(place);
  }

  /** Tells whether anything reads a place from a stage on. */
  boolean isRead(int place, int stage) {
    return lastRead[place] >= stage;
  }

  /** Returns what a cell of the grid sends. */
  List<Sending> sendings(int cell) {
    return cells.get(cell);
  }

  /** Returns all places that any sender changes and any receiver reads. */
  long[] held() {
    return held.clone();
  }

  /** Returns for every row where its place stands among {@link #held}. */
  long[] heldAt(List<Row> rows) {
    return rows.stream().mapToLong(row -> heldAt[row.place()]).toArray();
  }

  /** Returns the stages at which any cell sends. */
  Set<Integer> sendingStages() {
    return cells.stream()
        .flatMap(List::stream)
        .map(Sending::stage)
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Returns the last stage at which anything is read. */
  int lastStage() {
    return Arrays.stream(lastRead).max().orElse(0);
  }

  /** Returns how many rows a cell changes at most. */
  int rowsPerCell() {
    return rowsPerCell;
  }

  /** Returns the rows that cells of the grid change, in the order of their start. */
  List<Row> rows(List<Integer> chunk) {
    var rows = new ArrayList<Row>();
    for (int i = 0; i < chunk.size(); i++) {
      int cell = i;
      var sendings = cells.get(chunk.get(i));
      union(sendings).stream()
          .forEach(place -> {
            int start =
                sendings.stream()
                    .filter(sending -> sending.places().get(place))
                    .mapToInt(Sending::stage)
                    .min()
                    .orElseThrow();
            rows.add(new Row(cell, place, start));
          });
    }
    rows.sort(Comparator.comparingInt(Row::start));
    return rows;
  }
}
