package dev.loupe.model;

import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Says which activations a run keeps: which hook points, and which positions of them.
 *
 * @param points the points
 * @param positions which positions of each row
 */
public record CacheFilter(Predicate<HookPoint> points, KeptPositions positions) {

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
    return new CacheFilter(p -> !p.kind().onDemand(), new KeptPositions.All());
  }

  /** Keeps nothing. */
  public static CacheFilter none() {
    return new CacheFilter(p -> false, new KeptPositions.All());
  }

  /** Keeps exactly these points. */
  public static CacheFilter only(HookPoint... points) {
    var set = List.of(points).stream().collect(Collectors.toUnmodifiableSet());
    return new CacheFilter(set::contains, new KeptPositions.All());
  }

  /** Keeps the points of these kinds in every layer. */
  public static CacheFilter kinds(HookPoint.Kind... kinds) {
    var set = List.of(kinds).stream().collect(Collectors.toUnmodifiableSet());
    return new CacheFilter(p -> set.contains(p.kind()), new KeptPositions.All());
  }

  /**
   * Keeps the points whose names match one of several globs, {@code *} standing for anything:
   * {@code blocks.*.attn.hook_z}. A point that is computed on demand must be named to its last
   * part.
   *
   * @throws IllegalArgumentException if a glob matches no point of {@code config}
   */
  public static CacheFilter matching(ModelConfig config, List<String> globs) {
    Predicate<HookPoint> any = p -> false;
    for (String glob : globs) {
      var pattern = Pattern.compile(Pattern.quote(glob).replace("*", "\\E.*\\Q"));
      String lastPart = glob.substring(glob.lastIndexOf('.') + 1);
      Predicate<HookPoint> one =
          p ->
              pattern.matcher(p.toString()).matches()
                  && (!p.kind().onDemand() || !lastPart.contains("*"));
      if (HookPoint.all(config).stream().noneMatch(one)) {
        throw new IllegalArgumentException(
            "\""
                + glob
                + "\" matches no hook point of this model; it has "
                + HookPoint.namesIn(config));
      }
      any = any.or(one);
    }
    return new CacheFilter(any, new KeptPositions.All());
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
