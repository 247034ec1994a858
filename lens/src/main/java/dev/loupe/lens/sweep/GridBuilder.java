package dev.loupe.lens.sweep;

import dev.loupe.lens.At;
import dev.loupe.lens.Change;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.PromptPairs;
import dev.loupe.model.ModelConfig;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Lays out a grid of patches: which sites, of which layers, heads or neurons, at which positions.
 * The axes stand in TransformerLens' order: layer, position, head; of patterns layer, head,
 * position, or layer, head, dest, src; of neurons layer, neuron, position. Several sites put an
 * axis "site" before them.
 *
 * @param sites at least one
 * @param layers which, or all
 * @param parts which heads or neurons, or all
 * @param positions of patterns the destinations; empty for the usual ones: each of a whole
 *     activation, all together of heads and neurons
 * @param sources of patterns
 * @param change what is put there
 */
public record GridBuilder(
    List<PatchSite> sites,
    Optional<List<Integer>> layers,
    Optional<List<Integer>> parts,
    Optional<Places> positions,
    Places sources,
    Change change) {
  private static final int NO_AXIS = -1;

  /** Copies the lists; refuses parts and sources that a site does not have. */
  public GridBuilder {
    sites = List.copyOf(sites);
    layers = layers.map(List::copyOf);
    parts = parts.map(List::copyOf);
    if (sites.isEmpty() || sites.stream().distinct().count() < sites.size()) {
      throw new IllegalArgumentException("sites " + sites + ": expected at least one, each once");
    }
    for (var site : sites) {
      if (parts.isPresent() && site.parts() == PatchSite.Parts.WHOLE) {
        throw new IllegalArgumentException(
            "heads or neurons " + parts.get() + " of " + site + ": it has none");
      }
      if (!sources.equals(Places.all()) && site != PatchSite.PATTERN) {
        throw new IllegalArgumentException(
            "sources " + sources + " of " + site + ": only patterns have them");
      }
    }
  }

  /** Returns every layer, head and neuron of sites, patched. */
  public static GridBuilder of(PatchSite... sites) {
    return new GridBuilder(
        List.of(sites),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Places.all(),
        new Change.Patch());
  }

  /** Returns this grid of some layers, from 0. */
  public GridBuilder layers(List<Integer> some) {
    return new GridBuilder(sites, Optional.of(some), parts, positions, sources, change);
  }

  /** Returns this grid of some heads of each layer, from 0. */
  public GridBuilder heads(List<Integer> some) {
    sites.stream()
        .filter(site -> !site.hasHeads())
        .findFirst()
        .ifPresent(site -> {
          throw new IllegalArgumentException("heads " + some + " of " + site + ": it has none");
        });
    return new GridBuilder(sites, layers, Optional.of(some), positions, sources, change);
  }

  /** Returns this grid of some neurons of each layer, from 0. */
  public GridBuilder neurons(List<Integer> some) {
    sites.stream()
        .filter(site -> !site.hasNeurons())
        .findFirst()
        .ifPresent(site -> {
          throw new IllegalArgumentException("neurons " + some + " of " + site + ": it has none");
        });
    return new GridBuilder(sites, layers, Optional.of(some), positions, sources, change);
  }

  /** Returns this grid at other positions; of patterns, other destinations. */
  public GridBuilder at(Places places) {
    return new GridBuilder(sites, layers, parts, Optional.of(places), sources, change);
  }

  /** Returns this grid of patterns with other sources. */
  public GridBuilder from(Places places) {
    return new GridBuilder(sites, layers, parts, positions, places, change);
  }

  /** Returns this grid with something else than a patch. */
  public GridBuilder changing(Change newChange) {
    return new GridBuilder(sites, layers, parts, positions, sources, newChange);
  }

  /** Returns the positions of a site: those asked for, or its usual ones. */
  public Places positionsOf(PatchSite site) {
    return positions.orElse(site.parts() == PatchSite.Parts.WHOLE ? Places.each() : Places.all());
  }

  /**
   * Returns the grid.
   *
   * @throws IllegalArgumentException if the model lacks a site, layer, head or neuron, a prompt has
   *     no such position, or the sites do not share their axes
   */
  public Grid build(ModelConfig config, PromptPairs prompts) {
    int length = longest(prompts);
    var layouts = sites.stream().map(site -> layout(site, config, length)).toList();
    var first = layouts.getFirst();
    for (var layout : layouts) {
      if (!layout.axes().equals(first.axes())) {
        throw new IllegalArgumentException(
            first.site()
                + " has the axes "
                + first.shape()
                + ", "
                + layout.site()
                + " has "
                + layout.shape()
                + ": sites of one grid share them; sweep these apart");
      }
    }
    layouts.forEach(layout -> layout.check(config, prompts));
    if (layouts.size() == 1) {
      return Grid.of(first.axes(), at -> List.of(first.cell(at)));
    }
    var axes = new ArrayList<Axis>();
    axes.add(new Axis("site", sites.stream().map(PatchSite::toString).toList()));
    axes.addAll(first.axes());
    return Grid.of(axes, at -> List.of(layouts.get(at.getFirst()).cell(at.subList(1, at.size()))));
  }

  private Layout layout(PatchSite site, ModelConfig config, int length) {
    var places = positionsOf(site);
    boolean headsFirst = site == PatchSite.PATTERN || site == PatchSite.NEURON;
    boolean hasParts = site.parts() != PatchSite.Parts.WHOLE;
    boolean square = places.isAxis() && sources.isAxis();
    // Where each stands among the axes.
    int last = hasParts ? 2 : 1;
    int position = headsFirst ? last : 1;
    int part = headsFirst || !places.isAxis() ? 1 : 2;
    int source = places.isAxis() ? last + 1 : last;
    return new Layout(
        site,
        new Dimension<>("layer", layers.orElseGet(() -> numbers(config.nLayers())), 0),
        new Dimension<>(
            square ? "dest" : "position", places.of(length), places.isAxis() ? position : NO_AXIS),
        new Dimension<>(
            site.parts().axis(),
            parts.orElseGet(() -> numbers(site.parts().count(config))),
            hasParts ? part : NO_AXIS),
        new Dimension<>("src", sources.of(length), sources.isAxis() ? source : NO_AXIS),
        change);
  }

  private static int longest(PromptPairs prompts) {
    return IntStream.range(0, prompts.size())
        .map(row -> prompts.clean().row(row).length)
        .max()
        .orElseThrow();
  }

  private static List<Integer> numbers(int count) {
    return IntStream.range(0, count).boxed().toList();
  }

  /**
   * What one index of a cell runs over.
   *
   * @param place among the axes; {@link #NO_AXIS} where all cells have the same value
   */
  private record Dimension<T>(String name, List<T> values, int place) {
    T in(List<Integer> cell) {
      return values.get(place == NO_AXIS ? 0 : cell.get(place));
    }

    Axis axis() {
      return new Axis(name, values.stream().map(Object::toString).toList());
    }
  }

  /** The cells of one site. */
  private record Layout(
      PatchSite site,
      Dimension<Integer> layer,
      Dimension<At> position,
      Dimension<Integer> part,
      Dimension<At> source,
      Change change) {
    List<Axis> axes() {
      return Stream.of(layer, position, part, source)
          .filter(dimension -> dimension.place() != NO_AXIS)
          .sorted(Comparator.comparingInt(Dimension::place))
          .<Axis>map(Dimension::axis)
          .toList();
    }

    String shape() {
      return axes().stream()
          .map(axis -> axis.name() + " (" + axis.size() + ")")
          .collect(Collectors.joining(", "));
    }

    Intervention cell(List<Integer> at) {
      var where = site.site(layer.in(at), part.in(at)).at(position.in(at));
      boolean pattern = site == PatchSite.PATTERN;
      return new Intervention(pattern ? where.from(source.in(at)) : where, change);
    }

    /** Refuses before the sweep what would fail within it. */
    void check(ModelConfig config, PromptPairs prompts) {
      for (int number : layer.values()) {
        part.values().forEach(index -> site.site(number, index).requireIn(config));
      }
      position.values().forEach(at -> requireSomewhere(at, prompts));
      source.values().forEach(at -> requireSomewhere(at, prompts));
    }

    private static void requireSomewhere(At at, PromptPairs prompts) {
      boolean somewhere = false;
      for (int row = 0; row < prompts.size(); row++) {
        somewhere |= prompts.positions(at, row).length > 0;
      }
      if (!somewhere) {
        throw new IllegalArgumentException(
            "position " + at + ": the prompts have at most " + longest(prompts) + " tokens");
      }
    }
  }
}
