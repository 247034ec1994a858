package dev.loupe.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loupe.model.HookPoint.Kind;
import dev.loupe.tensor.DType;
import dev.loupe.tensor.TensorScope;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyValueCacheTest {
  @ParameterizedTest
  @ValueSource(strings = {"gpt2-tiny", "neox-rot4", "rms-gqa-tiny"})
  void readingOnEqualsReadingAtOnce(String name) {
    try (var golden = Golden.load(name, WeightProcessing.none(), DType.F64);
        var _ = TensorScope.open();
        var cache = new KeyValueCache()) {
      var tokens = golden.tokens();
      var whole = golden.model().run(tokens);
      int from = 0;
      for (int count : new int[] {4, 1, 1, 3}) {
        var rows = new long[tokens.batch()][];
        for (int row = 0; row < rows.length; row++) {
          rows[row] = Arrays.copyOfRange(tokens.row(row), from, from + count);
        }
        var part = golden.model().run(Run.of(Tokens.of(rows)).withKeyValueCache(cache)).output();
        Golden.assertClose(
            "positions from " + from, part, whole.narrow(1, from, count), Golden.F64_RAW);
        from += count;
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gpt2-tiny", "neox-rot4", "rms-gqa-tiny"})
  void aFrozenPartServesRunsThatBeginBetween(String name) {
    try (var golden = Golden.load(name, WeightProcessing.none(), DType.F64);
        var _ = TensorScope.open();
        var cache = new KeyValueCache()) {
      var run = Run.of(golden.tokens()).withKeyValueCache(cache);
      var whole = golden.model().run(run.caching(CacheFilter.kinds(Kind.RESID_PRE)));
      long[] rows = {2, 0, 2};
      try (var part = cache.part(rows, 5)) {
        part.freeze();
        int length = golden.tokens().length() - 5;
        var residual =
            whole.cache().get(HookPoint.residPre(1)).narrow(1, 5, length).indexSelect(0, rows);
        var found =
            golden.model().run(Run.startAtLayer(1, residual).withKeyValueCache(part)).output();
        var expected = whole.output().narrow(1, 5, length).indexSelect(0, rows);
        Golden.assertClose(name, found, expected, Golden.F64_RAW);
        assertThat(part.length()).isEqualTo(5);
      }
      assertThatThrownBy(() -> cache.part(rows, golden.tokens().length() + 1))
          .hasMessageContaining("positions of a key and value cache of");
    }
  }
}
