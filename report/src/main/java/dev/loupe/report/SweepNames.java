package dev.loupe.report;

import dev.loupe.model.Token;
import dev.loupe.study.PromptRow;
import dev.loupe.study.SweepFindings;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Name the cells of a sweep and the places on its axes, positions by their tokens. */
public final class SweepNames {
  private final List<dev.loupe.lens.sweep.Axis> axes;
  private final List<PromptRow> prompts;

  /** Take the findings whose cells are named. */
  public SweepNames(SweepFindings findings) {
    axes = findings.result().axes();
    prompts = findings.prompts();
  }

  /** Return the text of a token, its id where there is no tokenizer. */
  public static String text(Token token) {
    return token.text().isEmpty() ? Long.toString(token.id()) : token.text();
  }

  /** Return the text of a token without its spaces, which a label does not need. */
  static String plain(Token token) {
    return text(token).isBlank() ? text(token) : text(token).strip();
  }

  /** Return an axis of the result as a chart has it. */
  public Axis axis(int index) {
    var axis = axes.get(index);
    return new Axis(axis.name(), axis.labels().stream().map(l -> label(axis.name(), l)).toList());
  }

  /** Return the name of one place: {@code L9}, {@code 3 Mary}. */
  public String label(String axis, String label) {
    return switch (axis) {
      case "layer" -> "L" + label;
      case "head" -> "H" + label;
      case "neuron" -> "N" + label;
      case "position", "dest", "src" -> position(label);
      default -> label;
    };
  }

  /** Return the name of a cell: {@code z L9H9 at END}. */
  public String cell(List<String> labels) {
    return cell(labels, List.of());
  }

  /** Return the name of a cell but for some axes. */
  String cell(List<String> labels, List<Integer> without) {
    var words = new ArrayList<String>();
    var unit = new StringBuilder();
    for (int i = 0; i < labels.size(); i++) {
      if (without.contains(i)) {
        continue;
      }
      var name = axes.get(i).name();
      var label = label(name, labels.get(i));
      switch (name) {
        case "layer", "head", "neuron" -> unit.append(label);
        case "position" -> words.add("at " + label);
        case "dest" -> words.add("to " + label);
        case "src" -> words.add("from " + label);
        default -> words.addFirst(label);
      }
    }
    if (!unit.isEmpty()) {
      boolean hasSite = !words.isEmpty() && axes.getFirst().name().equals("site");
      words.add(hasSite && !without.contains(0) ? 1 : 0, unit.toString());
    }
    return String.join(" ", words);
  }

  /** Add the token to a number where all prompts have one there, else the key position. */
  private String position(String label) {
    if (!label.matches("[0-9]{1,9}")) {
      return label;
    }
    int at = Integer.parseInt(label);
    if (prompts.stream().anyMatch(row -> row.clean().size() <= at)) {
      return label;
    }
    var tokens =
        prompts.stream()
            .flatMap(row -> List.of(row.clean().get(at), row.corrupted().get(at)).stream())
            .map(SweepNames::plain)
            .distinct()
            .toList();
    var role = role(at);
    if (tokens.size() == 1) {
      return label + " " + tokens.getFirst();
    }
    if (prompts.size() == 1) {
      return label + " " + String.join("|", tokens);
    }
    return role.isEmpty() ? label : label + " " + role;
  }

  private String role(int at) {
    return prompts.getFirst().positions().keySet().stream()
        .filter(
            name -> prompts.stream().allMatch(row -> row.positions().getOrDefault(name, -1) == at))
        .collect(Collectors.joining("/"));
  }
}
