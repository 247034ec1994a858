package dev.loupe.model.hub;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;

/**
 * Plays a Hugging Face hub on 127.0.0.1, with a second server for the content of large files
 * ({@code .safetensors}), to which it redirects as the real one does. Misbehaves on request.
 */
public final class FakeHub implements AutoCloseable {
  /**
   * The requests that a {@link Fault} may be set on; {@code CONTENT} is where the bytes come from.
   */
  public enum Stage {
    LISTING,
    HEAD,
    REDIRECT,
    CONTENT
  }

  /** A request as it came; {@code subject} is a repository ({@code LISTING}) or a file name. */
  public record Request(Stage stage, String subject, String path, Map<String, String> headers) {}

  private record Repo(String commit, Map<String, byte[]> files, List<String> listed) {}

  private record Rule(Stage stage, String subject) {}

  private static final Duration PATIENCE = Duration.ofMillis(700);

  private final HttpServer hub = server(this::hub);
  private final HttpServer content = server(this::contentHost);
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Map<String, Repo> repos = new ConcurrentHashMap<>();
  private final Map<String, String> renamed = new ConcurrentHashMap<>();
  private final Map<Rule, Queue<Fault>> faults = new ConcurrentHashMap<>();
  private final Queue<Request> requests = new ConcurrentLinkedQueue<>();

  /** Start both servers on free ports. */
  public FakeHub() {
    for (HttpServer server : List.of(hub, content)) {
      server.setExecutor(threads);
      server.start();
    }
  }

  /** Return the address for {@code HF_ENDPOINT}. */
  public URI endpoint() {
    return address(hub);
  }

  /** Return a configuration for this hub with a given cache, no token and little patience. */
  public HubConfig config(Path cache) {
    return config(cache, Optional.empty());
  }

  /** Return a configuration for this hub with a given cache and token, and little patience. */
  public HubConfig config(Path cache, Optional<String> token) {
    Duration wait = Duration.ofMillis(5);
    RetryPolicy retry = new RetryPolicy(3, wait, Duration.ofSeconds(2), PATIENCE, PATIENCE);
    return new HubConfig(endpoint(), cache, token, false, retry);
  }

  /** Add a repository whose {@code main} has these files; return its commit. */
  public String add(String repo, Map<String, byte[]> files) {
    StringBuilder all = new StringBuilder(repo);
    files.forEach((name, bytes) -> all.append(name).append(etag(name, bytes)));
    String commit = hash("SHA-1", new byte[0], all.toString().getBytes(StandardCharsets.UTF_8));
    repos.put(repo, new Repo(commit, new TreeMap<>(files), List.copyOf(files.keySet())));
    return commit;
  }

  /** Add a repository whose {@code main} has the files of a folder; return its commit. */
  public String add(String repo, Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      Map<String, byte[]> contents = new TreeMap<>();
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        contents.put(folder.relativize(file).toString(), Files.readAllBytes(file));
      }
      return add(repo, contents);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** List a file that is not there. */
  public void list(String repo, String file) {
    repos.computeIfPresent(
        repo,
        (_, r) ->
            new Repo(
                r.commit(),
                r.files(),
                Stream.concat(r.listed().stream(), Stream.of(file)).toList()));
  }

  /** Redirect all requests for a repository to its new name. */
  public void rename(String from, String to) {
    renamed.put(from, to);
  }

  /** Misbehave at the next requests of a kind, one fault each, in this order. */
  public void fail(Stage stage, String subject, Fault... inOrder) {
    faults
        .computeIfAbsent(new Rule(stage, subject), _ -> new ArrayDeque<>())
        .addAll(List.of(inOrder));
  }

  /** Return all requests so far. */
  public List<Request> requests() {
    return List.copyOf(requests);
  }

  /** Return the requests of a kind so far. */
  public List<Request> requests(Stage stage, String subject) {
    return requests.stream()
        .filter(r -> r.stage() == stage && r.subject().equals(subject))
        .toList();
  }

  /** Forget the requests so far. */
  public void forgetRequests() {
    requests.clear();
  }

  @Override
  public void close() {
    closing.countDown();
    hub.stop(0);
    content.stop(0);
    threads.shutdownNow();
  }

  /**
   * Return the etag of a file as the hub gives it: SHA-256 of a large one, Git's SHA-1 of a small.
   */
  public static String etag(String file, byte[] bytes) {
    return isLarge(file)
        ? hash("SHA-256", new byte[0], bytes)
        : hash("SHA-1", ("blob " + bytes.length + "\0").getBytes(StandardCharsets.US_ASCII), bytes);
  }

