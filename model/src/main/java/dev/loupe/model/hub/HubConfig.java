package dev.loupe.model.hub;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Say where the hub is, where its files are kept, and who asks.
 *
 * @param endpoint the hub's address, http or https, without a trailing slash
 * @param cache the folder that holds {@code models--owner--name}, usually {@code
 *     ~/.cache/huggingface/hub}
 * @param token the access token; never printed, and sent to the endpoint only
 * @param offline whether to use what is on disk and never the network
 * @param retry timeouts and repeated attempts
 */
public record HubConfig(
    URI endpoint, Path cache, Optional<String> token, boolean offline, RetryPolicy retry) {

  private static final String PUBLIC_HUB = "https://huggingface.co";
  private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");
  private static final Pattern VARIABLE = Pattern.compile("\\$(?:(\\w+)|\\{([^}]*)})");
  private static final Pattern TOKEN = Pattern.compile("[\\x21-\\x7e]+");

  /** Check the endpoint and the token; the message never shows the token. */
  public HubConfig {
    String address = endpoint.toString();
    String scheme = String.valueOf(endpoint.getScheme());
    if (!(scheme.equalsIgnoreCase("http") || scheme.equalsIgnoreCase("https"))
        || endpoint.getHost() == null
        || endpoint.getUserInfo() != null
        || endpoint.getQuery() != null
        || endpoint.getFragment() != null) {
      throw new HubException(
          "HF_ENDPOINT must be an address like " + PUBLIC_HUB + " without user, query or fragment");
    }
    endpoint = URI.create(address.replaceAll("/+$", ""));
    if (token.isPresent() && !TOKEN.matcher(token.get()).matches()) {
      throw new HubException(
          "the Hugging Face token has blanks or characters outside ASCII: check HF_TOKEN");
    }
  }

  /** Return a configuration with the default {@link RetryPolicy}. */
  public HubConfig(URI endpoint, Path cache, Optional<String> token, boolean offline) {
    this(endpoint, cache, token, offline, RetryPolicy.DEFAULT);
  }

  /**
   * Read the variables that huggingface_hub reads: {@code HF_ENDPOINT}, {@code HF_HUB_CACHE},
   * {@code HF_HOME}, {@code XDG_CACHE_HOME}, {@code HF_TOKEN}, {@code HF_TOKEN_PATH}, {@code
   * HF_HUB_OFFLINE}, {@code TRANSFORMERS_OFFLINE}. An empty variable counts as absent.
   *
   * @throws HubException if a value cannot be used
   */
  public static HubConfig fromEnvironment(Map<String, String> env) {
    Path caches =
        path(env, "XDG_CACHE_HOME").orElseGet(() -> Path.of(userHome(env)).resolve(".cache"));
    Path home = path(env, "HF_HOME").orElse(caches.resolve("huggingface"));
    Path hub =
        path(env, "HF_HUB_CACHE")
            .or(() -> path(env, "HUGGINGFACE_HUB_CACHE"))
            .orElse(home.resolve("hub"));
    Optional<String> token =
        value(env, "HF_TOKEN")
            .or(() -> value(env, "HUGGING_FACE_HUB_TOKEN"))
            .or(() -> readToken(path(env, "HF_TOKEN_PATH").orElse(home.resolve("token"))));
    boolean offline =
        value(env, "HF_HUB_OFFLINE")
            .or(() -> value(env, "TRANSFORMERS_OFFLINE"))
            .filter(v -> TRUE.contains(v.toUpperCase(Locale.ROOT)))
            .isPresent();
    String endpoint = value(env, "HF_ENDPOINT").orElse(PUBLIC_HUB);
    try {
      return new HubConfig(URI.create(endpoint), hub, token, offline);
    } catch (IllegalArgumentException e) {
      throw new HubException("HF_ENDPOINT is not an address: " + endpoint, e);
    }
  }

  /** Return a description without the token. */
  @Override
  public String toString() {
    return "HubConfig[endpoint=%s, cache=%s, token=%s, offline=%s, retry=%s]"
        .formatted(endpoint, cache, token.isPresent() ? "set" : "none", offline, retry);
  }

  private static Optional<String> value(Map<String, String> env, String name) {
    return Optional.ofNullable(env.get(name)).map(String::strip).filter(v -> !v.isEmpty());
  }

  private static Optional<Path> path(Map<String, String> env, String name) {
    return value(env, name).map(text -> Path.of(expand(text, env)));
  }

  /** Expand a leading {@code ~} and {@code $NAME}, as Python does where no shell did it. */
  private static String expand(String text, Map<String, String> env) {
    String path =
        text.equals("~") || text.startsWith("~/") ? userHome(env) + text.substring(1) : text;
    return VARIABLE
        .matcher(path)
        .replaceAll(match -> {
          String name = match.group(1) != null ? match.group(1) : match.group(2);
          return Matcher.quoteReplacement(env.getOrDefault(name, match.group()));
        });
  }

  private static String userHome(Map<String, String> env) {
    return value(env, "HOME").orElseGet(() -> System.getProperty("user.home"));
  }

  private static Optional<String> readToken(Path file) {
    try {
      return Optional.of(Files.readString(file).strip()).filter(t -> !t.isEmpty());
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new HubException("cannot read the token file " + file, e);
    }
  }
}
