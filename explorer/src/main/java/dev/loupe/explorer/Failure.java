package dev.loupe.explorer;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.loupe.tensor.TensorException;
import io.javalin.http.HttpResponseException;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a person is told of something that went wrong.
 *
 * @param status of HTTP
 * @param error a sentence
 * @param field of the question that is to be changed, if it is one
 * @param retryAfter seconds after which another try makes sense; 0 if it never does
 */
record Failure(
    @JsonIgnore int status,
    @JsonProperty("error") String error,
    @JsonProperty("field") Optional<String> field,
    @JsonIgnore int retryAfter) {
  private static final Logger LOG = LoggerFactory.getLogger(Explorer.class);

  private Failure(int status, String error) {
    this(status, error, Optional.empty(), 0);
  }

  /** Finds words for what was thrown; what is nobody's fault but ours goes to the log. */
  static Failure of(Throwable thrown) {
    return switch (thrown) {
      case Refusal e -> new Failure(e.status(), message(e), Optional.empty(), e.retryAfter());
      case BadQuestion e -> new Failure(422, message(e), Optional.of(e.field()), 0);
      case IllegalArgumentException e -> new Failure(422, message(e));
      case CancellationException _ -> new Failure(503, "The answer was not computed to its end.");
      case HttpResponseException e when e.getStatus() < 500 -> ofHttp(e.getStatus());
      case OutOfMemoryError e -> outOfMemory(e);
      case TensorException e when e.isOutOfMemory() -> outOfMemory(e);
      default -> {
        LOG.error("A request failed", thrown);
        yield new Failure(
            500, "Something went wrong inside the explorer; its log on the terminal says what.");
      }
    };
  }

  private static Failure ofHttp(int status) {
    return switch (status) {
      case 404 -> new Failure(404, "There is nothing at this address.");
      case 405 -> new Failure(405, "This address is asked in another way: GET or POST.");
      case 413 -> new Failure(413, "The request is too large.");
      default -> new Failure(status, "The request was not understood.");
    };
  }

  private static Failure outOfMemory(Throwable e) {
    LOG.error("Out of memory: {}", e.getMessage());
    return new Failure(
        500,
        "The memory of this machine does not suffice for that: ask for less at once, such as"
            + " shorter texts.");
  }

  private static String message(Throwable e) {
    var text = e.getMessage();
    return text == null ? e.getClass().getSimpleName() : text;
  }
}
