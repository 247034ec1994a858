package dev.loupe.cli;

import dev.loupe.lens.At;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.sweep.Axis;
import dev.loupe.lens.sweep.Grid;
import dev.loupe.lens.sweep.GridBuilder;
import dev.loupe.lens.sweep.PatchSite;
import dev.loupe.lens.sweep.Places;
import dev.loupe.model.ModelConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** What paths begin with, one a cell. */
sealed interface PathSenders {
  /** Every head, or every MLP, of the model. */
  record Every(PatchSite site) implements PathSenders {
    @Override
    public Grid grid(Places places, ModelConfig config, PromptPairs pairs) {
      return GridBuilder.of(site).at(places).build(config, pairs);
    }

    @Override
    public Object spec() {
      return site == PatchSite.Z ? "heads" : "mlps";
    }

    @Override
    public String toString() {
      return site == PatchSite.Z ? "each head" : "each MLP";
    }
  }

  /** Some heads and MLPs. */
  record Some(List<Component> components) implements PathSenders {
    /** Copies the list. */
    public Some {
      components = List.copyOf(components);
    }

    @Override
    public Grid grid(Places places, ModelConfig config, PromptPairs pairs) {
      int longest =
          IntStream.range(0, pairs.size())
              .map(row -> pairs.clean().row(row).length)
              .max()
              .orElseThrow();
      var at = places.of(longest);
      at.forEach(place -> Positions.requireSomewhere(POSITIONS, place, pairs));
      var axes = new ArrayList<Axis>();
      axes.add(new Axis("sender", components.stream().map(Component::toString).toList()));
      if (places.isAxis()) {
        axes.add(new Axis("position", at.stream().map(At::toString).toList()));
      }
      return Grid.of(
          axes,
          cell -> {
            var place = at.get(places.isAxis() ? cell.getLast() : 0);
            return List.of(Intervention.patch(components.get(cell.getFirst()).site().at(place)));
          });
    }

    @Override
    public Object spec() {
      return components.stream().map(Component::toString).toList();
    }

    @Override
    public String toString() {
      return components.size() == 1
          ? components.getFirst().toString()
          : "each of " + String.join(", ", components.stream().map(Component::toString).toList());
    }
  }

  /** The option that says where they send. */
  String POSITIONS = "--sender-positions";

  /**
   * Lays them out.
   *
   * @throws IllegalArgumentException if no prompt has such a position
   */
  Grid grid(Places places, ModelConfig config, PromptPairs pairs);

  /** Returns the same for result files. */
  Object spec();

  /**
   * Reads {@code heads}, {@code mlps}, or {@code L9H9,MLP3}.
   *
   * @throws IllegalArgumentException if one is none, not of the model, or there twice
   */
  static PathSenders parse(String text, ModelConfig config) {
    return switch (text.strip()) {
      case "heads" -> new Every(PatchSite.Z);
      case "mlps" -> new Every(PatchSite.MLP_OUT);
      default -> new Some(Component.headsAndMlps("--senders", text, config));
    };
  }
}
