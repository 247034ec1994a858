package dev.loupe.explorer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DeskTest {
  private final ExecutorService askers = Executors.newCachedThreadPool();
  private final List<String> order = Collections.synchronizedList(new ArrayList<>());

  @AfterEach
  void stop() {
    askers.shutdownNow();
  }

  /** Keeps the model until it is told. */
  private static final class Occupant {
    final CountDownLatch entered = new CountDownLatch(1);
    final CountDownLatch leave = new CountDownLatch(1);

    String sit() throws InterruptedException {
      entered.countDown();
      leave.await();
      return "sat";
    }
  }

  private <T> Future<T> click(Desk desk, Callable<T> work) {
    return askers.submit(() -> desk.click(work, () -> false));
  }

  private static void settle() throws InterruptedException {
    Thread.sleep(100);
  }

  @Test
  void aClickGetsItsAnswerOrItsError() throws Exception {
    try (var desk = new Desk(4, 1)) {
      assertThat(desk.click(() -> 42, () -> false)).isEqualTo(42);
      assertThatThrownBy(() -> desk.click(() -> Integer.parseInt("x"), () -> false))
          .isInstanceOf(NumberFormatException.class);
      assertThatThrownBy(() ->
              desk.click(
                  () -> {
                    throw new OutOfMemoryError("no");
                  },
                  () -> false))
          .isInstanceOf(OutOfMemoryError.class);
      assertThat(desk.click(() -> "still there", () -> false)).isEqualTo("still there");
    }
  }

  @Test
  void clicksGoBeforeTheNextPieceOfAStream() throws Exception {
    var piece = new Occupant();
    try (var desk = new Desk(4, 2)) {
      var stream =
          askers.submit(() -> {
            desk.stream(
                turn -> {
                  order.add("piece 0");
                  piece.sit();
                  turn.pass(() -> {});
                  order.add("piece 1");
                },
                () -> false);
            return 0;
          });
      piece.entered.await();
      var first = click(desk, () -> order.add("click 0"));
      settle();
      var second = click(desk, () -> order.add("click 1"));
      settle();
      assertThat(order).containsExactly("piece 0");
      piece.leave.countDown();
      first.get();
      second.get();
      stream.get();
      assertThat(order).containsExactly("piece 0", "click 0", "click 1", "piece 1");
    }
  }

  @Test
  void streamsTakeTurns() throws Exception {
    var occupant = new Occupant();
    try (var desk = new Desk(4, 2)) {
      var click = click(desk, occupant::sit);
      occupant.entered.await();
      var streams = new ArrayList<Future<?>>();
      for (var name : List.of("a", "b")) {
        streams.add(
            askers.submit(() -> {
              desk.stream(
                  turn -> {
                    for (int i = 0; i < 3; i++) {
                      order.add(name + i);
                      turn.pass(() -> {});
                    }
                  },
                  () -> false);
              return 0;
            }));
        settle();
      }
      occupant.leave.countDown();
      click.get();
      for (var stream : streams) {
        stream.get();
      }
      assertThat(order).containsExactly("a0", "b0", "a1", "b1", "a2", "b2");
    }
  }

  @Test
  void aStreamEndsAlthoughClicksNeverDo() throws Exception {
    var stop = new AtomicBoolean();
    try (var desk = new Desk(16, 1)) {
      var clicking = new ArrayList<Future<?>>();
      for (int i = 0; i < 6; i++) {
        clicking.add(
            askers.submit(() -> {
              while (!stop.get()) {
                desk.click(
                    () -> {
                      Thread.sleep(1);
                      return 0;
                    },
                    () -> false);
              }
              return 0;
            }));
      }
      desk.stream(
          turn -> {
            for (int i = 0; i < 20; i++) {
              turn.pass(() -> {});
            }
          },
          () -> false);
      stop.set(true);
      for (var each : clicking) {
        each.get();
      }
    }
  }

  @Test
  void whatWaitsIsBounded() throws Exception {
    var occupant = new Occupant();
    try (var desk = new Desk(2, 1)) {
      var sitting = click(desk, occupant::sit);
      occupant.entered.await();
      var waiting = List.of(click(desk, () -> 1), click(desk, () -> 2));
      settle();
      assertThatThrownBy(() -> desk.click(() -> 3, () -> false))
          .isInstanceOfSatisfying(
              Refusal.class,
              e -> {
                assertThat(e.status()).isEqualTo(503);
                assertThat(e.retryAfter()).isPositive();
                assertThat(e).hasMessageContaining("2 requests wait");
              });
      var stream =
          askers.submit(() -> {
            desk.stream(turn -> {}, () -> false);
            return 0;
          });
      settle();
      assertThatThrownBy(() -> desk.stream(turn -> {}, () -> false))
          .isInstanceOfSatisfying(Refusal.class, e -> assertThat(e.retryAfter()).isPositive());
      occupant.leave.countDown();
      assertThat(sitting.get()).isEqualTo("sat");
      assertThat(waiting.get(0).get()).isEqualTo(1);
      assertThat(waiting.get(1).get()).isEqualTo(2);
      stream.get();
      // Who leaves makes room.
      desk.stream(turn -> {}, () -> false);
      assertThat(desk.click(() -> 4, () -> false)).isEqualTo(4);
    }
  }

  @Test
  void aClickWhoseAskerHasLeftIsNeverComputed() throws Exception {
    var occupant = new Occupant();
    try (var desk = new Desk(1, 1)) {
      var sitting = click(desk, occupant::sit);
      occupant.entered.await();
      assertThatThrownBy(() -> desk.click(() -> order.add("computed"), () -> true))
          .isInstanceOf(CancellationException.class);
      // Its place is free again.
      var next = click(desk, () -> order.add("next"));
      settle();
      occupant.leave.countDown();
      sitting.get();
      next.get();
      assertThat(order).containsExactly("next");
    }
  }

  @Test
  void aStreamWhoseAskerHasLeftEndsAtItsNextPiece() {
    var gone = new AtomicBoolean();
    try (var desk = new Desk(1, 1)) {
      assertThatThrownBy(() ->
              desk.stream(
                  turn -> {
                    order.add("first");
                    gone.set(true);
                    settle();
                    turn.pass(() -> order.add("written"));
                    order.add("second");
                  },
                  gone::get))
          .isInstanceOf(CancellationException.class);
      assertThat(order).containsExactly("first");
    }
  }

  @Test
  void closingEndsWhatRunsAndRefusesTheRest() throws Exception {
    var piece = new Occupant();
    var desk = new Desk(4, 1);
    var stream =
        askers.submit(() -> {
          desk.stream(
              turn -> {
                piece.entered.countDown();
                while (true) {
                  turn.pass(() -> {});
                }
              },
              () -> false);
          return 0;
        });
    piece.entered.await();
    var sitting = new Occupant();
    var click = click(desk, sitting::sit);
    sitting.entered.await();
    var waiting = click(desk, () -> order.add("computed"));
    settle();
    var closing = askers.submit(desk::close);
    assertThatThrownBy(waiting::get)
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOf(Refusal.class)
        .hasMessageContaining("shut down");
    assertThatThrownBy(stream::get).hasCauseInstanceOf(CancellationException.class);
    assertThat(closing.isDone()).as("closed under a running click").isFalse();
    sitting.leave.countDown();
    closing.get();
    assertThat(click.get()).isEqualTo("sat");
    assertThat(order).isEmpty();
    assertThatThrownBy(() -> desk.click(() -> 1, () -> false))
        .isInstanceOfSatisfying(Refusal.class, e -> assertThat(e.status()).isEqualTo(503));
    assertThatThrownBy(() -> desk.stream(turn -> {}, () -> false)).isInstanceOf(Refusal.class);
    desk.close();
  }

  @Test
  void sixteenAskersNeverMeet() throws Exception {
    var inside = new AtomicInteger();
    var most = new AtomicInteger();
    var clicks = new AtomicInteger();
    var pieces = new AtomicInteger();
    try (var desk = new Desk(16, 4)) {
      var all = new ArrayList<Future<?>>();
      for (int i = 0; i < 16; i++) {
        boolean streams = i % 4 == 0;
        all.add(
            askers.submit(() -> {
              for (int round = 0; round < 25; round++) {
                if (streams) {
                  desk.stream(
                      turn -> {
                        for (int piece = 0; piece < 4; piece++) {
                          work(inside, most);
                          pieces.incrementAndGet();
                          turn.pass(() -> {});
                        }
                      },
                      () -> false);
                } else {
                  desk.click(
                      () -> {
                        work(inside, most);
                        return clicks.incrementAndGet();
                      },
                      () -> false);
                }
              }
              return 0;
            }));
      }
      for (var each : all) {
        each.get(50, TimeUnit.SECONDS);
      }
    }
    assertThat(most).hasValue(1);
    assertThat(clicks).hasValue(12 * 25);
    assertThat(pieces).hasValue(4 * 25 * 4);
  }

  private static void work(AtomicInteger inside, AtomicInteger most) throws InterruptedException {
    most.accumulateAndGet(inside.incrementAndGet(), Math::max);
    Thread.sleep(0, 200_000);
    inside.decrementAndGet();
  }
}
