package dev.loupe.explorer;

import io.javalin.Javalin;
import io.javalin.compression.CompressionStrategy;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.BindException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The routes: each turns a request into a question for the workbench, at the desk. */
final class Server implements AutoCloseable {
  /** How large a request may be. */
  static final int MOST_BYTES = 64 * 1024;

  // The page keeps its state in the address.
  private static final int HEADER_BYTES = 32 * 1024;
  private static final int SPARE_THREADS = 32;
  private static final int MOST_START = 200;
  private static final int STOP_MILLIS = 5000;
  private static final String INSTANCE = "Loupe-Instance";

  private final String instance = UUID.randomUUID().toString();
  private final Workbench workbench;
  private final Assets assets;
  private final Desk desk;
  private final byte[] model;
  private final Javalin javalin;
  // Which port it is, is known when the server runs.
  private final AtomicReference<@Nullable Guard> guard = new AtomicReference<>();

  private Server(Workbench workbench, Assets assets, Desk desk, ExplorerOptions options)
      throws Exception {
    this.workbench = workbench;
    this.assets = assets;
    this.desk = desk;
    ObjectNode facts = JsonNodeFactory.instance.objectNode().put("instance", instance);
    facts.setAll((ObjectNode) Json.tree(desk.click(workbench::model, () -> false)));
    model = Json.write(facts);
    javalin = Javalin.create(config -> configure(config, options));
  }

  /**
   * Starts to listen.
   *
   * @throws IllegalStateException if it cannot
   */
  static Server start(Workbench workbench, Assets assets, ExplorerOptions options) {
    var desk = new Desk(options.waiting(), options.streams());
    try {
      var server = new Server(workbench, assets, desk, options);
      server.listen(options);
      return server;
    } catch (RuntimeException e) {
      desk.close();
      throw e;
    } catch (Exception e) {
      desk.close();
      throw new IllegalStateException("the explorer does not start: " + e.getMessage(), e);
    }
  }

  private void listen(ExplorerOptions options) {
    try {
      javalin.start(options.host(), options.port());
    } catch (RuntimeException e) {
      javalin.stop();
      boolean taken =
          Stream.iterate((Throwable) e, Objects::nonNull, Throwable::getCause)
              .anyMatch(BindException.class::isInstance);
      var why =
          taken
              ? "it is taken, or not this machine's; choose another (--port), or 0 for any free one"
              : String.valueOf(e.getMessage());
      throw new IllegalStateException(
          "cannot listen on port %d of %s: %s".formatted(options.port(), options.host(), why), e);
    }
    guard.set(new Guard(options, javalin.port()));
  }

  private void configure(JavalinConfig config, ExplorerOptions options) {
    config.startup.showJavalinBanner = false;
    config.startup.showOldJavalinVersionWarning = false;
    config.startup.startupWatcherEnabled = false;
    config.http.prefer405over404 = true;
    // A stream's lines are to leave at once.
    config.http.compressionStrategy = CompressionStrategy.NONE;
    config.jetty.threadPool =
        new QueuedThreadPool(options.waiting() + options.streams() + SPARE_THREADS);
    config.jetty.modifyHttpConfiguration(http -> {
      http.setSendServerVersion(false);
      http.setRequestHeaderSize(HEADER_BYTES);
      http.addCustomizer((request, headers) -> {
        headers.put(INSTANCE, instance);
        Guard.HEADERS.forEach(headers::put);
        return request;
      });
    });
    config.jetty.modifyServer(server -> {
      // What is being answered when the server stops is answered to its end.
      server.setHandler(new GracefulHandler());
      server.setStopTimeout(STOP_MILLIS);
      // What Jetty itself refuses, such as an address that climbs.
      server.setErrorHandler((request, response, callback) -> {
        response.getHeaders().put(INSTANCE, instance);
        Guard.HEADERS.forEach(response.getHeaders()::put);
        response.getHeaders().put("Content-Type", "application/json");
        var failure = Failure.of(new HttpResponseException(Math.min(response.getStatus(), 499)));
        response.write(true, ByteBuffer.wrap(Json.write(failure)), callback);
        return true;
      });
    });
    route(config);
  }

