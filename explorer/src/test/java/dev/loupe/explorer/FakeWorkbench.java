package dev.loupe.explorer;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import tools.jackson.databind.JsonNode;

/** Answers without a model, as the question's "do" says. */
final class FakeWorkbench implements Workbench {
  /** A piece or a click that was told to hold waits for one of these. */
  final Semaphore permits = new Semaphore(0);

  final CountDownLatch streaming = new CountDownLatch(1);
  final CountDownLatch ended = new CountDownLatch(1);
  final Semaphore holding = new Semaphore(0);
  final AtomicInteger pieces = new AtomicInteger();
  final AtomicInteger views = new AtomicInteger();
  final AtomicInteger together = new AtomicInteger();
  private final AtomicInteger inside = new AtomicInteger();

  record View(double number, Optional<String> absent, String text) {}

  @Override
  public Object model() {
    return Map.of("model", "fake", "layers", 2);
  }

  @Override
  public Object examples(String task, long seed) {
    if (task.isEmpty()) {
      throw new BadQuestion("task", "No task is named.");
    }
    return Map.of("task", task, "seed", seed);
  }

  @Override
  public Object complete(String start) {
    return Map.of("tokens", List.of(start + "!"));
  }

  @Override
  public Object view(JsonNode question) {
    enter();
    try {
      views.incrementAndGet();
      switch (question.path("do").asString("")) {
        case "refuse" -> throw new BadQuestion("clean", "The clean text is empty.");
        case "argument" -> throw new IllegalArgumentException("layer 9: expected 0 to 3");
        case "bug" -> throw new IllegalStateException("secret of the house");
        case "memory" -> throw new OutOfMemoryError("Java heap space");
        case "overflow" -> throw new StackOverflowError();
        case "hold" -> hold();
        case "nan" -> {
          return Map.of("value", Double.NaN, "values", List.of(1.5, Double.POSITIVE_INFINITY));
        }
        default -> {}
      }
      return new View(1.5, Optional.empty(), question.path("clean").asString(""));
    } finally {
      leave();
    }
  }

  @Override
  public void grid(JsonNode question, Lines out) {
    var what = question.path("do").asString("");
    if (what.equals("refuse")) {
      throw new BadQuestion("change", "No such change.");
    }
    try {
      out.write(Map.of("type", "start"));
      streaming.countDown();
      for (int i = 0; i < question.path("pieces").asInt(3); i++) {
        enter();
        try {
          if (what.equals("hold")) {
            hold();
          }
          pieces.incrementAndGet();
        } finally {
          leave();
        }
        out.write(Map.of("type", "cells", "done", i));
        if (what.equals("break")) {
          throw new IllegalStateException("secret of the house");
        }
      }
      out.write(Map.of("type", "end"));
    } finally {
      ended.countDown();
    }
  }

  @Override
  public void circuit(JsonNode question, Lines out) {
    out.write(Map.of("type", "end"));
  }

  @Override
  public Object suggest(JsonNode question) {
    return Map.of("nodes", List.of("m0"));
  }

  @Override
  public Object exportStudy(JsonNode question) {
    return Map.of("file", "explored.yaml");
  }

  @Override
  public Object exportCircuit(JsonNode question) {
    return Map.of("file", "circuit.json");
  }

  private void hold() {
    holding.release();
    try {
      if (!permits.tryAcquire(20, TimeUnit.SECONDS)) {
        throw new IllegalStateException("nobody lets it go on");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void enter() {
    together.accumulateAndGet(inside.incrementAndGet(), Math::max);
  }

  private void leave() {
    inside.decrementAndGet();
  }
}
