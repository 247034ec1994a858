package dev.loupe.model.hub;

import java.io.IOException;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Reads the body of a response piece by piece with a limit on silence, which the streams of {@code
 * java.net.http} do not have. Closing it early drops the connection.
 */
final class BodyReader implements Flow.Subscriber<List<ByteBuffer>>, AutoCloseable {
  private sealed interface Event {
    record Piece(List<ByteBuffer> bytes) implements Event {}

    record Failure(Throwable cause) implements Event {}

    record End() implements Event {}
  }

  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private final CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();

  /** Waits for the next piece; an empty list is the end. */
  List<ByteBuffer> next(Duration silence) throws IOException, InterruptedException {
    Event event = events.poll(silence.toNanos(), TimeUnit.NANOSECONDS);
    return switch (event) {
      case null ->
          throw new HttpTimeoutException(
              "nothing came for %s s".formatted(silence.toMillis() / 1e3));
      case Event.Failure(Throwable cause) -> throw new IOException("the connection broke", cause);
      case Event.End() -> {
        events.add(event);
        yield List.of();
      }
      case Event.Piece(List<ByteBuffer> bytes) -> {
        subscription.join().request(1);
        yield bytes;
      }
    };
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    this.subscription.complete(subscription);
    subscription.request(1);
  }

  @Override
  public void onNext(List<ByteBuffer> bytes) {
    if (!bytes.isEmpty()) {
      events.add(new Event.Piece(bytes));
    } else {
      subscription.join().request(1);
    }
  }

  @Override
  public void onError(Throwable cause) {
    events.add(new Event.Failure(cause));
  }

  @Override
  public void onComplete() {
    events.add(new Event.End());
  }

  @Override
  public void close() {
    CompletableFuture<Void> _ = subscription.thenAccept(Flow.Subscription::cancel);
  }
}
