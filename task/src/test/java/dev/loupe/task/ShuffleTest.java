package dev.loupe.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShuffleTest {
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 15, 16, 17, 1000, 4096, 4097})
  void everyNumberComesOnce(long size) {
    var shuffle = new Shuffle(size, 7);
    assertThat(LongStream.range(0, size).map(shuffle::at))
        .containsExactlyInAnyOrderElementsOf(LongStream.range(0, size).boxed().toList());
  }

  @Test
  void theSeedDecidesTheOrder() {
    assertThat(first(0)).isEqualTo(first(0)).isNotEqualTo(first(1)).doesNotContain(0, 1, 2);
    // A fair order of a million has about half of any beginning in its lower half.
    long low =
        LongStream.range(0, 1000).filter(i -> new Shuffle(1_000_000, 3).at(i) < 500_000).count();
    assertThat(low).isBetween(430L, 570L);
  }

  private static long[] first(long seed) {
    var shuffle = new Shuffle(1_000_000, seed);
    return LongStream.range(0, 10).map(shuffle::at).toArray();
  }

  @Test
  void refusesWhatIsNotThere() {
    assertThatThrownBy(() -> new Shuffle(3, 0).at(3))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessageContaining("3: expected 0 to 2");
  }
}
