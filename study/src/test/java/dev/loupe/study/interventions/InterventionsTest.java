package dev.loupe.study.interventions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.lens.At;
import dev.loupe.lens.Change;
import dev.loupe.lens.Head;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Hooks;
import dev.loupe.model.RandomModels;
import dev.loupe.model.Run;
import dev.loupe.model.Tokens;
import dev.loupe.model.WeightProcessing;
import dev.loupe.study.RandomTasks;
import dev.loupe.study.StudyContext;
import dev.loupe.study.interventions.InterventionsFindings.Measured;
import dev.loupe.study.interventions.NextTokens.Next;
import dev.loupe.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The study of given interventions on random models, against plain runs of single prompts. */
class InterventionsTest {
  private static final Intervention PATCH =
      Intervention.patch(Site.z(new Head(1, 2)).at(At.named("S2")));
  private static final Intervention ZERO =
      Intervention.zero(Site.of(HookPoint.mlpOut(0)).at(At.END));

  private static Interventions study(int prompts, String direction, Intervention... of) {
    return Interventions.of(
        Collections.nCopies(
            prompts, GivenPrompt.of("stands for", "tokens of", "its", "own", Map.of())),
        "logit-difference",
        direction,
        List.of(of));
  }

  /** Returns the logits after a prompt of its own, with some of the interventions above. */
  private static double[] naive(
      HookedTransformer model, long[] base, long[] source, List<Intervention> interventions) {
    try (var _ = TensorScope.open()) {
      var z = model.runWithCache(Tokens.of(source), CacheFilter.all()).cache();
      var hooks = Hooks.none();
      if (interventions.contains(PATCH)) {
        hooks =
            hooks.replace(
                HookPoint.z(1),
                (value, at) -> {
                  var own = value.select(2, 2);
                  var other = z.get(at).select(2, 2);
                  return value.withSelect(2, 2, own.withSelect(1, 4, other.select(1, 4)));
                });
      }
      if (interventions.contains(ZERO)) {
        int last = base.length - 1;
        hooks =
            hooks.replace(
                HookPoint.mlpOut(0),
                (value, _) -> value.withSelect(1, last, value.select(1, last).mul(0)));
      }
      return model
          .run(Run.of(Tokens.of(base)).withHooks(hooks).returning(Run.Returns.LAST_LOGITS))
          .output()
          .toDoubles();
    }
  }

  private static List<Double> differences(PromptPairs pairs, List<double[]> logits) {
    return IntStream.range(0, pairs.size())
        .mapToObj(row ->
            logits.get(row)[pairs.answers().right().get(row).getFirst().intValue()]
                - logits.get(row)[pairs.answers().wrong().get(row).getFirst().intValue()])
        .toList();
  }

  private static void assertSame(Measured found, List<Double> expected) {
    for (int i = 0; i < expected.size(); i++) {
      assertThat(found.byPrompt().get(i)).isCloseTo(expected.get(i), within(1e-9));
    }
    assertThat(found.mean().n()).isEqualTo(expected.size());
  }

  private static void assertLikeliest(List<Next> found, double... logits) {
    double max = Arrays.stream(logits).max().orElseThrow();
    double sum = DoubleStream.of(logits).map(of -> Math.exp(of - max)).sum();
    var best =
        IntStream.range(0, logits.length)
            .boxed()
            .sorted((a, b) -> Double.compare(logits[b], logits[a]))
            .limit(10)
            .toList();
    assertThat(found.stream().map(next -> (int) next.token().id()).toList()).isEqualTo(best);
    for (var next : found) {
      double logit = logits[(int) next.token().id()];
      assertThat(next.logit()).isCloseTo(logit, within(1e-9));
      assertThat(next.probability()).isCloseTo(Math.exp(logit - max) / sum, within(1e-9));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "gpt2, clean",
    "gpt_neo, corrupted",
    "gpt_neox, clean",
    "llama, corrupted",
    "mistral, clean"
  })
  void isWhatPlainRunsSay(String family, String direction) {
    var config = RandomModels.family(family);
    try (var model = RandomModels.model(config, 1, WeightProcessing.standard())) {
      var pairs = RandomTasks.indirectObject(config, 7, 9, 7).pairs();
      var study = study(3, direction, PATCH, ZERO);
      var found = study.run(StudyContext.of(model), pairs);
      boolean isClean = direction.equals("clean");
      var base = isClean ? pairs.clean() : pairs.corrupted();
      var source = isClean ? pairs.corrupted() : pairs.clean();
      var sets =
          List.of(List.<Intervention>of(), List.of(PATCH, ZERO), List.of(PATCH), List.of(ZERO));
      var logits = new ArrayList<List<double[]>>();
      for (var set : sets) {
        logits.add(
            IntStream.range(0, 3)
                .mapToObj(row -> naive(model, base.row(row), source.row(row), set))
                .toList());
      }
      var ofSource =
          IntStream.range(0, 3)
              .mapToObj(row -> naive(model, source.row(row), base.row(row), List.of()))
              .toList();

      assertSame(found.base(), differences(pairs, logits.getFirst()));
      assertSame(
          isClean ? found.corrupted().orElseThrow() : found.clean(), differences(pairs, ofSource));
      assertSame(found.intervened(), differences(pairs, logits.get(1)));
      assertSame(found.each().get(0).alone(), differences(pairs, logits.get(2)));
      assertSame(found.each().get(1).without(), differences(pairs, logits.get(2)));
      assertSame(found.each().get(1).alone(), differences(pairs, logits.get(3)));
      assertSame(found.each().get(0).without(), differences(pairs, logits.get(3)));
      double from = mean(differences(pairs, logits.getFirst()));
      double to = mean(differences(pairs, ofSource));
      assertThat(found.intervened().recovered().orElseThrow().mean())
          .isCloseTo((mean(differences(pairs, logits.get(1))) - from) / (to - from), within(1e-9));
      for (int row = 0; row < 3; row++) {
        var next = found.next().get(row);
        assertLikeliest(isClean ? next.clean() : next.corrupted(), logits.getFirst().get(row));
        assertLikeliest(isClean ? next.corrupted() : next.clean(), ofSource.get(row));
        assertLikeliest(next.intervened(), logits.get(1).get(row));
      }
    }
  }

