package dev.loupe.circuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.loupe.circuit.ReferenceCircuit.HeadClass;
import dev.loupe.lens.Head;
import dev.loupe.model.RandomModels;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReferenceCircuitTest {
  @Test
  void theIndirectObjectPaperHasTwentySixHeadsOfSevenClasses() {
    var paper = ReferenceCircuit.ioi();
    var marks = paper.byHead();
    assertThat(marks).hasSize(26);
    assertThat(new HashSet<>(marks.values())).hasSize(7);
    assertThat(paper.circuit().heads()).containsExactlyInAnyOrderElementsOf(marks.keySet());
    assertThat(marks)
        .containsEntry(new Head(9, 9), "name mover")
        .containsEntry(new Head(10, 7), "negative name mover")
        .containsEntry(new Head(8, 10), "S-inhibition");
    assertThat(paper.classOf(new Head(4, 11))).contains("previous token");
    assertThat(paper.classOf(new Head(11, 4))).isEmpty();
    assertThat(paper.suits(RandomModels.family("gpt2"))).isFalse();
  }

  @Test
  void aHeadOfTwoClassesIsRefused() {
    var paper = ReferenceCircuit.ioi();
    var mover = new HeadClass("mover", "END", List.of(new Head(1, 2)));
    var other = new HeadClass("other", "S2", List.of(new Head(0, 2), new Head(1, 2)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ReferenceCircuit("test", paper.shape(), List.of(mover, other)))
        .withMessageContaining("a1.h2");
  }
}
