package dev.loupe.lens.sweep;

import dev.loupe.model.CacheFilter;
import dev.loupe.model.HookPoint;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** What the cells of a sweep read of the runs that are not intervened in, on a block of prompts. */
final class Needs {
  private final Set<HookPoint> base = new HashSet<>();
  private final Map<Source, Set<HookPoint>> sources = new HashMap<>();
  private int start = Integer.MAX_VALUE;

  void base(HookPoint point) {
    base.add(point);
  }

  void source(Source source, HookPoint point) {
    sources.computeIfAbsent(source, s -> new HashSet<>()).add(point);
  }

  /** Notes that activations from a position on are read. */
  void from(int position) {
    start = Math.min(start, position);
  }

  Set<HookPoint> base() {
    return base;
  }

  Map<Source, Set<HookPoint>> sources() {
    return sources;
  }

  int start() {
    return start;
  }

  CacheFilter filter() {
    var all = new HashSet<>(base);
    sources.values().forEach(all::addAll);
    return CacheFilter.only(all.toArray(HookPoint[]::new));
  }
}
