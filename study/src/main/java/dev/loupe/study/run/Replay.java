package dev.loupe.study.run;

import dev.loupe.lens.sweep.SweepOptions;
import dev.loupe.study.ReadingJson;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How a run compares with the same specification carried out again.
 *
 * @param numbers what its findings and prompts have differently; empty where all is the same
 * @param circumstances what differs in where the numbers come from, which may explain it: the
 *     weights first
 * @param compared how many numbers and texts were compared
 */
public record Replay(List<Difference> numbers, List<Difference> circumstances, int compared) {
  private static final String WEIGHTS = "weights_sha256";

  // What differs between any two runs, and what says where something was, not what.
  private static final Set<String> PASSING =
      Set.of("time", "seconds", "stages", "command", "files", "seeds", "DuckDB", "Jackson");

  /** Copies the lists. */
  public Replay {
    numbers = List.copyOf(numbers);
    circumstances = List.copyOf(circumstances);
  }

  /** Tells whether every number and text is the same. */
  public boolean isIdentical() {
    return numbers.isEmpty();
  }

  /** Returns how the weights differ, if they do. */
  public Optional<Difference> weights() {
    return circumstances.stream().filter(it -> it.pointer().equals("/" + WEIGHTS)).findFirst();
  }

  /**
   * Refuses a folder that a replay cannot be compared with.
   *
   * @param spec as its {@code study.yaml} has it
   * @throws IllegalArgumentException if its result is damaged, or is of another specification
   */
  public static void require(RunFolder run, StudySpec spec) throws IOException {
    var json = run.json();
    for (var part : List.of("spec", "findings", "provenance")) {
      if (!json.path(part).isObject()) {
        throw damaged(run, "it has no " + part, null);
      }
    }
    // An option that an older Loupe did not have is in one of them alone.
    for (var changed : Difference.between(json.path("spec"), spec.tree(), 0)) {
      if (changed.before().isPresent() && changed.after().isPresent()) {
        throw new IllegalArgumentException(
            run.study()
                + " has been changed since the run: "
                + changed.pointer().substring(1).replace('/', '.')
                + " is "
                + changed.after().get()
                + " and was "
                + changed.before().get());
      }
    }
  }

  private static IllegalArgumentException damaged(
      RunFolder run, String why, @Nullable Exception cause) {
    return new IllegalArgumentException(run.result() + " is damaged: " + why, cause);
  }

  /**
   * Returns the options that a run's sweeps were carried out with: a replay takes the same ones, as
   * the last digits depend on them.
   */
  public static SweepOptions sweeps(RunFolder run) throws IOException {
    var from = run.json().path("provenance");
    var usual = SweepOptions.standard();
    try {
      return new SweepOptions(
          from.path("sweep_memory").asLong(usual.memory()),
          from.path("sweep_threads").asInt(usual.threads()),
          Optional.empty());
    } catch (IllegalArgumentException e) {
      throw damaged(run, String.valueOf(e.getMessage()), e);
    }
  }

  /** Returns the cores of a matrix product that a run had, if it says so. */
  public static Optional<Integer> matrixThreads(RunFolder run) throws IOException {
    var threads = run.json().at("/provenance/matrix_threads");
    return threads.isInt() ? Optional.of(threads.asInt()) : Optional.empty();
  }

  /** Returns the commit of a hub model that a run took, if it was one. */
  public static Optional<String> revision(RunFolder run) throws IOException {
    return Optional.of(run.json().at("/provenance/revision").asString(""))
        .filter(it -> !it.isEmpty());
  }

  /** Returns what finds the files that a run read. */
  public static SpecFiles files(RunFolder run) throws IOException {
    try {
      return new SpecFiles.Recorded(run.path(), run.files());
    } catch (JacksonException e) {
      throw damaged(run, "provenance.files is no list of files", e);
    }
  }

  /**
   * Compares a run with its replay.
   *
   * @param own which Loupe it is now
   * @param tolerance numbers that differ by no more, scaled by the larger magnitude above 1, count
   *     as the same; 0 for none
   */
  public static Replay compare(
      RunFolder run, StudyRun again, Map<String, String> own, double tolerance) throws IOException {
    if (!(tolerance >= 0)) {
      throw new IllegalArgumentException("tolerance " + tolerance + ": expected 0 or more");
    }
    var before = run.json();
    var after = SpecText.TREES.createObjectNode();
    after.set("findings", again.numbers());
    after.set("prompts", again.prompts());
    var old = SpecText.TREES.createObjectNode();
    old.set("findings", before.path("findings"));
    old.set("prompts", before.path("prompts"));
    var numbers = Difference.between(old, after, tolerance);
    return new Replay(
        numbers,
        circumstances(before.path("provenance"), provenance(again, own)),
        Scalars.of(old).size());
  }

  private static JsonNode provenance(StudyRun run, Map<String, String> own) {
    return SpecText.TREES.readTree(
        SpecText.TREES.writeValueAsBytes(
            ReadingJson.provenance(run.findings().model(), run.provenance(own))));
  }

  private static List<Difference> circumstances(JsonNode before, JsonNode after) {
    var names = new LinkedHashSet<>(List.of(WEIGHTS));
    names.addAll(before.propertyNames());
    names.addAll(after.propertyNames());
    names.removeAll(PASSING);
    return names.stream().flatMap(name -> one(name, before, after)).toList();
  }

  private static Stream<Difference> one(String name, JsonNode before, JsonNode after) {
    ObjectNode a = SpecText.TREES.createObjectNode();
    ObjectNode b = SpecText.TREES.createObjectNode();
    if (before.has(name)) {
      a.set(name, before.path(name));
    }
    if (after.has(name)) {
      b.set(name, after.path(name));
    }
    return Difference.between(a, b, 0).stream();
  }
}
