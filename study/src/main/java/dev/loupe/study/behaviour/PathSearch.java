package dev.loupe.study.behaviour;

import dev.loupe.lens.At;
import dev.loupe.lens.Head;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import dev.loupe.lens.StandardMetric;
import dev.loupe.lens.sweep.Axis;
import dev.loupe.lens.sweep.Grid;
import dev.loupe.lens.sweep.PathPatching;
import dev.loupe.lens.sweep.Receiver;
import dev.loupe.lens.sweep.SweepResult;
import dev.loupe.model.ModelConfig;
import dev.loupe.study.StudyContext;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Follows paths from the heads that write the answer down, level by level (noising). */
final class PathSearch {
  private final StudyContext context;
  private final ModelConfig config;
  private final PromptPairs pairs;
  private final PathOptions options;
  private final List<String> notes;

  PathSearch(StudyContext context, PromptPairs pairs, PathOptions options, List<String> notes) {
    this.context = context;
    config = context.model().config();
    this.pairs = pairs;
    this.options = options;
    this.notes = notes;
  }

  /**
   * Returns the levels.
   *
   * @param writers the heads that write the answer, the most first
   */
  List<PathLevel> from(List<Head> writers) {
    var levels = new ArrayList<PathLevel>();
    var seen = new LinkedHashSet<Head>();
    var next = writers;
    for (int number = 1; number <= options.levels(); number++) {
      var heads =
          next.stream()
              .filter(head -> head.layer() > 0 && !seen.contains(head))
              .limit(options.top())
              .toList();
      var receivers =
          options.named(number).isEmpty() ? usual(number, heads) : options.named(number);
      if (receivers.isEmpty()) {
        notes.add(
            "No paths at level "
                + number
                + ": no head above layer 0 is left that carries as much as "
                + options.least()
                + " of the gap and was not a receiver yet.");
        next = List.of();
        if (number >= options.receivers().size()) {
          break;
        }
        // Levels below may name their own.
        continue;
      }
      var level =
          level(number, options.named(number).isEmpty() ? heads : readers(receivers), receivers);
      levels.add(level);
      seen.addAll(level.heads());
      next = senders(level);
    }
    return levels;
  }

  /** Returns the inputs of heads; heads that share keys and values share these receivers. */
  private List<Receiver.HeadInput> usual(int number, List<Head> heads) {
    return options.inputs().stream()
        .flatMap(input ->
            heads.stream()
                .map(head -> {
                  var role = PathOptions.role(input);
                  boolean atEnd = role == Receiver.Role.QUERY && number == 1;
                  return new Receiver.HeadInput(role, input(role, head), atEnd ? At.END : At.all());
                }))
        .distinct()
        .toList();
  }

  /** Returns the heads whose inputs these are. */
  private List<Head> readers(List<Receiver.HeadInput> receivers) {
    return Head.all(config).stream()
        .filter(head -> receivers.stream().anyMatch(receiver -> reads(head, receiver)))
        .toList();
  }

  private boolean reads(Head head, Receiver.HeadInput receiver) {
    return input(receiver.role(), head).equals(receiver.head());
  }

  /** Returns the head that a receiver names: of keys and values one that several heads share. */
  private Head input(Receiver.Role role, Head head) {
    int sharing = config.nHeads() / config.nKeyValueHeads();
    return role == Receiver.Role.QUERY ? head : new Head(head.layer(), head.index() / sharing);
  }

  private PathLevel level(int number, List<Head> heads, List<Receiver.HeadInput> receivers) {
    var byRole =
        receivers.stream()
            .collect(
                Collectors.groupingBy(
                    Receiver.HeadInput::role, LinkedHashMap::new, Collectors.toList()));
    var inputs = new ArrayList<PathLevel.ToInput>();
    byRole.forEach((role, some) -> inputs.add(toInput(number, role, heads, some)));
    return new PathLevel(number, heads, inputs);
  }

  private PathLevel.ToInput toInput(
      int number, Receiver.Role role, List<Head> heads, List<Receiver.HeadInput> receivers) {
    var name = "paths-" + number + "-" + role.name().toLowerCase(Locale.ROOT);
    var all = patched(PathPatching.heads(config, At.all()), receivers, name);
    var found = new PathLevel.ToInput(role, receivers, all, List.of());
    var strongest =
        found.ranked().stream()
            .filter(this::counts)
            .limit(options.top())
            .map(PathLevel.Sender::head)
            .toList();
    return new PathLevel.ToInput(role, receivers, all, edges(strongest, heads, receivers, name));
  }

  private List<PathLevel.Edge> edges(
      List<Head> senders, List<Head> heads, List<Receiver.HeadInput> receivers, String name) {
    var edges = new ArrayList<PathLevel.Edge>();
    if (senders.isEmpty()) {
      return edges;
    }
    var grid =
        Grid.of(
            new Axis("sender", senders.stream().map(Head::toString).toList()),
            senders.stream().map(head -> List.of(Intervention.patch(Site.z(head)))).toList());
    for (int r = 0; r < receivers.size(); r++) {
      var receiver = receivers.get(r);
      var into = heads.stream().filter(head -> reads(head, receiver)).toList();
      var result = patched(grid, List.of(receiver), name + "-" + r);
      for (int s = 0; s < senders.size(); s++) {
        if (senders.get(s).layer() < receiver.head().layer()) {
          edges.add(new PathLevel.Edge(senders.get(s), receiver, into, result.loss(s)));
        }
      }
    }
    return edges;
  }

  private SweepResult patched(Grid senders, List<Receiver.HeadInput> receivers, String name) {
    return PathPatching.from(senders)
        .to(receivers.toArray(Receiver[]::new))
        .noising(pairs, StandardMetric.LOGIT_DIFFERENCE)
        .run(context.model(), context.sweep(name), context.stage(name));
  }

  private boolean counts(PathLevel.Sender sender) {
    return Math.abs(sender.loss().mean()) >= options.least();
  }

  /** Returns the heads that carry most into any input of a level, the most first. */
  private List<Head> senders(PathLevel level) {
    var most = new LinkedHashMap<Head, Double>();
    for (var input : level.inputs()) {
      input.ranked().stream()
          .filter(this::counts)
          .forEach(sender -> most.merge(sender.head(), Math.abs(sender.loss().mean()), Math::max));
    }
    return most.entrySet().stream()
        .sorted(Comparator.comparingDouble(entry -> -entry.getValue()))
        .map(Map.Entry::getKey)
        .toList();
  }
}
