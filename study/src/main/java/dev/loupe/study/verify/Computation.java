package dev.loupe.study.verify;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.loupe.lens.At;
import dev.loupe.lens.Head;
import dev.loupe.lens.sweep.PatchSite;
import dev.loupe.study.HeadName;
import java.util.List;
import java.util.Optional;

/**
 * How a published figure is computed again: one of the things that Loupe can do, with all of its
 * parameters. Each gives numbers under labels; equal ones are carried out once.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Computation.Shape.class, name = "shape"),
  @JsonSubTypes.Type(value = Computation.TokenIds.class, name = "tokens"),
  @JsonSubTypes.Type(value = Computation.NextToken.class, name = "next-token"),
  @JsonSubTypes.Type(value = Computation.Behaviour.class, name = "behaviour"),
  @JsonSubTypes.Type(value = Computation.Lens.class, name = "logit-lens"),
  @JsonSubTypes.Type(value = Computation.Direct.class, name = "attribution"),
  @JsonSubTypes.Type(value = Computation.Patch.class, name = "patching"),
  @JsonSubTypes.Type(value = Computation.Estimated.class, name = "attribution-patching"),
  @JsonSubTypes.Type(value = Computation.Paths.class, name = "path-patching"),
  @JsonSubTypes.Type(value = Computation.KnockOut.class, name = "knock-out"),
  @JsonSubTypes.Type(value = Computation.Backup.class, name = "backup-heads"),
  @JsonSubTypes.Type(value = Computation.Repeated.class, name = "repeated-tokens"),
  @JsonSubTypes.Type(value = Computation.OfStudy.class, name = "study")
})
public sealed interface Computation {
  /** Tells whether its numbers belong to layers and heads, and so to one shape of model. */
  default boolean isByPart() {
    return true;
  }

  /** Returns the name of the prompts that it is computed on, if it has any. */
  default Optional<String> promptSet() {
    return Optional.empty();
  }

  /**
   * Returns the label of a cell, where the numbers are a grid.
   *
   * @throws IllegalArgumentException if they are not
   */
  default String label(int row, int column) {
    throw new IllegalArgumentException("rows of numbers: this computation gives no grid");
  }

  /** The shape and the number of parameters: {@code layers}, {@code parameters}, ... */
  record Shape() implements Computation {
    @Override
    public boolean isByPart() {
      return false;
    }
  }

  /**
   * The token ids of a text without BOS, by position.
   *
   * @param text the text
   */
  record TokenIds(String text) implements Computation {
    @Override
    public boolean isByPart() {
      return false;
    }
  }

  /**
   * What comes after a text: {@code logit}, {@code probability} and {@code rank} of a token.
   *
   * @param text with BOS before it
   * @param token the token
   */
  record NextToken(String text, String token) implements Computation {
    @Override
    public boolean isByPart() {
      return false;
    }
  }

  /**
   * How the answer fares: the logit difference {@code clean}, {@code corrupted}, {@code prompt 1},
   * ...; the share of prompts in which the answer is {@code preferred} to the wrong one; its {@code
   * probability}.
   *
   * @param prompts the name of the prompts
   */
  record Behaviour(String prompts) implements Computation {
    @Override
    public boolean isByPart() {
      return false;
    }

    @Override
    public Optional<String> promptSet() {
      return Optional.of(prompts);
    }
  }

  /**
   * The logit difference at the last token by the logit lens, with the scale of the final norm:
   * {@code 9_mid}, ...
   *
   * @param prompts the name of the prompts
   */
  record Lens(String prompts) implements Computation {
    @Override
    public Optional<String> promptSet() {
      return Optional.of(prompts);
    }
  }

  /**
   * Direct logit attribution at the last token: {@code 9_attn_out}, or {@code L9H9}.
   *
   * @param prompts the name of the prompts
   * @param heads whether attention is taken apart by head
   */
  record Direct(String prompts, boolean heads) implements Computation {
    @Override
    public Optional<String> promptSet() {
      return Optional.of(prompts);
    }

    @Override
    public String label(int row, int column) {
      return new Head(row, column).toString();
    }
  }

  /**
   * Activation patching of clean values into the corrupted run: {@code L9H9}, or {@code L9 position
   * 14}; and {@code clean} and {@code corrupted}.
   *
   * @param prompts the name of the prompts
   * @param site what is patched, as {@code patch --site} has it
   * @param at {@code each} position by itself, for whole activations; else which positions are
   *     patched together
   * @param unit {@code recovery}, 1 as in the clean run; or {@code logits}, by how many the logit
   *     difference changes
   */
  record Patch(String prompts, String site, String at, String unit) implements Computation {
    static final String EACH = "each";
    private static final List<String> UNITS = List.of("recovery", "logits");

    /** Refuses sites, positions and units that there are not. */
    public Patch {
      requireGrid(site, at);
      if (!UNITS.contains(unit)) {
        throw new IllegalArgumentException("unit " + unit + ": expected one of " + UNITS);
      }
    }

    @Override
    public Optional<String> promptSet() {
      return Optional.of(prompts);
    }

    @Override
    public String label(int row, int column) {
      return gridLabel(at, row, column);
    }
  }

  /**
   * Attribution patching: what {@link Patch} would find, estimated from gradients; as recovery.
   *
   * @param prompts the name of the prompts
   * @param site as of {@link Patch}
   * @param at as of {@link Patch}
   */
  record Estimated(String prompts, String site, String at) implements Computation {
    /** Refuses sites and positions that there are not. */
    public Estimated {
      requireGrid(site, at);
    }

    @Override
    public Optional<String> promptSet() {
      return Optional.of(prompts);
    }

    @Override
    public String label(int row, int column) {
      return gridLabel(at, row, column);
    }
  }

  /**
   * Path patching of corrupted values into the clean run, MLPs and norms on the way recomputed:
   * {@code L9H9}, by how many logits the logit difference changes.
   *
   * @param prompts the name of the prompts
   * @param from at which positions every head sends
   * @param to {@code logits}, or {@code q}, {@code k}, {@code v} of {@code heads}
   * @param heads that receive; none where the logits do
   * @param at at which positions they receive
   */
  record Paths(String prompts, String from, String to, List<String> heads, String at)
      implements Computation {
    private static final List<String> ENDS = List.of("logits", "q", "k", "v");

    /** Refuses receivers that there are not. */
    public Paths {
      heads = List.copyOf(heads);
      heads.forEach(HeadName::parse);
      var _ = At.parse(from);
      var _ = At.parse(at);
      if (!ENDS.contains(to) || to.equals("logits") != heads.isEmpty()) {
        throw new IllegalArgumentException(
            "to " + to + " of heads " + heads + ": expected logits, or q, k or v of some heads");
      }
    }

    @Override
    public Optional<String> promptSet() {
      return Optional.of(prompts);
    }
  }

  /**
   * The {@code logit difference} of the clean prompts with heads' z set to zero.
   *
   * @param prompts the name of the prompts
   * @param heads knocked out together
   * @param at positions
   */
  record KnockOut(String prompts, List<String> heads, String at) implements Computation {
    /** Refuses heads and positions that are none. */
    public KnockOut {
      heads = requireHeads(heads);
      var _ = At.parse(at);
    }

    @Override
    public Optional<String> promptSet() {
      return Optional.of(prompts);
    }
  }

  /**
   * By how many logits the direct effect of every head grows when others are knocked out at the
   * last token, by the mean over corrupted prompts of the same template: {@code L9H9}.
   *
   * @param prompts the name of the prompts
   * @param heads knocked out together
   */
  record Backup(String prompts, List<String> heads) implements Computation {
    /** Refuses heads that are none. */
    public Backup {
      heads = requireHeads(heads);
    }

    @Override
    public Optional<String> promptSet() {
      return Optional.of(prompts);
    }
  }

  /**
   * What heads attend to in random tokens that come twice, without BOS: {@code L5H5}.
   *
   * @param score {@code previous}, {@code duplicate} or {@code induction}
   * @param length how many tokens come twice
   * @param sequences how many sequences
   * @param first the lowest token id that is drawn
   * @param last the highest, included
   * @param seed of the tokens
   */
  record Repeated(String score, int length, int sequences, int first, int last, long seed)
      implements Computation {
    private static final List<String> SCORES = List.of("previous", "duplicate", "induction");

    /** Refuses scores that there are not, and ranges without enough tokens. */
    public Repeated {
      if (!SCORES.contains(score)) {
        throw new IllegalArgumentException("score " + score + ": expected one of " + SCORES);
      }
      if (length < 2 || sequences < 1 || first < 0 || last - first + 1 < length) {
        throw new IllegalArgumentException(
            "%d sequences of %d tokens of %d to %d: expected 1 or more of 2 or more different ones"
                .formatted(sequences, length, first, last));
      }
    }

    @Override
    public String label(int row, int column) {
      return new Head(row, column).toString();
    }
  }

  /**
   * Numbers of a study with its usual options, under their names in its result: {@code
   * mlps.m2.norm}. Elements of a list go by their node or number, and {@code nodes.count} is how
   * many there are.
   *
   * @param study its name
   */
  record OfStudy(String study) implements Computation {}

  private static void requireGrid(String site, String at) {
    boolean heads = PatchSite.parse(site).hasHeads();
    if (at.equals(Patch.EACH) == heads) {
      throw new IllegalArgumentException(
          "site "
              + site
              + " at "
              + at
              + ": expected each position of a whole activation, or"
              + " positions of heads together");
    }
    if (heads) {
      var _ = At.parse(at);
    }
  }

  private static String gridLabel(String at, int row, int column) {
    return at.equals(Patch.EACH)
        ? "L" + row + " position " + column
        : new Head(row, column).toString();
  }

  private static List<String> requireHeads(List<String> heads) {
    if (heads.isEmpty()) {
      throw new IllegalArgumentException("no heads: expected one or more");
    }
    heads.forEach(HeadName::parse);
    return List.copyOf(heads);
  }
}