  private static double mean(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
  }

  /** More prompts than have their next tokens listed; means are over all of them. */
  @Test
  void ofManyPromptsTheFirstHaveTheirNextTokensListed() {
    var config = RandomModels.family("gpt2");
    int[] lengths = IntStream.range(0, 23).map(i -> 6 + i % 3).toArray();
    var mean = Intervention.mean(Site.z(new Head(1, 0)), Change.Over.EVERYTHING);
    try (var model = RandomModels.model(config, 1, WeightProcessing.none())) {
      var pairs = RandomTasks.indirectObject(config, lengths).pairs();
      var found = study(23, "clean", mean, ZERO).run(StudyContext.of(model), pairs);
      assertThat(found.prompts()).hasSize(23);
      assertThat(found.next()).hasSize(20);
      assertThat(found.notes())
          .containsExactly("Next tokens are those after the first 20 of 23 prompts");
      for (int row = 0; row < 20; row++) {
        var answers = pairs.answers();
        long right = answers.right().get(row).getFirst();
        long wrong = answers.wrong().get(row).getFirst();
        var next = found.next().get(row).intervened();
        var logits = new ArrayList<Double>();
        for (long token : new long[] {right, wrong}) {
          next.stream()
              .filter(of -> of.token().id() == token)
              .forEach(of -> logits.add(of.logit()));
        }
        if (logits.size() == 2) {
          assertThat(found.intervened().byPrompt().get(row))
              .isCloseTo(logits.getFirst() - logits.getLast(), within(1e-9));
        }
      }
      assertThat(found.next().stream().mapToInt(of -> of.intervened().size()).sum()).isEqualTo(200);
      assertThat(study(23, "clean", mean, ZERO).run(StudyContext.of(model), pairs).numbers())
          .isEqualTo(found.numbers());
    }
  }

  @Test
  void onePromptHasNoStandardErrorAndNoInterventionChangesNothing() {
    var config = RandomModels.family("gpt_neox");
    try (var model = RandomModels.model(config, 1, WeightProcessing.standard())) {
      var pairs = RandomTasks.indirectObject(config, 7).pairs();
      var found = study(1, "corrupted").run(StudyContext.of(model), pairs);
      assertThat(found.notes()).anyMatch(note -> note.contains("n = 1"));
      assertThat(found.intervened().byPrompt()).isEqualTo(found.base().byPrompt());
      assertThat(found.intervened().recovered().orElseThrow().mean()).isZero();
      assertThat(found.each()).isEmpty();
      assertThat(found.numbers().toString()).doesNotContain("NaN", "standard_error");
      assertThat(found.tables().toString()).doesNotContain("NaN");
    }
  }

  @Test
  void whatDoesNotSuitTheModelIsNamed() {
    var config = RandomModels.family("llama");
    try (var model = RandomModels.model(config, 1, WeightProcessing.standard())) {
      var context = StudyContext.of(model);
      var pairs = RandomTasks.indirectObject(config, 7, 8).pairs();
      for (var wrong :
          Map.of(
                  Intervention.zero(Site.z(new Head(1, 4))),
                  "H4 of blocks.1.attn.hook_z: this model has 0 to 3",
                  Intervention.zero(Site.of(HookPoint.mlpOut(3))),
                  "blocks.3",
                  Intervention.zero(Site.of(HookPoint.mlpOut(0)).at(At.named("S3"))),
                  "no position S3 here; there are [END, IO, S1, S2]",
                  Intervention.zero(Site.of(HookPoint.mlpOut(0)).at(At.index(8))),
                  "position 8: the longest prompt has positions 0 to 7")
              .entrySet()) {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> study(2, "clean", ZERO, wrong.getKey()).run(context, pairs))
            .withMessageStartingWith("interventions[1]: ")
            .withMessageContaining(wrong.getValue());
      }
    }
  }
}
