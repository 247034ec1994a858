package dev.loupe.model.hub;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;

/**
 * Sends single requests and follows their redirects. The token goes to the endpoint's own origin
 * and nowhere else, and a connection never falls from https to http, except on this machine.
 */
final class HubHttp implements AutoCloseable {
  private static final int MOST_REDIRECTS = 10;
  private static final Pattern LOOPBACK = Pattern.compile("localhost|127\\.[0-9.]+|\\[::1]");

  private final HubConfig config;
  private final HttpClient client;

  HubHttp(HubConfig config) {
    this.config = config;
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(config.retry().connectTimeout())
            .build();
  }

  /** A response whose body has not been read; {@code offsite} if a redirect led to another host. */
  record Reply(int status, HttpHeaders headers, boolean offsite, BodyReader body, Duration silence)
      implements AutoCloseable {

    Optional<String> header(String name) {
      return headers.firstValue(name);
    }

    List<ByteBuffer> next() throws IOException, InterruptedException {
      return body.next(silence);
    }

    boolean redirects() {
      return switch (status) {
        case 301, 302, 303, 307, 308 -> header("Location").isPresent();
        default -> false;
      };
    }

    String location() {
      return header("Location").orElse("");
    }

    @Override
    public void close() {
      body.close();
    }
  }

  /** Asks for a body and goes wherever it is kept. */
  Reply get(URI address, Map<String, String> headers) throws IOException, InterruptedException {
    URI at = address;
    boolean home = true;
    for (int hop = 0; hop <= MOST_REDIRECTS; hop++) {
      Reply reply = send("GET", at, headers, home);
      if (!reply.redirects()) {
        return reply;
      }
      reply.close();
      at = target(at, reply.location());
      home = home && sameOrigin(at, address);
    }
    throw new HubException(address.getHost() + " redirects without end");
  }

  /**
   * Asks for the headers as the hub itself gives them: not those of the host that keeps the
   * content, which knows neither the etag nor the commit.
   */
  Reply head(URI address) throws IOException, InterruptedException {
    URI at = address;
    for (int hop = 0; hop <= MOST_REDIRECTS; hop++) {
      Reply reply = send("HEAD", at, Map.of(), true);
      if (!reply.redirects() || reply.header("X-Linked-Etag").isPresent()) {
        return reply;
      }
      URI next = target(at, reply.location());
      if (!sameOrigin(next, address)) {
        return reply;
      }
      reply.close();
      at = next;
    }
    throw new HubException(address.getHost() + " redirects without end");
  }

  @Override
  public void close() {
    client.shutdownNow();
  }

  private Reply send(String method, URI at, Map<String, String> headers, boolean home)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(at)
            .method(method, HttpRequest.BodyPublishers.noBody())
            .header("User-Agent", "loupe")
            .header("Accept-Encoding", "identity");
    headers.forEach(request::header);
    if (home) {
      config.token().ifPresent(token -> request.header("Authorization", "Bearer " + token));
    }
    HttpResponse<Flow.Publisher<List<ByteBuffer>>> response = await(request.build());
    BodyReader body = new BodyReader();
    response.body().subscribe(body);
    return new Reply(
        response.statusCode(), response.headers(), !home, body, config.retry().stallTimeout());
  }

  /** Waits for the headers; the request's own timeout would, from Java 26, limit the body too. */
  private HttpResponse<Flow.Publisher<List<ByteBuffer>>> await(HttpRequest request)
      throws IOException, InterruptedException {
    CompletableFuture<HttpResponse<Flow.Publisher<List<ByteBuffer>>>> response =
        client.sendAsync(request, HttpResponse.BodyHandlers.ofPublisher());
    Duration limit = config.retry().connectTimeout().plus(config.retry().stallTimeout());
    try {
      return response.get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      response.cancel(true);
      throw new HttpTimeoutException("no answer in %s s".formatted(limit.toMillis() / 1e3));
    } catch (InterruptedException e) {
      response.cancel(true);
      throw e;
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
    }
  }

  /** Says where a redirect leads, unless it leads astray. */
  static URI target(URI from, String location) {
    URI to;
    try {
      to = from.resolve(location);
    } catch (IllegalArgumentException e) {
      // the address is not shown: it may carry a signature
      throw new HubException(from.getHost() + " redirects to something that is not an address", e);
    }
    String scheme = String.valueOf(to.getScheme()).toLowerCase(Locale.ROOT);
    String host = String.valueOf(to.getHost());
    boolean plain = scheme.equals("http");
    if (to.getHost() == null || !(plain || scheme.equals("https"))) {
      throw new HubException(from.getHost() + " redirects to something that is not a web address");
    }
    if (plain && from.getScheme().equalsIgnoreCase("https") && !LOOPBACK.matcher(host).matches()) {
      throw new HubException(
          "%s redirects from https to http on %s: refused".formatted(from.getHost(), host));
    }
    return to;
  }

  private static boolean sameOrigin(URI one, URI other) {
    return one.getScheme().equalsIgnoreCase(other.getScheme())
        && one.getHost().equalsIgnoreCase(other.getHost())
        && port(one) == port(other);
  }

  private static int port(URI address) {
    int standard = address.getScheme().equalsIgnoreCase("https") ? 443 : 80;
    return address.getPort() < 0 ? standard : address.getPort();
  }
}
