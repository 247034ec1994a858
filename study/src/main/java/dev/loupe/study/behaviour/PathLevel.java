package dev.loupe.study.behaviour;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.sweep.Receiver;
import dev.loupe.lens.sweep.SweepResult;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What reaches the receivers of one level, by input.
 *
 * @param number of the level, from 1
 * @param heads those that receive
 * @param inputs at least one
 */
public record PathLevel(int number, List<Head> heads, List<ToInput> inputs) {
  /** Copies the lists. */
  public PathLevel {
    heads = List.copyOf(heads);
    inputs = List.copyOf(inputs);
  }

  /**
   * The paths into one kind of input.
   *
   * @param role which input
   * @param receivers all of the level, at their positions
   * @param senders every head by layer and head, to all receivers together: noising
   * @param edges the strongest senders to each receiver by itself
   */
  public record ToInput(
      Receiver.Role role,
      List<Receiver.HeadInput> receivers,
      SweepResult senders,
      List<Edge> edges) {
    /** Copies the lists. */
    public ToInput {
      receivers = List.copyOf(receivers);
      edges = List.copyOf(edges);
    }

    /** Returns {@code q}, {@code k} or {@code v}. */
    public String letter() {
      return switch (role) {
        case QUERY -> "q";
        case KEY -> "k";
        case VALUE -> "v";
      };
    }

    /** Returns the senders by what they carry in the mean, the largest magnitude first. */
    public List<Sender> ranked() {
      int heads = senders.axes().getLast().size();
      return IntStream.range(0, senders.size())
          .mapToObj(i -> new Sender(new Head(i / heads, i % heads), senders.loss(i)))
          .sorted(Comparator.comparingDouble((Sender sender) -> -Math.abs(sender.loss().mean())))
          .toList();
    }
  }

  /**
   * A head and what its paths carry.
   *
   * @param head the sender
   * @param loss the share of the gap between clean and corrupted prompts that is lost where the
   *     paths carry corrupted values
   */
  public record Sender(Head head, Estimate loss) {}

  /**
   * The paths from one head into one input.
   *
   * @param sender where they begin
   * @param receiver where they end
   * @param into the heads of the level whose input that is; several may share keys and values
   * @param loss as of {@link Sender}
   */
  public record Edge(Head sender, Receiver.HeadInput receiver, List<Head> into, Estimate loss) {
    /** Copies the list. */
    public Edge {
      into = List.copyOf(into);
    }
  }

  /** Returns all edges of all inputs. */
  public Stream<Edge> edges() {
    return inputs.stream().flatMap(input -> input.edges().stream());
  }
}