  private void hub(HttpExchange exchange) throws IOException {
    String[] path = exchange.getRequestURI().getRawPath().substring(1).split("/");
    List<String> parts = Arrays.asList(path);
    int resolve = parts.indexOf("resolve");
    int end = parts.indexOf("revision");
    if (path[0].equals("api") && end > 0) {
      String repo = String.join("/", parts.subList(2, end));
      if (!redirectRenamed(exchange, repo)) {
        list(exchange, repo, decode(path[end + 1]));
      }
    } else if (resolve > 0) {
      String repo = String.join("/", parts.subList(0, resolve));
      String file =
          parts.stream().skip(resolve + 2L).map(FakeHub::decode).collect(Collectors.joining("/"));
      if (!redirectRenamed(exchange, repo)) {
        resolve(exchange, repo, decode(path[resolve + 1]), file);
      }
    } else {
      exchange.sendResponseHeaders(404, -1);
    }
  }

  private boolean redirectRenamed(HttpExchange exchange, String repo) throws IOException {
    String now = renamed.get(repo);
    if (now == null) {
      return false;
    }
    String path = exchange.getRequestURI().getRawPath().replaceFirst(repo, now);
    exchange.getResponseHeaders().set("Location", path);
    exchange.sendResponseHeaders(307, -1);
    return true;
  }

  private void list(HttpExchange exchange, String repo, String revision) throws IOException {
    Optional<Fault> fault = note(exchange, Stage.LISTING, repo);
    if (fault.isPresent()) {
      misbehave(exchange, fault.get(), new byte[0]);
      return;
    }
    Repo found = repos.get(repo);
    if (found == null || !has(found, revision)) {
      exchange
          .getResponseHeaders()
          .set("X-Error-Code", found == null ? "RepoNotFound" : "RevisionNotFound");
      exchange.sendResponseHeaders(404, -1);
      return;
    }
    var siblings = found.listed().stream().map(f -> Map.of("rfilename", f)).toList();
    byte[] json =
        new JsonMapper()
            .writeValueAsBytes(Map.of("id", repo, "sha", found.commit(), "siblings", siblings));
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(200, json.length);
    exchange.getResponseBody().write(json);
  }

  private void resolve(HttpExchange exchange, String repo, String commit, String file)
      throws IOException {
    boolean head = exchange.getRequestMethod().equals("HEAD");
    boolean large = isLarge(file);
    Stage stage = head ? Stage.HEAD : large ? Stage.REDIRECT : Stage.CONTENT;
    Optional<Fault> fault = note(exchange, stage, file);
    Repo found = repos.get(repo);
    byte[] bytes = found == null || !has(found, commit) ? null : found.files().get(file);
    if (found == null || bytes == null) {
      exchange.getResponseHeaders().set("X-Error-Code", "EntryNotFound");
      exchange.sendResponseHeaders(404, -1);
      return;
    }
    var headers = exchange.getResponseHeaders();
    headers.set("X-Repo-Commit", found.commit());
    if (large) {
      headers.set("X-Linked-Etag", '"' + etag(file, bytes) + '"');
      headers.set("X-Linked-Size", Long.toString(bytes.length));
      String path = "/" + repo + "/" + file.replace(" ", "%20");
      headers.set("Location", address(content) + path + "?signature=abc");
    } else {
      headers.set("ETag", "W/\"" + etag(file, bytes) + '"');
    }
    if (fault.isPresent()) {
      misbehave(exchange, fault.get(), bytes);
    } else if (head) {
      headers.set("Content-Length", Long.toString(large ? 17 : bytes.length));
      exchange.sendResponseHeaders(large ? 302 : 200, -1);
    } else if (large) {
      exchange.sendResponseHeaders(302, -1);
    } else {
      serve(exchange, bytes);
    }
  }

  private void contentHost(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath().substring(1);
    for (var repo : repos.entrySet()) {
      if (path.startsWith(repo.getKey() + "/")) {
        String file = path.substring(repo.getKey().length() + 1);
        byte[] bytes = Objects.requireNonNull(repo.getValue().files().get(file), file);
        Optional<Fault> fault = note(exchange, Stage.CONTENT, file);
        if (fault.isPresent()) {
          misbehave(exchange, fault.get(), bytes);
        } else {
          serve(exchange, bytes);
        }
        return;
      }
    }
    exchange.sendResponseHeaders(404, -1);
  }

