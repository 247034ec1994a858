package dev.loupe.study.ioi;

import dev.loupe.circuit.Candidate;
import dev.loupe.circuit.CircuitComparison.Rank;
import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.Filling;
import dev.loupe.circuit.WriteBudget;
import dev.loupe.circuit.WriteCosts;
import dev.loupe.lens.Head;
import dev.loupe.lens.heads.AttentionScores;
import dev.loupe.study.CircuitParts;
import dev.loupe.study.PromptRow;
import dev.loupe.study.Study;
import dev.loupe.study.StudyContext;
import dev.loupe.study.ioi.IoiCircuitFindings.TopHead;
import dev.loupe.task.Corruption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Chooses a circuit of the indirect-object task by what heads attend to: the top heads of three
 * classes, all MLPs, and then the next best heads of any class until a write budget is used up.
 * Attention alone proves nothing, so the circuit is then measured: what it does with everything
 * else ablated, what is left without it, and random circuits that write as much.
 *
 * <p>A head may top two classes. It is taken once, as of the class that its score is higher for,
 * and no further head takes its place in the other.
 *
 * @param prompts with one answer and one wrong answer each
 * @param topDuplicate how many duplicate-token heads are taken first
 * @param topInhibition how many S-inhibition heads are taken first
 * @param topNameMover how many name movers are taken first
 * @param candidates how many heads of each class may be taken
 * @param writeBudget what the nodes may write together
 * @param countInput whether the input, which is always in, counts against the budget; the published
 *     arithmetic counts heads and MLPs alone
 * @param mlps whether all MLPs are taken
 * @param compareWith file of an earlier circuit; empty for none
 * @param randomCircuits how many random circuits of the same size are measured
 * @param seed of these
 * @param paths whether the paths from class to class are measured
 */
