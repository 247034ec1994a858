package dev.loupe.model.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HubConfigTest {
  private static final String SECRET = "hf_abcdefghSECRET";

  @TempDir Path folder;

  @Test
  void hasTheDefaultsOfPythonsClient() {
    HubConfig config = HubConfig.fromEnvironment(Map.of("HOME", folder.toString()));

    assertThat(config.endpoint()).hasToString("https://huggingface.co");
    assertThat(config.cache()).isEqualTo(folder.resolve(".cache/huggingface/hub"));
    assertThat(config.token()).isEmpty();
    assertThat(config.offline()).isFalse();
    assertThat(config.retry()).isEqualTo(RetryPolicy.DEFAULT);
  }

  @ParameterizedTest
  @CsvSource({
    "XDG_CACHE_HOME, /x, /x/huggingface/hub",
    "HF_HOME, /h, /h/hub",
    "HF_HOME, ~/h, /home/me/h/hub",
    "HF_HOME, $DATA/h, /data/h/hub",
    "HF_HOME, ${DATA}/$OTHER, /data/$OTHER/hub",
    "HF_HOME, '', /home/me/.cache/huggingface/hub",
    "HF_HUB_CACHE, /c, /c",
    "HUGGINGFACE_HUB_CACHE, /c, /c"
  })
  void findsTheCache(String name, String value, String expected) {
    Map<String, String> env = Map.of("HOME", "/home/me", "DATA", "/data", name, value);

    assertThat(HubConfig.fromEnvironment(env).cache()).isEqualTo(Path.of(expected));
  }

  @Test
  void findsTheTokenWherePythonFindsIt() throws IOException {
    Files.writeString(folder.resolve("token"), "hf_file\n");
    Files.writeString(folder.resolve("other"), "hf_other");
    String home = folder.toString();
    String other = folder.resolve("other").toString();

    assertThat(token(Map.of("HF_HOME", home))).contains("hf_file");
    assertThat(token(Map.of("HF_HOME", home, "HF_TOKEN_PATH", other))).contains("hf_other");
    assertThat(token(Map.of("HF_HOME", home, "HF_TOKEN", " hf_env\n"))).contains("hf_env");
  }

  @ParameterizedTest
  @CsvSource({"1, true", "on, true", "YES, true", "True, true", "0, false", "off, false"})
  void goesOffline(String value, boolean offline) {
    assertThat(HubConfig.fromEnvironment(Map.of("HF_HUB_OFFLINE", value)).offline())
        .isEqualTo(offline);
  }

  @Test
  void takesAnEndpointWithAPath() {
    HubConfig config = HubConfig.fromEnvironment(Map.of("HF_ENDPOINT", "http://mirror:8080/hf//"));

    assertThat(config.endpoint()).hasToString("http://mirror:8080/hf");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"mirror", "ftp://mirror", "http://a b", "https://me:pw@mirror", "http://"})
  void refusesWhatIsNoEndpoint(String endpoint) {
    assertThatThrownBy(() -> HubConfig.fromEnvironment(Map.of("HF_ENDPOINT", endpoint)))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("HF_ENDPOINT");
  }

  @Test
  void neverShowsTheToken() {
    HubConfig config = HubConfig.fromEnvironment(Map.of("HF_TOKEN", SECRET));

    assertThat(config.token()).contains(SECRET);
    assertThat(config.toString()).doesNotContain(SECRET).contains("token=set");
    assertThatThrownBy(() -> HubConfig.fromEnvironment(Map.of("HF_TOKEN", SECRET + "\nX: y")))
        .isInstanceOf(HubException.class)
        .hasMessageNotContaining(SECRET);
  }

  @Test
  void refusesARetryPolicyThatCannotWork() {
    Duration second = Duration.ofSeconds(1);

    assertThatThrownBy(() -> new RetryPolicy(0, second, second, second, second))
        .hasMessageContaining("attempts");
    assertThatThrownBy(() -> new RetryPolicy(1, second, second, second, Duration.ZERO))
        .hasMessageContaining("stallTimeout");
  }

  @Test
  void isUsableWithoutAnEnvironment() {
    HubConfig config =
        new HubConfig(URI.create("http://127.0.0.1:1"), folder, Optional.empty(), true);

    assertThat(new Hub(config).cached("gpt2", "main")).isEmpty();
  }

  private static Optional<String> token(Map<String, String> env) {
    return HubConfig.fromEnvironment(env).token();
  }
}
