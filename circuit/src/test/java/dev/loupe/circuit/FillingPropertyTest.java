package dev.loupe.circuit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.lens.Head;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

class FillingPropertyTest {
  private static final WriteCosts COSTS = new WriteCosts(3, 11, 7);

  @Property(tries = 500)
  void fillsGreedily(
      @ForAll("candidates") List<Candidate> candidates,
      @ForAll @IntRange(max = 120) int budget,
      @ForAll @IntRange(max = 20) int cut) {
    int at = Math.min(cut, candidates.size());
    var filling =
        Filling.of(COSTS, budget)
            .with(candidates.subList(0, at))
            .with(candidates.subList(at, candidates.size()));
    assertThat(filling.used()).isBetween(0, budget);
    assertThat(filling.used()).isEqualTo(COSTS.of(filling.circuit().nodes()));
    assertThat(filling.steps().stream().map(Filling.Step::candidate))
        .isEqualTo(filling.steps().stream().map(Filling.Step::candidate).distinct().toList());

    // The slow way: go through all, and look at each what is left.
    var expected = new ArrayList<Candidate>();
    var over = new ArrayList<Candidate>();
    var seen = new HashSet<CircuitNode>();
    int left = budget;
    for (var candidate : candidates) {
      if (seen.contains(candidate.node())) {
        continue;
      }
      int cost = COSTS.of(candidate.node());
      if (cost <= left) {
        left -= cost;
        seen.add(candidate.node());
        expected.add(candidate);
      } else {
        over.add(candidate);
      }
    }
    assertThat(filling.steps().stream().map(Filling.Step::candidate).toList()).isEqualTo(expected);
    assertThat(filling.passedOver()).isEqualTo(over);
    // What was passed over would not fit at the end either.
    for (var candidate : filling.passedOver()) {
      assertThat(COSTS.of(candidate.node())).isGreaterThan(budget - filling.used());
    }
    filling.circuit().requireWithin(COSTS, budget);
  }

  @Provide
  Arbitrary<List<Candidate>> candidates() {
    Arbitrary<CircuitNode> node =
        Arbitraries.oneOf(
            Arbitraries.integers().between(0, 11).map(i -> CircuitNode.of(new Head(i / 4, i % 4))),
            Arbitraries.integers().between(0, 2).map(CircuitNode::mlp),
            Arbitraries.just(CircuitNode.input()));
    return node.map(each -> new Candidate(each, "drawn")).list().ofMaxSize(30);
  }
}
