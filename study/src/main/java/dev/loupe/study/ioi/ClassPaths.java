package dev.loupe.study.ioi;

import dev.loupe.lens.At;
import dev.loupe.lens.Estimate;
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
import dev.loupe.study.StudyContext;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * What the classes tell each other (Wang et al. 2022): duplicate-token heads the values of
 * S-inhibition heads at S2, these the queries of name movers at END, these the logits; and what the
 * other classes write into the logits without them. Other heads are frozen, MLPs and norms on the
 * way recomputed.
 *
 * @param flows from class to class, in the order in which they act
 * @param paths the same from head to head
 */
public record ClassPaths(List<ClassFlow> flows, List<ClassPath> paths) {
  /** Copies the lists. */
  public ClassPaths {
    flows = List.copyOf(flows);
    paths = List.copyOf(paths);
  }

  static ClassPaths none() {
    return new ClassPaths(List.of(), List.of());
  }

  static ClassPaths of(
      StudyContext context, PromptPairs prompts, Map<HeadClass, List<Head>> heads) {
    var making = new Making(context, prompts, heads);
    var config = context.model().config();
    int share = config.nHeads() / config.nKeyValueHeads();
    making.measure(
        HeadClass.DUPLICATE_TOKEN,
        HeadClass.S_INHIBITION,
        "v at S2",
        // Of grouped keys and values the head's own are those of its group.
        head -> Receiver.v(new Head(head.layer(), head.index() / share)).at(At.named("S2")));
    making.measure(
        HeadClass.S_INHIBITION,
        HeadClass.NAME_MOVER,
        "q at END",
        head -> Receiver.q(head).at(At.END));
    // The claim is of name movers alone; that the others write into the logits is as good to know.
    for (var each : List.of(HeadClass.values()).reversed()) {
      making.measureLogits(each);
    }
    return new ClassPaths(making.flows, making.paths);
  }

  private static final class Making {
    private static final String LOGITS = "final residual at END";

    private final StudyContext context;
    private final PromptPairs prompts;
    private final Map<HeadClass, List<Head>> heads;
    private final List<ClassFlow> flows = new ArrayList<>();
    private final List<ClassPath> paths = new ArrayList<>();

    Making(StudyContext context, PromptPairs prompts, Map<HeadClass, List<Head>> heads) {
      this.context = context;
      this.prompts = prompts;
      this.heads = heads;
    }

    private List<Head> of(HeadClass each) {
      return heads.getOrDefault(each, List.of()).stream()
          .sorted(Comparator.comparingInt(Head::layer).thenComparingInt(Head::index))
          .toList();
    }

    void measure(HeadClass from, HeadClass to, String input, Function<Head, Receiver> receiver) {
      var reached =
          of(to).stream()
              .filter(head -> of(from).stream().anyMatch(it -> it.layer() < head.layer()))
              .toList();
      var flow = Estimate.none();
      if (!reached.isEmpty()) {
        var all = reached.stream().map(receiver).distinct().toArray(Receiver[]::new);
        flow = losses(run(List.of(of(from)), to + " heads", all)).getFirst();
      }
      flows.add(new ClassFlow(from, Optional.of(to), input, flow));
      for (var head : reached) {
        var senders = of(from).stream().filter(it -> it.layer() < head.layer()).toList();
        var result =
            run(senders.stream().map(List::of).toList(), head.toString(), receiver.apply(head));
        add(senders, Optional.of(head), input, losses(result));
      }
    }

    void measureLogits(HeadClass from) {
      var senders = of(from);
      var flow = Estimate.none();
      if (!senders.isEmpty()) {
        var cells = new ArrayList<>(List.of(senders));
        senders.forEach(head -> cells.add(List.of(head)));
        var receiver = Receiver.finalResidual().at(At.END);
        var losses = losses(run(cells, "logits from " + from + " heads", receiver));
        flow = losses.getFirst();
        add(senders, Optional.empty(), LOGITS, losses.subList(1, losses.size()));
      }
      flows.add(new ClassFlow(from, Optional.empty(), LOGITS, flow));
    }

    private void add(List<Head> senders, Optional<Head> to, String input, List<Estimate> losses) {
      for (int i = 0; i < senders.size(); i++) {
        paths.add(new ClassPath(senders.get(i), to, input, losses.get(i)));
      }
    }

    /** Patches the paths from each set of heads, a cell each. */
    private SweepResult run(List<List<Head>> senders, String to, Receiver... receivers) {
      var axis = new Axis("from", senders.stream().map(List::toString).toList());
      var cells =
          senders.stream()
              .map(set -> set.stream().map(head -> Intervention.patch(Site.z(head))).toList())
              .toList();
      return PathPatching.from(Grid.of(axis, cells))
          .to(receivers)
          .noising(prompts, StandardMetric.LOGIT_DIFFERENCE)
          .run(
              context.model(),
              context.sweep("paths-to-" + to.replace(' ', '-')),
              context.stage("patching paths to " + to));
    }

    private static List<Estimate> losses(SweepResult result) {
      double[] clean = result.cleanByPrompt();
      return IntStream.range(0, result.size())
          .mapToObj(cell -> {
            double[] patched = result.byPrompt(cell);
            return Estimate.of(
                IntStream.range(0, clean.length).mapToDouble(i -> clean[i] - patched[i]).toArray());
          })
          .toList();
    }
  }
}
