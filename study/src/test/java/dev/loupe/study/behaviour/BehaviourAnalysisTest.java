package dev.loupe.study.behaviour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.lens.Answers;
import dev.loupe.lens.Head;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.sweep.PatchSite;
import dev.loupe.model.PaddingSide;
import dev.loupe.model.RandomModels;
import dev.loupe.model.WeightProcessing;
import dev.loupe.study.StudyContext;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BehaviourAnalysisTest {
  private static final long SEED = 7;

  private static BehaviourOptions small(PathOptions paths) {
    return new BehaviourOptions(
        "auto",
        List.of("z", "v", "pattern", "k"),
        "z,pattern",
        2,
        1,
        new BehaviourOptions.KnockOut(List.of("L1H0", "L2H3"), 1),
        paths);
  }

  /** Receivers on three levels, of which the last has no head below it. */
  private static PathOptions threeLevels() {
    return new PathOptions(
        3,
        List.of("q", "k", "v"),
        2,
        0,
        List.of(List.of("q:L2H1@END", "v:L2H0", "k:L2H0"), List.of("v:L1H0"), List.of("v:L0H0")));
  }

  private static PromptPairs pairs(
      String family, Map<String, List<Integer>> positions, int... lengths) {
    var config = RandomModels.family(family);
    var clean = RandomModels.tokens(config, 1, PaddingSide.LEFT, lengths);
    var corrupted = RandomModels.tokens(config, 2, PaddingSide.LEFT, lengths);
    long[] right = new long[lengths.length];
    long[] wrong = new long[lengths.length];
    for (int row = 0; row < lengths.length; row++) {
      right[row] = row;
      wrong[row] = row + 5L;
    }
    return new PromptPairs(
        clean,
        corrupted,
        Answers.of(right, wrong),
        positions,
        IntStream.range(0, lengths.length).mapToObj(_ -> "").toList());
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neox", "llama"})
  void everyFamilyIsAnalysedOnThreeLevels(String family) {
    var config = RandomModels.family(family);
    try (var model = RandomModels.model(config, SEED, WeightProcessing.none())) {
      var pairs = pairs(family, Map.of(), 6, 6, 6);
      var found = BehaviourAnalysis.of(StudyContext.of(model), pairs, small(threeLevels()));

      double heads = found.heads().parts().stream().mapToDouble(p -> p.value().mean()).sum();
      double layers = found.layers().parts().stream().mapToDouble(p -> p.value().mean()).sum();
      double clean = found.baselines().logitDifference().clean().mean();
      assertThat(heads).isCloseTo(clean, within(1e-9));
      assertThat(layers).isCloseTo(clean, within(1e-9));

      var stream = found.stream(PatchSite.RESID_PRE);
      assertThat(stream.axes().getLast().size()).isEqualTo(6);
      assertThat(found.site(PatchSite.Z).size()).isEqualTo(12);
      assertThat(found.site(PatchSite.V).size()).isEqualTo(3 * config.nKeyValueHeads());
      assertThat(found.sitesByPosition().keySet()).containsExactly(PatchSite.Z, PatchSite.PATTERN);

      assertThat(found.paths()).hasSize(3);
      for (var level : found.paths()) {
        int highest = level.heads().stream().mapToInt(Head::layer).max().orElseThrow();
        for (var input : level.inputs()) {
          for (var sender : input.ranked()) {
            if (sender.head().layer() >= highest) {
              assertThat(sender.loss().mean()).isZero();
              assertThat(sender.loss().standardError()).isZero();
            }
          }
        }
      }
      var named = found.paths().getFirst();
      assertThat(named.inputs().stream().map(PathLevel.ToInput::letter))
          .containsExactly("q", "v", "k");
      assertThat(named.heads()).contains(new Head(2, 0), new Head(2, 1));
      assertThat(found.paths().getLast().edges()).isEmpty();
      assertThat(found.paths().get(1).edges())
          .allSatisfy(edge -> assertThat(edge.sender().layer()).isZero());

      assertThat(found.json().keySet()).contains("paths", "patching_heads_by_position");
      assertThat(found.tables()).hasSize(6);
      assertThat(BehaviourCircuit.of(found).heads()).contains(new Head(2, 1));
    }
  }

  @Test
  void groupedHeadsShareAReceiver() {
    var config = RandomModels.family("llama");
    try (var model = RandomModels.model(config, SEED, WeightProcessing.none())) {
      var options = small(new PathOptions(1, List.of("k"), 4, 0, List.of(List.of("k:L2H1"))));
      var found =
          BehaviourAnalysis.of(StudyContext.of(model), pairs("llama", Map.of(), 5, 5), options);
      assertThat(found.paths().getFirst().heads()).containsExactly(new Head(2, 2), new Head(2, 3));
      assertThat(found.paths().getFirst().edges())
          .isNotEmpty()
          .allSatisfy(
              edge -> assertThat(edge.into()).containsExactly(new Head(2, 2), new Head(2, 3)));
    }
  }

  @Test
  void promptsOfSeveralLengthsAreReadAtTheirNames() {
    var config = RandomModels.family("gpt2");
    try (var model = RandomModels.model(config, SEED, WeightProcessing.none())) {
      var context = StudyContext.of(model);
      var options = small(new PathOptions(0, List.of("q"), 1, 0, List.of()));
      var named =
          BehaviourAnalysis.of(
              context, pairs("gpt2", Map.of("S", List.of(1, 2, 3)), 5, 6, 7), options);
      assertThat(named.stream(PatchSite.MLP_OUT).axes().getLast().labels())
          .containsExactly("S", "END");
      assertThat(named.attention().scores()).isPresent();
      assertThat(named.notes()).anySatisfy(note -> assertThat(note).contains("have names"));

      var nameless = BehaviourAnalysis.of(context, pairs("gpt2", Map.of(), 3, 6, 7), options);
      assertThat(nameless.stream(PatchSite.MLP_OUT).axes().getLast().labels())
          .containsExactly("-3", "-2", "-1");
      assertThat(nameless.attention().scores()).isEmpty();
      assertThat(nameless.paths()).isEmpty();
    }
  }

  @Test
  void automaticReceiversAreThoseThatWriteAndThenTheirSenders() {
    var config = RandomModels.family("gpt2");
    try (var model = RandomModels.model(config, SEED, WeightProcessing.none())) {
      var options = small(new PathOptions(3, List.of("q", "v"), 2, 0, List.of()));
      var found =
          BehaviourAnalysis.of(StudyContext.of(model), pairs("gpt2", Map.of(), 6, 6), options);
      var writers =
          found.writers().stream()
              .map(Writer::head)
              .filter(head -> head.layer() > 0)
              .limit(2)
              .toList();
      assertThat(found.paths().getFirst().heads()).isEqualTo(writers);
      var seen = new HashSet<Head>();
      for (var level : found.paths()) {
        assertThat(level.heads())
            .allSatisfy(head -> {
              assertThat(head.layer()).isPositive();
              assertThat(seen.add(head)).isTrue();
            });
      }
      assertThat(found.writers().getLast().share()).isCloseTo(1, within(1e-9));
    }
  }

  @Test
  void whereNoHeadWritesTheAnswerThoseThatBringItBackAreKnockedOut() {
    var config = RandomModels.withLayers(RandomModels.family("mistral"), 1);
    var pairs = pairs("mistral", Map.of(), 6, 6);
    var options =
        new BehaviourOptions(
            "auto",
            List.of("z"),
            "none",
            2,
            0,
            new BehaviourOptions.KnockOut(List.of(), 3),
            new PathOptions(1, List.of("q"), 1, 0, List.of()));
    var found = new ArrayList<BehaviourFindings>();
    for (long seed = 0; found.isEmpty(); seed++) {
      try (var model = RandomModels.model(config, seed, WeightProcessing.none())) {
        var all = BehaviourAnalysis.of(StudyContext.of(model), pairs, options);
        if (all.writers().isEmpty()) {
          found.add(all);
        }
      }
    }
    assertThat(found.getFirst().knockOut().heads())
        .isEqualTo(HeadCells.ranked(found.getFirst().site(PatchSite.Z)).stream().limit(3).toList());
    assertThat(found.getFirst().notes())
        .anySatisfy(note -> assertThat(note).contains("No head writes the answer"));
    assertThat(found.getFirst().tables()).hasSize(6);
  }

  @Test
  void receiversThatAModelLacksAreRefusedBeforeAnythingIsComputed() {
    var config = RandomModels.family("llama");
    try (var model = RandomModels.model(config, SEED, WeightProcessing.none())) {
      var pairs = pairs("llama", Map.of(), 6, 6);
      var same = PromptPairs.of(pairs.clean(), pairs.clean(), pairs.answers());
      // Heads 2 and 3 share the second of two keys.
      var options = small(new PathOptions(2, List.of("k"), 1, 0, List.of(List.of("k:L2H2"))));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> BehaviourAnalysis.of(StudyContext.of(model), same, options))
          .withMessageContaining("L2H2.k: this model has")
          .withMessageContaining("key and value heads 0 to 1");
    }
  }

  @Test
  void aNamedLevelIsMeasuredThoughTheOneBeforeFindsNoReceiver() {
    var config = RandomModels.family("gpt2");
    try (var model = RandomModels.model(config, SEED, WeightProcessing.none())) {
      var notes = new ArrayList<String>();
      var options = new PathOptions(2, List.of("v"), 1, 0, List.of(List.of(), List.of("v:L1H0")));
      var levels =
          new PathSearch(StudyContext.of(model), pairs("gpt2", Map.of(), 6, 6), options, notes)
              .from(List.of(new Head(0, 1)));
      assertThat(levels)
          .singleElement()
          .satisfies(level -> {
            assertThat(level.number()).isEqualTo(2);
            assertThat(level.heads()).containsExactly(new Head(1, 0));
          });
      assertThat(notes).singleElement().asString().contains("level 1");
    }
  }

  @Test
  void promptsThatDoNotDifferAreRefused() {
    var config = RandomModels.family("gpt2");
    try (var model = RandomModels.model(config, SEED, WeightProcessing.none())) {
      var pairs = pairs("gpt2", Map.of(), 6, 6);
      var same = PromptPairs.of(pairs.clean(), pairs.clean(), pairs.answers());
      assertThatIllegalStateException()
          .isThrownBy(
              () -> BehaviourAnalysis.of(StudyContext.of(model), same, BehaviourOptions.standard()))
          .withMessageContaining("does not tell the two apart");
    }
  }
}