  private void misbehave(HttpExchange exchange, Fault fault, byte[] bytes) throws IOException {
    var headers = exchange.getResponseHeaders();
    int from = from(exchange);
    switch (fault) {
      case Fault.Status(int code, Map<String, String> extra) -> {
        headers.clear();
        extra.forEach(headers::set);
        exchange.sendResponseHeaders(code, -1);
      }
      case Fault.Redirect(URI to) -> {
        headers.clear();
        headers.set("Location", to.toString());
        exchange.sendResponseHeaders(307, -1);
      }
      case Fault.Headers(Map<String, String> own) -> {
        headers.clear();
        own.forEach(headers::set);
        exchange.sendResponseHeaders(200, -1);
      }
      case Fault.Break(int count) -> begin(exchange, bytes, from).write(bytes, from, count);
      case Fault.Stall(int count) -> {
        OutputStream out = begin(exchange, bytes, from);
        out.write(bytes, from, count);
        out.flush();
        hold(Duration.ofMinutes(1));
      }
      case Fault.IgnoreRange() -> begin(exchange, bytes, 0).write(bytes);
      case Fault.OtherRange() -> {
        headers.set("Content-Range", "bytes 0-%d/%d".formatted(bytes.length - 1, bytes.length));
        exchange.sendResponseHeaders(206, bytes.length);
        exchange.getResponseBody().write(bytes);
      }
      case Fault.Corrupt() -> {
        byte[] changed = bytes.clone();
        changed[changed.length - 1] ^= 1;
        serve(exchange, changed);
      }
      case Fault.Shorten(int count) -> serve(exchange, Arrays.copyOf(bytes, count));
      case Fault.Slow(Duration pause) -> {
        OutputStream out = begin(exchange, bytes, from);
        int third = (bytes.length - from) / 3;
        for (int part = 0; part < 2; part++) {
          out.write(bytes, from + part * third, third);
          out.flush();
          hold(pause);
        }
        out.write(bytes, from + 2 * third, bytes.length - from - 2 * third);
      }
    }
  }

  private void hold(Duration time) {
    try {
      boolean _ = closing.await(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Optional<Fault> note(HttpExchange exchange, Stage stage, String subject) {
    Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    exchange.getRequestHeaders().forEach((name, values) -> headers.put(name, values.getFirst()));
    String path = exchange.getRequestURI().toString();
    requests.add(new Request(stage, subject, path, headers));
    Queue<Fault> queue = faults.getOrDefault(new Rule(stage, subject), new ArrayDeque<>());
    synchronized (queue) {
      return Optional.ofNullable(queue.poll());
    }
  }

  private static void serve(HttpExchange exchange, byte[] bytes) throws IOException {
    int from = from(exchange);
    if (from >= bytes.length && from > 0) {
      exchange.getResponseHeaders().set("Content-Range", "bytes */" + bytes.length);
      exchange.sendResponseHeaders(416, -1);
      return;
    }
    begin(exchange, bytes, from).write(bytes, from, bytes.length - from);
  }

  private static OutputStream begin(HttpExchange exchange, byte[] bytes, int from)
      throws IOException {
    int rest = bytes.length - from;
    if (from > 0) {
      String range = "bytes %d-%d/%d".formatted(from, bytes.length - 1, bytes.length);
      exchange.getResponseHeaders().set("Content-Range", range);
    }
    exchange.sendResponseHeaders(from > 0 ? 206 : 200, rest == 0 ? -1 : rest);
    return exchange.getResponseBody();
  }

  private static int from(HttpExchange exchange) {
    String range = exchange.getRequestHeaders().getFirst("Range");
    return range == null ? 0 : Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
  }

  private static boolean has(Repo repo, String revision) {
    return List.of("main", "refs/pr/1", repo.commit()).contains(revision);
  }

  private static boolean isLarge(String file) {
    return file.endsWith(".safetensors");
  }

  private static String decode(String segment) {
    return URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  private static URI address(HttpServer server) {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  private static HttpServer server(HttpHandler handler) {
    try {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext(
          "/",
          exchange -> {
            // closing a body that is not complete breaks the connection, as some faults want
            try (exchange) {
              handler.handle(exchange);
              exchange.getResponseBody().flush();
            }
          });
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String hash(String algorithm, byte[] prefix, byte[] bytes) {
    try {
      MessageDigest digest = MessageDigest.getInstance(algorithm);
      digest.update(prefix);
      return HexFormat.of().formatHex(digest.digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