  private void route(JavalinConfig config) {
    config.routes.before(request -> guard().check(request));
    // Javalin has words of its own for these unless they are named.
    config.routes.exception(
        HttpResponseException.class, (e, request) -> tell(Failure.of(e), request.res()));
    config.routes.exception(Exception.class, (e, request) -> tell(Failure.of(e), request.res()));
    config.router.javaLangErrorHandler((response, e) -> tell(Failure.of(e), response));

    config.routes.get("/", request -> send(request, Assets.PAGE));
    config.routes.get("/assets/{name}", request -> send(request, request.pathParam("name")));
    config.routes.get("/api/model", request -> answer(request, model));
    config.routes.get(
        "/api/examples",
        request -> {
          var task = query(request, "task");
          long seed = seed(query(request, "seed"));
          answer(request, () -> workbench.examples(task, seed));
        });
    config.routes.post(
        "/api/complete",
        request -> {
          var start = start(question(request));
          answer(request, () -> workbench.complete(start));
        });
    click(config, "/api/view", workbench::view);
    click(config, "/api/suggest", workbench::suggest);
    click(config, "/api/export/study", workbench::exportStudy);
    click(config, "/api/export/circuit", workbench::exportCircuit);
    stream(config, "/api/grid", workbench::grid);
    stream(config, "/api/circuit", workbench::circuit);
  }

  private Guard guard() {
    var known = guard.get();
    if (known == null) {
      throw Refusal.busy("The explorer is only just starting.", 1);
    }
    return known;
  }

  // ---- Requests

  private static ObjectNode question(Context request) throws IOException {
    if (request.req().getContentLengthLong() > MOST_BYTES) {
      throw tooLarge();
    }
    var body = request.req().getInputStream().readNBytes(MOST_BYTES + 1);
    if (body.length > MOST_BYTES) {
      throw tooLarge();
    }
    return Json.read(body);
  }

  private static Refusal tooLarge() {
    return new Refusal(
        413, "The request is too large: expected at most %d KB.".formatted(MOST_BYTES / 1024));
  }

  private static String query(Context request, String name) {
    var value = request.queryParam(name);
    return value == null ? "" : value;
  }

  private static long seed(String text) {
    try {
      return text.isEmpty() ? 0 : Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new BadQuestion("seed", "The seed is not a whole number.");
    }
  }

  private static String start(JsonNode question) {
    var start = question.path("start");
    if (!start.isString() || start.stringValue().length() > MOST_START) {
      throw new BadQuestion(
          "start",
          "The beginning of a token is missing, or no text of at most %d characters."
              .formatted(MOST_START));
    }
    return start.stringValue();
  }

  private void click(JavalinConfig config, String path, Function<JsonNode, Object> work) {
    config.routes.post(
        path,
        request -> {
          var question = question(request);
          answer(request, () -> work.apply(question));
        });
  }

  private void stream(JavalinConfig config, String path, BiConsumer<JsonNode, Lines> work) {
    config.routes.post(
        path,
        request -> {
          var question = question(request);
          var lines = new NdjsonLines(request.res());
          try {
            desk.stream(
                turn -> work.accept(question, lines.at(turn)),
                new Caller(request.req(), request.res()));
          } catch (Exception e) {
            if (!lines.begun()) {
              throw e;
            }
            lines.end(Failure.of(e));
          }
        });
  }

  // ---- Answers

  private void answer(Context request, Callable<Object> work) throws Exception {
    var caller = new Caller(request.req(), request.res());
    answer(request, Json.write(desk.click(work, caller)));
  }

  private static void answer(Context request, byte[] json) {
    request.header("Cache-Control", "no-store");
    request.contentType("application/json").result(json);
  }

  private void send(Context request, String name) {
    var asset = assets.find(name).orElseThrow(() -> new HttpResponseException(404));
    request.header("ETag", asset.etag()).header("Cache-Control", "no-cache");
    var known = request.header("If-None-Match");
    if (known != null && List.of(known.split("\\s*,\\s*", -1)).contains(asset.etag())) {
      request.status(304);
    } else {
      request.contentType(asset.type()).result(asset.bytes());
    }
  }

  private static void tell(Failure failure, HttpServletResponse response) {
    if (response.isCommitted()) {
      return;
    }
    var json = Json.write(failure);
    response.setStatus(failure.status());
    response.setContentType("application/json");
    response.setHeader("Cache-Control", "no-store");
    if (failure.retryAfter() > 0) {
      response.setHeader("Retry-After", Integer.toString(failure.retryAfter()));
    }
    try {
      response.getOutputStream().write(json);
    } catch (IOException e) {
      // Who asked is gone.
    }
  }

  /** Returns the address of the page, with the token if there is one. */
  String url() {
    return guard().url();
  }

  int port() {
    return javalin.port();
  }

  @Override
  public void close() {
    desk.close();
    javalin.stop();
  }
}
