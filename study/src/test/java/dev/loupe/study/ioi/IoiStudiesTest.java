package dev.loupe.study.ioi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.model.RandomModels;
import dev.loupe.model.WeightProcessing;
import dev.loupe.study.NaiveHeads;
import dev.loupe.study.RandomTasks;
import dev.loupe.study.StudyContext;
import dev.loupe.study.StudyTable;
import dev.loupe.task.Corruption;
import dev.loupe.task.TaskData;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The studies of the indirect object on random models, against plain runs. */
class IoiStudiesTest {
  private static final int[] LENGTHS = {7, 9, 7};

  private static IoiPrompts any(Corruption corruption) {
    return IoiPrompts.generated(corruption);
  }

  private static double difference(TaskData data, int row, double... logits) {
    var example = data.examples().get(row);
    return logits[(int) example.answers().getFirst().id()]
        - logits[(int) example.wrong().getFirst().id()];
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neo", "gpt_neox", "llama"})
  void theRankedTableIsWhatPlainRunsSay(String family) {
    var config = RandomModels.family(family);
    try (var model = RandomModels.model(config, 1, WeightProcessing.standard())) {
      var data = RandomTasks.indirectObject(config, LENGTHS);
      var found = new IoiPathPatching(any(Corruption.ABC), 4).run(StudyContext.of(model), data);
      var naive = data.examples().stream().map(e -> new NaiveHeads(model, e)).toList();
      int rows = naive.size();
      double clean = mean(rows, i -> difference(data, i, naive.get(i).clean()));
      double corrupted = mean(rows, i -> difference(data, i, naive.get(i).corrupted()));
      assertThat(found.clean().mean()).isCloseTo(clean, within(1e-9));
      assertThat(found.corrupted().mean()).isCloseTo(corrupted, within(1e-9));
      var ranked = found.ranked();
      assertThat(ranked).hasSize(12);
      for (var of : ranked) {
        double patched = mean(rows, i -> difference(data, i, naive.get(i).denoised(of.head())));
        double path = mean(rows, i -> difference(data, i, naive.get(i).alongDirectPath(of.head())));
        assertThat(of.effect().mean()).as("%s", of).isCloseTo(patched - corrupted, within(1e-9));
        assertThat(of.ofDrop())
            .isCloseTo((patched - corrupted) / (clean - corrupted), within(1e-9));
        assertThat(of.path().mean()).as("%s", of).isCloseTo(path - clean, within(1e-9));
        assertThat(of.ofClean()).isCloseTo((path - clean) / clean, within(1e-9));
        assertThat(of.paper()).isEmpty();
      }
      assertThat(ranked)
          .isSortedAccordingTo(
              Comparator.comparingDouble(
                  (IoiPathPatchingFindings.Ranked of) -> -of.effect().mean()));
      assertThat(ranked.stream().sorted(Comparator.comparingInt(of -> of.pathRank())).toList())
          .isSortedAccordingTo(
              Comparator.comparingDouble((IoiPathPatchingFindings.Ranked of) -> of.path().mean()));
      assertThat(found.helping()).hasSizeLessThanOrEqualTo(4).allMatch(h -> h.effect().mean() > 0);
      assertThat(found.harming()).hasSizeLessThanOrEqualTo(4).allMatch(h -> h.effect().mean() < 0);
      assertThat(rows(found.tables(), "heads")).isEqualTo(12);
    }
  }

  private static double mean(int rows, IntToDoubleFunction of) {
    return IntStream.range(0, rows).mapToDouble(of).average().orElseThrow();
  }

  private static int rows(List<StudyTable> tables, String name) {
    return tables.stream()
        .filter(table -> table.name().equals(name))
        .mapToInt(table -> table.rows().size())
        .sum();
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2", "gpt_neox", "llama"})
  void runAgainTheNumbersAreTheSame(String family) {
    var config = RandomModels.family(family);
    try (var model = RandomModels.model(config, 2, WeightProcessing.none())) {
      var data = RandomTasks.indirectObject(config, LENGTHS);
      var context = StudyContext.of(model);
      var patching = new IoiPatching(any(Corruption.NAME_SWAP), 5);
      var found = patching.run(context, data);
      assertThat(patching.run(context, data).numbers()).isEqualTo(found.numbers());
      var paths = new IoiPathPatching(any(Corruption.ABC), 5);
      assertThat(paths.run(context, data).numbers()).isEqualTo(paths.run(context, data).numbers());

      assertThat(found.heads()).hasSize(5);
      assertThat(rows(found.tables(), "heads")).isEqualTo(12);
      assertThat(rows(found.tables(), "evidence")).isEqualTo(5);
      assertThat(found.endAttention()).isNotEmpty();
      for (var of : found.endAttention()) {
        assertThat(of.weights()).hasSize(LENGTHS[of.prompt()]);
        assertThat(of.weights().stream().mapToDouble(w -> w).sum()).isCloseTo(1, within(1e-9));
      }
      var carried = found.heads().getFirst();
      assertThat(found.effects().recovery(carried.head())).isEqualTo(carried.recovery());
    }
  }

  @Test
  void optionsThatAskForNothingAreRefused() {
    var refused = new ArrayList<Runnable>();
    refused.add(() -> new IoiPatching(any(Corruption.NAME_SWAP), 0));
    refused.add(() -> new IoiPathPatching(any(Corruption.ABC), 0));
    for (var of : refused) {
      assertThatThrownBy(of::run)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("top 0");
    }
  }
}
