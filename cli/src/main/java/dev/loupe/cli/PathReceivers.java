package dev.loupe.cli;

import dev.loupe.lens.At;
import dev.loupe.lens.Head;
import dev.loupe.lens.Metric;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.sweep.Receiver;
import dev.loupe.model.ModelConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What paths end in.
 *
 * @param all every receiver at its positions, in the order they were named
 */
record PathReceivers(List<Receiver> all) {
  private static final String OPTION = "--to";

  /** Copies the list. */
  PathReceivers {
    all = List.copyOf(all);
  }

  /**
   * Reads {@code final}, {@code q:L7H9,L8H6}, {@code k:...}, {@code v:...}, {@code mlp:3,4}.
   *
   * @param texts each one of these, or several with spaces between them
   * @return the receivers at every position
   * @throws IllegalArgumentException if one is none, not of the model, or there twice
   */
  static PathReceivers parse(List<String> texts, ModelConfig config) {
    var all =
        texts.stream()
            .flatMap(text -> Arrays.stream(text.strip().split("\\s+", -1)))
            .flatMap(text -> one(text, config))
            .toList();
    if (all.stream().distinct().count() < all.size()) {
      throw new IllegalArgumentException(
          OPTION + " " + String.join(" ", texts) + ": one is there twice");
    }
    return new PathReceivers(all);
  }

  private static Stream<Receiver> one(String text, ModelConfig config) {
    if (text.equals("final")) {
      return Stream.of(Receiver.finalResidual());
    }
    int colon = text.indexOf(':');
    var list = text.substring(colon + 1);
    return switch (colon < 0 ? "" : text.substring(0, colon)) {
      case "q" -> heads("q", list, config.nHeads(), config, Receiver::q);
      case "k" -> heads("k", list, config.nKeyValueHeads(), config, Receiver::k);
      case "v" -> heads("v", list, config.nKeyValueHeads(), config, Receiver::v);
      case "mlp" ->
          NumberList.parse(OPTION + " mlp", list, config.nLayers()).stream().map(Receiver::mlp);
      default ->
          throw new IllegalArgumentException(
              OPTION + " \"" + text + "\": expected final, q:L9H6,L9H9, k:L5H5, v:L8H6 or mlp:3,4");
    };
  }

  private static Stream<Receiver> heads(
      String role, String list, int count, ModelConfig config, Function<Head, Receiver> receiver) {
    // Of grouped keys one number stands for several heads.
    var option = OPTION + " " + role + (count < config.nHeads() ? " (key and value heads)" : "");
    return Component.heads(option, list, count, config).stream().map(receiver);
  }

  /**
   * Returns these at some positions, all together, or at the usual ones: keys, values and MLPs
   * receive everywhere, queries and the final residual stream where the metric reads.
   */
  PathReceivers at(Optional<List<At>> positions, Metric metric) {
    var read = metric.reads() == Metric.Reads.EVERY ? At.all() : At.END;
    return new PathReceivers(
        all.stream()
            .flatMap(receiver ->
                positions.orElseGet(() -> List.of(usual(receiver, read))).stream()
                    .map(receiver::at))
            .toList());
  }

  private static At usual(Receiver receiver, At read) {
    return switch (receiver) {
      case Receiver.FinalResidual _ -> read;
      case Receiver.HeadInput input -> input.role() == Receiver.Role.QUERY ? read : At.all();
      case Receiver.Mlp _ -> At.all();
    };
  }

  /** Checks that every position is one of some prompt. */
  PathReceivers requireIn(PromptPairs pairs) {
    all.forEach(
        receiver -> Positions.requireSomewhere("--receiver-positions", receiver.at(), pairs));
    return this;
  }

  Receiver[] array() {
    return all.toArray(Receiver[]::new);
  }

  /** Returns such as {@code L7H9.q, L8H6.q at END and MLP 3 at all positions}. */
  @Override
  public String toString() {
    var byPositions =
        all.stream()
            .collect(
                Collectors.groupingBy(
                    receiver -> PathReceivers.positions(receiver, all),
                    LinkedHashMap::new,
                    Collectors.mapping(
                        receiver -> receiver.at(At.all()).toString(),
                        Collectors.collectingAndThen(
                            Collectors.toList(), names -> names.stream().distinct().toList()))));
    return byPositions.entrySet().stream()
        .map(entry -> String.join(", ", entry.getValue()) + " at " + entry.getKey())
        .collect(Collectors.joining(" and "));
  }

  private static String positions(Receiver receiver, List<Receiver> all) {
    var positions =
        all.stream()
            .filter(other -> other.at(At.all()).equals(receiver.at(At.all())))
            .map(Receiver::at)
            .toList();
    return positions.equals(List.of(At.all()))
        ? "all positions"
        : positions.stream().map(At::toString).collect(Collectors.joining(", "));
  }

  /** Returns the same for result files. */
  List<Map<String, Object>> spec() {
    var list = new ArrayList<Map<String, Object>>();
    for (var receiver : all) {
      var spec = new LinkedHashMap<String, Object>();
      switch (receiver) {
        case Receiver.HeadInput(var role, var head, _) -> {
          spec.put(
              "input",
              switch (role) {
                case QUERY -> "q";
                case KEY -> "k";
                case VALUE -> "v";
              });
          spec.put("layer", head.layer());
          spec.put("head", head.index());
        }
        case Receiver.Mlp mlp -> {
          spec.put("input", "mlp");
          spec.put("layer", mlp.layer());
        }
        case Receiver.FinalResidual _ -> spec.put("input", "final");
      }
      spec.put("positions", receiver.at().toString());
      list.add(spec);
    }
    return list;
  }
}
