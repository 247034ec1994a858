package dev.loupe.model;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Says which activations a run keeps: which hook points, and which positions of them.
 *
 * @param points the points
 * @param positions which positions of each row
 */
public record CacheFilter(Selection points, KeptPositions positions) {

  /** Chooses hook points of a model. */
  @FunctionalInterface
  public interface Selection {
    /**
     * Returns the points to keep.
     *
     * @throws IllegalArgumentException if one is named that models of this config do not have
     */
    Set<HookPoint> in(ModelConfig config);
  }

  /** Which positions are kept; attention scores and patterns keep them as destinations. */
  public sealed interface KeptPositions {
    /** Every position. */
    record All() implements KeptPositions {}

    /**
     * The same positions of every row, -1 the last.
     *
     * @param positions at least one
     */
    record Same(List<Integer> positions) implements KeptPositions {
      /** Copies the list. */
      public Same {
        positions = List.copyOf(positions);
        if (positions.isEmpty()) {
          throw new IllegalArgumentException("no positions: expected at least one");
        }
      }
    }

    /** The last token of each row, pads aside. */
    record Last() implements KeptPositions {}
  }

  /** Keeps every point but those that are computed only on demand. */
  public static CacheFilter all() {
    return where(p -> !p.kind().onDemand());
  }

  /** Keeps nothing. */
  public static CacheFilter none() {
    return new CacheFilter(config -> Set.of(), new KeptPositions.All());
  }

  /** Keeps the points that a test picks from all of a model, those on demand included. */
  public static CacheFilter where(Predicate<HookPoint> test) {
    return new CacheFilter(
        config ->
            HookPoint.all(config).stream().filter(test).collect(Collectors.toUnmodifiableSet()),
        new KeptPositions.All());
  }

  /** Keeps exactly these points; a run of a model that lacks one is refused. */
  public static CacheFilter only(HookPoint... points) {
    return only(Set.of(points));
  }

  private static CacheFilter only(Set<HookPoint> points) {
    return new CacheFilter(
        config -> {
          points.forEach(point -> point.requireIn(config));
          return points;
        },
        new KeptPositions.All());
  }

  /** Keeps the points of these kinds in every layer; a run of a model that lacks one is refused. */
  public static CacheFilter kinds(HookPoint.Kind... kinds) {
    var set = Set.of(kinds);
    return new CacheFilter(
        config -> {
          set.forEach(kind -> new HookPoint(kind, kind.inBlock() ? 0 : -1).requireIn(config));
          return where(p -> set.contains(p.kind())).points().in(config);
        },
        new KeptPositions.All());
  }

  /**
   * Keeps the points whose names match one of several globs, {@code *} standing for anything:
   * {@code blocks.*.attn.hook_z}. A point that is computed on demand must be named to its last
   * part.
   *
   * @throws IllegalArgumentException if a glob matches no point of {@code config}
   */
  public static CacheFilter matching(ModelConfig config, List<String> globs) {
    var found = new HashSet<HookPoint>();
    for (String glob : globs) {
      var pattern = Pattern.compile(Pattern.quote(glob).replace("*", "\\E.*\\Q"));
      String lastPart = glob.substring(glob.lastIndexOf('.') + 1);
      var matches =
          HookPoint.all(config).stream()
              .filter(p -> pattern.matcher(p.toString()).matches())
              .filter(p -> !p.kind().onDemand() || !lastPart.contains("*"))
              .toList();
      if (matches.isEmpty()) {
        throw new IllegalArgumentException(
            "\""
                + glob
                + "\" matches no hook point of this model; it has "
                + HookPoint.namesIn(config));
      }
      found.addAll(matches);
    }
    return only(Set.copyOf(found));
  }

  /** Returns the same points at these positions of every row, -1 the last. */
  public CacheFilter at(Integer... positions) {
    return new CacheFilter(points, new KeptPositions.Same(List.of(positions)));
  }

  /** Returns the same points at the last token of each row. */
  public CacheFilter atLast() {
    return new CacheFilter(points, new KeptPositions.Last());
  }
}
