package dev.loupe.explorer;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where the explorer listens, and how much it takes on.
 *
 * @param host the name or address to listen on; one that others can reach demands a token
 * @param port from 1 to 65535, or 0 for any that is free
 * @param token what a browser has to show once: 16 to 128 of {@code A-Z a-z 0-9 . _ ~ -}
 * @param waiting how many requests may wait for the model at a time
 * @param streams how many grids and circuits may be computed at a time, in turns
 */
public record ExplorerOptions(
    String host, int port, Optional<String> token, int waiting, int streams) {
  /** The port where none is named. */
  public static final int USUAL_PORT = 7860;

  private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._~-]{16,128}");
  private static final int MOST_WAITING = 1000;
  private static final int MOST_STREAMS = 32;

  /**
   * Checks the options.
   *
   * @throws IllegalArgumentException if a number is out of range, the host is unknown, the token is
   *     one that can be guessed, or there is none where others can reach the host
   */
  public ExplorerOptions {
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException(
          "port %d: expected 1 to 65535, or 0 for any that is free".formatted(port));
    }
    if (waiting < 1 || waiting > MOST_WAITING) {
      throw new IllegalArgumentException(
          "%d waiting requests: expected 1 to %d".formatted(waiting, MOST_WAITING));
    }
    if (streams < 1 || streams > MOST_STREAMS) {
      throw new IllegalArgumentException(
          "%d streams: expected 1 to %d".formatted(streams, MOST_STREAMS));
    }
    if (token.isPresent() && !TOKEN.matcher(token.get()).matches()) {
      throw new IllegalArgumentException(
          "the token: expected 16 to 128 letters, digits or . _ ~ - that nobody guesses, such as"
              + " openssl rand -hex 16 prints");
    }
    boolean loopback = address(host).isLoopbackAddress();
    if (token.isEmpty() && !loopback) {
      throw new IllegalArgumentException(
          "host %s can be reached by others: give a token too (--token), or listen on 127.0.0.1"
              .formatted(host));
    }
  }

  /** Returns the usual ones: this machine alone. */
  public static ExplorerOptions standard() {
    return new ExplorerOptions("127.0.0.1", USUAL_PORT, Optional.empty(), 32, 4);
  }

  /** Returns these options with another port. */
  public ExplorerOptions withPort(int port) {
    return new ExplorerOptions(host, port, token, waiting, streams);
  }

  /** Returns these options with another host and a token. */
  public ExplorerOptions withHost(String host, Optional<String> token) {
    return new ExplorerOptions(host, port, token, waiting, streams);
  }

  /** Returns these options with other bounds. */
  public ExplorerOptions withBounds(int waiting, int streams) {
    return new ExplorerOptions(host, port, token, waiting, streams);
  }

  /** Returns the address to listen on. */
  InetAddress address() {
    return address(host);
  }

  private static InetAddress address(String host) {
    if (host.isBlank()) {
      throw new IllegalArgumentException(
          "no host: expected a name or an address of this machine, such as 127.0.0.1");
    }
    try {
      return InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(
          "host %s is unknown: expected a name or an address of this machine".formatted(host), e);
    }
  }

  /** Hides the token. */
  @Override
  public String toString() {
    return "ExplorerOptions[%s:%d%s, %d waiting, %d streams]"
        .formatted(host, port, token.isPresent() ? ", token" : "", waiting, streams);
  }
}
