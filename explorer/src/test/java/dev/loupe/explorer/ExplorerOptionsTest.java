package dev.loupe.explorer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExplorerOptionsTest {
  private static final ExplorerOptions USUAL = ExplorerOptions.standard();
  private static final Optional<String> TOKEN = Optional.of("0123456789abcdef");

  @Test
  void theUsualOnesAreOfThisMachineAlone() {
    assertThat(USUAL.address().isLoopbackAddress()).isTrue();
    assertThat(USUAL.token()).isEmpty();
    assertThat(USUAL.port()).isEqualTo(7860);
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1", "localhost", "127.1.2.3"})
  void loopbackNeedsNoToken(String host) {
    assertThat(USUAL.withHost(host, Optional.empty()).host()).isEqualTo(host);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "::", "192.0.2.1"})
  void whatOthersReachNeedsAToken(String host) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> USUAL.withHost(host, Optional.empty()))
        .withMessageContainingAll(host, "token");
    assertThat(USUAL.withHost(host, TOKEN).token()).isEqualTo(TOKEN);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "short", "fifteen-letters", "0123456789abcde f", "0123456789abcdef;Path=/"})
  void aTokenThatCanBeGuessedOrMisreadIsRefused(String token) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> USUAL.withHost("127.0.0.1", Optional.of(token)))
        .withMessageContaining("16");
  }

  @Test
  void numbersOutOfRangeAreRefused() {
    for (int port : new int[] {-1, 65_536}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> USUAL.withPort(port))
          .withMessageContaining("port " + port);
    }
    assertThatIllegalArgumentException().isThrownBy(() -> USUAL.withBounds(0, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> USUAL.withBounds(1, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> USUAL.withBounds(1, 1000));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> USUAL.withHost(" ", TOKEN))
        .withMessageContaining("no host");
  }

  @Test
  void theTokenIsNotPrinted() {
    var options = USUAL.withHost("127.0.0.1", TOKEN);
    assertThat(options.toString()).contains("127.0.0.1").doesNotContain(TOKEN.orElseThrow());
  }
}