public record IoiCircuit(
    IoiPrompts prompts,
    int topDuplicate,
    int topInhibition,
    int topNameMover,
    int candidates,
    WriteBudget writeBudget,
    boolean countInput,
    boolean mlps,
    String compareWith,
    int randomCircuits,
    long seed,
    boolean paths)
    implements Study {

  /** Refuses negative counts, and fewer candidates than heads taken first. */
  public IoiCircuit {
    requireCount("top_duplicate", topDuplicate);
    requireCount("top_inhibition", topInhibition);
    requireCount("top_name_mover", topNameMover);
    requireCount("random_circuits", randomCircuits);
    int most = Math.max(topDuplicate, Math.max(topInhibition, topNameMover));
    if (candidates < most) {
      throw new IllegalArgumentException(
          "candidates " + candidates + ": expected at least the " + most + " heads taken first");
    }
  }

  private static void requireCount(String option, int count) {
    if (count < 0) {
      throw new IllegalArgumentException(option + " " + count + ": expected 0 or more");
    }
  }

  /** Returns the usual options, those of the published circuit. */
  public static IoiCircuit standard() {
    return new IoiCircuit(
        IoiPrompts.generated(Corruption.ABC),
        3,
        3,
        4,
        15,
        WriteBudget.standard(),
        false,
        true,
        "",
        20,
        0,
        true);
  }

  @Override
  public String name() {
    return "ioi-circuit";
  }

  @Override
  public String question() {
    return "Which heads of each class does attention point to, and which circuit do they make"
        + " within a write budget?";
  }

  @Override
  public IoiCircuitFindings run(StudyContext context) {
    var model = context.model();
    var data = prompts.read(context);
    var pairs = data.pairs();
    int budget = writeBudget.in(model.config());
    var classes = Arrays.stream(HeadClass.values()).map(HeadClass::attention).toList();
    var attention = AttentionScores.of(model, pairs, classes, context.stage("reading attention"));
    var tops = tops(attention);
    var filling = fill(attention, tops, costs(WriteCosts.of(model.config())), budget);
    var circuit = filling.circuit().requireIn(model.config());
    circuit.requireWithin(filling.costs(), budget);
    var notes = new ArrayList<>(data.notes());
    notes.addAll(notes(tops, filling));
    var comparison = CircuitParts.compare(context, compareWith, filling, ranks(attention));
    var measured = CircuitMeasurement.of(context, pairs, circuit, randomCircuits, seed);
    var found =
        paths
            ? ClassPaths.of(context, pairs, IoiCircuitFindings.classes(tops, filling))
            : ClassPaths.none();
    return new IoiCircuitFindings(
        this,
        model.provenance(),
        data.corruption(),
        PromptRow.of(pairs, model),
        List.copyOf(notes),
        attention,
        tops,
        filling,
        measured,
        found,
        comparison);
  }

  private WriteCosts costs(WriteCosts all) {
    return countInput ? all : all.withFreeInput();
  }

  private int top(HeadClass of) {
    return switch (of) {
      case DUPLICATE_TOKEN -> topDuplicate;
      case S_INHIBITION -> topInhibition;
      case NAME_MOVER -> topNameMover;
    };
  }

  List<TopHead> tops(AttentionScores attention) {
    var tops = new ArrayList<TopHead>();
    for (var each : HeadClass.values()) {
      attention.ranked(each.attention()).stream()
          .limit(top(each))
          .forEach(score -> tops.add(new TopHead(each, score.head(), score.attention())));
    }
    return tops;
  }

  Filling fill(AttentionScores attention, List<TopHead> tops, WriteCosts costs, int budget) {
    var filling = CircuitParts.withInput(costs, writeBudget, budget);
    if (mlps) {
      filling =
          filling.with(
              IntStream.range(0, attention.layers())
                  .mapToObj(layer -> new Candidate(CircuitNode.mlp(layer), "MLP"))
                  .toList());
    }
    var next = new ArrayList<Candidate>();
    for (var each : HeadClass.values()) {
      attention.ranked(each.attention()).stream()
          .limit(candidates)
          .forEach(score -> next.add(candidate(each, score.head(), attention)));
    }
    var first = tops.stream().map(top -> candidate(top.of(), top.head(), attention)).toList();
    return filling.with(bestFirst(first)).with(bestFirst(next));
  }

  private static Candidate candidate(HeadClass of, Head head, AttentionScores attention) {
    return new Candidate(CircuitNode.of(head), of.toString(), attention.of(of.attention(), head));
  }

  private static List<Candidate> bestFirst(List<Candidate> candidates) {
    return candidates.stream()
        .sorted(
            Comparator.comparingDouble((Candidate candidate) -> -candidate.score().mean())
                .thenComparing(Candidate::node))
        .toList();
  }

  List<String> notes(List<TopHead> tops, Filling filling) {
    var notes = new ArrayList<String>();
    var classes =
        tops.stream()
            .collect(
                Collectors.groupingBy(
                    TopHead::head,
                    LinkedHashMap::new,
                    Collectors.mapping(TopHead::of, Collectors.toList())));
    classes.forEach((head, of) -> {
      if (of.size() > 1) {
        notes.add(
            head
                + " is among the top heads of several classes ("
                + of.stream().map(HeadClass::toString).collect(Collectors.joining(", "))
                + "). It counts once, as of the class that it attends most for, and no other head"
                + " takes its place.");
      }
    });
    var missing =
        filling.passedOver().stream()
            .map(Candidate::node)
            .distinct()
            .filter(node ->
                tops.stream().anyMatch(top -> CircuitNode.of(top.head()).equals(node))
                    || node instanceof CircuitNode.OfMlp)
            .map(CircuitNode::toString)
            .toList();
    if (!missing.isEmpty()) {
      notes.add(
          "Top heads and MLPs that did not fit into the write budget: "
              + String.join(", ", missing)
              + ".");
    }
    int left = filling.budget() - filling.used();
    if (left >= filling.costs().head()) {
      notes.add(
          left
              + " of the write budget are left: the "
              + candidates
              + " candidates of each class are used up.");
    }
    return notes;
  }

  /** Ranks every head by the class that it attends most for. */
  private static Map<CircuitNode, Rank> ranks(AttentionScores attention) {
    var best =
        bestFirst(
            Arrays.stream(HeadClass.values())
                .flatMap(each ->
                    attention.ranked(each.attention()).stream()
                        .map(score -> candidate(each, score.head(), attention)))
                .toList());
    var ranks = new LinkedHashMap<CircuitNode, Rank>();
    int heads = attention.layers() * attention.heads();
    for (var candidate : best) {
      if (!ranks.containsKey(candidate.node())) {
        ranks.put(candidate.node(), new Rank(candidate.score(), ranks.size() + 1, heads));
      }
    }
    return ranks;
  }
}
