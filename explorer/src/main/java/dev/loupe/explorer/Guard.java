package dev.loupe.explorer;

import io.javalin.http.Context;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Refuses requests that the page of this server would not make: of a name that somebody else has
 * bound to this address (DNS rebinding), of other sites, and, where there is a token, of who does
 * not have it.
 */
final class Guard {
  /** What every answer says: nothing of others is loaded, run, framed or told. */
  static final Map<String, String> HEADERS =
      Map.of(
          "Content-Security-Policy",
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
              + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
          "X-Content-Type-Options",
          "nosniff",
          "Referrer-Policy",
          "no-referrer",
          "Cross-Origin-Opener-Policy",
          "same-origin",
          "Cross-Origin-Resource-Policy",
          "same-origin");

  private static final List<String> LOOPBACK = List.of("localhost", "127.0.0.1", "[::1]");
  private static final Pattern IP = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|\\[[0-9a-f:.]+]");
  private static final Pattern JSON =
      Pattern.compile("application/json(\\s*;\\s*charset=\"?utf-8\"?)?", Pattern.CASE_INSENSITIVE);

  private final Set<String> hosts;
  private final boolean anyAddress;
  private final int port;
  private final Optional<String> token;
  private final String cookie;

  /** Guards a server that listens on this port. */
  Guard(ExplorerOptions options, int port) {
    this.port = port;
    var address = options.address();
    hosts = new LinkedHashSet<>();
    if (!address.isAnyLocalAddress()) {
      hosts.add(bracketed(options.host().toLowerCase(Locale.ROOT)));
    }
    if (address.isLoopbackAddress() || address.isAnyLocalAddress()) {
      hosts.addAll(LOOPBACK);
    }
    // Who listens everywhere is reached by any of its addresses; rebinding needs a name.
    anyAddress = address.isAnyLocalAddress();
    token = options.token();
    cookie = "loupe-" + port;
  }

  private static String bracketed(String host) {
    return host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host;
  }

  /**
   * Lets a request pass, or answers that of a browser that shows the token for the first time.
   *
   * @throws Refusal if it is not to be answered
   */
  void check(Context request) {
    checkHost(request);
    if (token.isPresent()) {
      checkToken(request, token.get());
    }
    if (request.path().startsWith("/api/")) {
      checkSite(request);
    }
    if (request.req().getMethod().equals("POST")) {
      checkOrigin(request);
      checkType(request);
    }
  }

  /** Returns the address to open, with the token if there is one. */
  String url() {
    return "http://"
        + (anyAddress ? ownAddress().orElse("localhost") : hosts.iterator().next())
        + ":"
        + port
        + "/"
        + token.map(it -> "?token=" + it).orElse("");
  }

  /** Returns an address by which others reach this machine. */
  private static Optional<String> ownAddress() {
    try {
      return NetworkInterface.networkInterfaces()
          .flatMap(NetworkInterface::inetAddresses)
          .filter(address -> address instanceof Inet4Address && !address.isLoopbackAddress())
          .map(InetAddress::getHostAddress)
          .findFirst();
    } catch (SocketException e) {
      return Optional.empty();
    }
  }

  private void checkHost(Context request) {
    var host = text(request.header("Host")).toLowerCase(Locale.ROOT);
    var name = host.endsWith(":" + port) ? host.substring(0, host.lastIndexOf(':')) : host;
    boolean ofPort = port == 80 || !name.equals(host);
    if (!ofPort || !(hosts.contains(name) || (anyAddress && IP.matcher(name).matches()))) {
      throw new Refusal(
          421,
          "This server does not answer to that name. Open "
              + hosts.stream()
                  .map(it -> "http://" + it + ":" + port + "/")
                  .collect(Collectors.joining(" or ")));
    }
  }

  private void checkToken(Context request, String secret) {
    var shown = request.path().equals("/") ? text(request.queryParam("token")) : "";
    if (!shown.isEmpty() && same(shown, secret)) {
      request.header(
          "Set-Cookie", cookie + "=" + cookieOf(secret) + "; Path=/; HttpOnly; SameSite=Strict");
      request.header("Cache-Control", "no-store");
      request.status(303).header("Location", withoutToken(text(request.req().getQueryString())));
      request.skipRemainingHandlers();
      return;
    }
    var bearer = text(request.header("Authorization"));
    if (!same(text(request.cookie(cookie)), cookieOf(secret))
        && !(bearer.startsWith("Bearer ") && same(bearer.substring(7), secret))) {
      throw new Refusal(
          401,
          "This explorer asks for its token: open the address that loupe explore printed, the one"
              + " with ?token=");
    }
  }

  /** Keeps what else the address says, such as which view is open. */
  private static String withoutToken(String query) {
    var rest =
        Arrays.stream(query.split("&", -1))
            .filter(part -> !part.isEmpty() && !part.startsWith("token="))
            .collect(Collectors.joining("&"));
    return rest.isEmpty() ? "/" : "/?" + rest;
  }

  private static void checkSite(Context request) {
    var site = text(request.header("Sec-Fetch-Site"));
    if (!site.isEmpty() && !site.equals("same-origin") && !site.equals("none")) {
      throw new Refusal(403, "Only the explorer's own page may ask this server.");
    }
  }

  private static void checkOrigin(Context request) {
    var origin = text(request.header("Origin"));
    if (!origin.isEmpty() && !origin.equalsIgnoreCase("http://" + text(request.header("Host")))) {
      throw new Refusal(403, "Only the explorer's own page may ask this server.");
    }
  }

  private static void checkType(Context request) {
    var type = text(request.header("Content-Type"));
    if (!JSON.matcher(type.strip()).matches()) {
      throw new Refusal(415, "A question is JSON: expected Content-Type: application/json.");
    }
  }

  private static String text(@Nullable String header) {
    return header == null ? "" : header;
  }

  /** Compares in a time that says nothing of where they differ, nor of their lengths. */
  private static boolean same(String given, String expected) {
    return MessageDigest.isEqual(sha256(given), sha256(expected));
  }

  /** The browser keeps no token, and stays known when the server comes back with the same one. */
  private static String cookieOf(String secret) {
    return HexFormat.of().formatHex(sha256("loupe explorer cookie " + secret));
  }

  private static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
