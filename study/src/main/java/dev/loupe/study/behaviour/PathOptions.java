package dev.loupe.study.behaviour;

import dev.loupe.lens.At;
import dev.loupe.lens.sweep.Receiver;
import dev.loupe.model.ModelConfig;
import dev.loupe.study.HeadName;
import java.util.List;

/**
 * Along which paths is asked. Every head is a sender; its paths end in inputs of chosen heads.
 *
 * @param levels how many levels of receivers: those of the first are heads that write the answer,
 *     those of the next the heads that matter most to them; 0 for none
 * @param inputs which inputs of receivers: of {@code q}, {@code k}, {@code v}
 * @param top how many heads receive on a level, and how many senders of each input are taken to
 *     every receiver by itself
 * @param least the share of the gap between clean and corrupted prompts that a path must carry to
 *     count
 * @param receivers by level the receivers that are named, such as {@code q:L9H6@END} or {@code
 *     k:L5H5} (at all positions); a level that is not there or empty finds its own, queries of the
 *     first level at END and all else at all positions
 */
public record PathOptions(
    int levels, List<String> inputs, int top, double least, List<List<String>> receivers) {
  /** Copies the lists; refuses numbers that make no sense, and receivers that are none. */
  public PathOptions {
    inputs = List.copyOf(inputs);
    receivers = receivers.stream().<List<String>>map(List::copyOf).toList();
    for (var level : receivers) {
      if (level.stream().map(PathOptions::receiver).distinct().count() < level.size()) {
        throw new IllegalArgumentException("paths: receivers " + level + ": expected each once");
      }
    }
    if (levels < 0 || receivers.size() > levels) {
      throw new IllegalArgumentException(
          "paths: "
              + levels
              + " levels with receivers of "
              + receivers.size()
              + " named: expected 0 or more levels, none beyond them named");
    }
    if (top < 1 || !(least >= 0)) {
      throw new IllegalArgumentException(
          "paths: top " + top + ", least " + least + ": expected 1 or more, and a share from 0");
    }
    if (inputs.isEmpty()
        || !List.of("q", "k", "v").containsAll(inputs)
        || inputs.stream().distinct().count() < inputs.size()) {
      throw new IllegalArgumentException(
          "paths: inputs " + inputs + ": expected some of q, k, v, each once");
    }
  }

  /** Returns three levels of three heads, all their inputs. */
  public static PathOptions standard() {
    return new PathOptions(3, List.of("q", "k", "v"), 3, .01, List.of());
  }

  /** Returns the named receivers of a level, from 1; empty where it finds its own. */
  List<Receiver.HeadInput> named(int level) {
    return receivers.size() < level
        ? List.of()
        : receivers.get(level - 1).stream().map(PathOptions::receiver).toList();
  }

  /** Checks that a model has all receivers that are named. */
  void requireIn(ModelConfig config) {
    receivers.forEach(level -> level.forEach(named -> receiver(named).requireIn(config)));
  }

  private static Receiver.HeadInput receiver(String text) {
    var parts = text.strip().split("[:@]", -1);
    boolean hasPlace = text.contains("@");
    if (parts.length != (hasPlace ? 3 : 2) || !text.contains(":")) {
      throw new IllegalArgumentException(
          "receiver \"" + text + "\": expected one such as q:L9H6@END or k:L5H5");
    }
    var at = hasPlace ? At.parse(parts[2]) : At.all();
    return new Receiver.HeadInput(role(parts[0]), HeadName.parse(parts[1]), at);
  }

  static Receiver.Role role(String input) {
    return switch (input) {
      case "q" -> Receiver.Role.QUERY;
      case "k" -> Receiver.Role.KEY;
      case "v" -> Receiver.Role.VALUE;
      default -> throw new IllegalArgumentException("input \"" + input + "\": expected q, k or v");
    };
  }
}
