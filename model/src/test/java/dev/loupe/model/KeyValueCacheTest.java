package dev.loupe.model;

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
}
