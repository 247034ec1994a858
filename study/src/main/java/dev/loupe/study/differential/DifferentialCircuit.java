package dev.loupe.study.differential;

import dev.loupe.circuit.Candidate;
import dev.loupe.circuit.Circuit;
import dev.loupe.circuit.CircuitComparison.Rank;
import dev.loupe.circuit.CircuitNode;
import dev.loupe.circuit.CircuitNode.OfHead;
import dev.loupe.circuit.CircuitNode.OfMlp;
import dev.loupe.circuit.Filling;
import dev.loupe.circuit.WriteBudget;
import dev.loupe.circuit.WriteCosts;
import dev.loupe.lens.Estimate;
import dev.loupe.model.Bos;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.ModelConfig;
import dev.loupe.model.Token;
import dev.loupe.study.CircuitParts;
import dev.loupe.study.PromptRow;
import dev.loupe.study.Study;
import dev.loupe.study.StudyContext;
import dev.loupe.study.TokenNames;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * Chooses a circuit of what differs most between paired texts. The output of every MLP and the z of
 * every head are averaged over the positions of each text; a component's score is the L2 norm of
 * the difference of the two, a mean over pairs. The input is always in and counted, MLPs above a
 * threshold are taken, and heads fill the write budget.
 *
 * <p>The norms depend on how the weights are processed. The published ones are of TransformerLens'
 * usual weights (LayerNorm folded, writing weights centred) with BOS before every text.
 *
 * @param pairs file of paired texts; empty for the five that ship, sarcastic and sincere remarks
 * @param columns of the file: the text that has what is looked for, and the one that lacks it
 * @param most how many pairs are read at most
 * @param bos whether texts begin with BOS where the tokenizer has one
 * @param mlpThreshold above which norm MLPs are taken
 * @param writeBudget what the nodes may write together
 * @param compareWith file of an earlier circuit; empty for none
 * @param task what the circuit is said to be of, in its file
 * @param version of the circuit, in its file
 * @param method what found it, in its file
 */
public record DifferentialCircuit(
    String pairs,
    List<String> columns,
    int most,
    boolean bos,
    MlpThreshold mlpThreshold,
    WriteBudget writeBudget,
    String compareWith,
    String task,
    String version,
    String method)
    implements Study {

  /** Copies the list; refuses other than two columns and fewer than one pair. */
  public DifferentialCircuit {
    columns = List.copyOf(columns);
    if (columns.size() != 2
        || columns.stream().anyMatch(String::isBlank)
        || columns.getFirst().equals(columns.getLast())) {
      throw new IllegalArgumentException(
          "columns " + columns + ": expected the names of two, such as [sarcastic, sincere]");
    }
    if (most < 1) {
      throw new IllegalArgumentException("most " + most + ": expected 1 or more pairs");
    }
  }

  /** Returns the usual options, those of the published circuit. */
  public static DifferentialCircuit standard() {
    return new DifferentialCircuit(
        "",
        List.of("sarcastic", "sincere"),
        1000,
        true,
        MlpThreshold.standard(),
        WriteBudget.standard(),
        "",
        "sarcasm",
        "1.0",
        "differential activations");
  }

  @Override
  public String name() {
    return "differential-circuit";
  }

  @Override
  public String question() {
    return "Which parts of the model differ most between paired texts, and which circuit do they"
        + " make within a write budget?";
  }

  @Override
  public DifferentialFindings run(StudyContext context) {
    var model = context.model();
    var texts = PairReader.read(this, context);
    var how = context.bos(bos);
    boolean begins = how == Bos.PREPEND;
    var first = new ArrayList<long[]>();
    var second = new ArrayList<long[]>();
    for (int pair = 0; pair < texts.size(); pair++) {
      first.add(encoded(model, texts.get(pair).first(), how, pair));
      second.add(encoded(model, texts.get(pair).second(), how, pair));
    }
    var norms = DifferenceNorms.of(model, first, second, 0, context.stage("measuring differences"));
    Optional<Map<CircuitNode, Estimate>> afterBos =
        begins
            ? Optional.of(
                DifferenceNorms.of(
                    model, first, second, 1, context.stage("measuring them without BOS")))
            : Optional.empty();
    var level = level(model.config(), norms);
    var filling = fill(model.config(), norms, level.norm());
    var circuit = filling.circuit().requireIn(model.config());
    circuit.requireWithin(filling.costs(), filling.budget());
    return new DifferentialFindings(
        this,
        model.provenance(),
        prompts(model, first, second),
        notes(texts.size(), begins, filling),
        norms,
        afterBos,
        level,
        filling,
        circuit.withMetadata(metadata(model.name(), circuit, filling)),
        CircuitParts.compare(context, compareWith, filling, ranks(norms)));
  }

  private long[] encoded(HookedTransformer model, String text, Bos how, int pair) {
    long[] tokens = model.tokenizer().encode(text, how);
    int least = how == Bos.PREPEND ? 2 : 1;
    if (tokens.length < least || tokens.length > model.config().nCtx()) {
      throw new IllegalArgumentException(
          "pair %d of %s: \"%s\" has %d tokens; expected %d to %d"
              .formatted(
                  pair + 1,
                  pairs.isEmpty() ? "those that ship" : pairs,
                  text,
                  tokens.length,
                  least,
                  model.config().nCtx()));
    }
    return tokens;
  }

  private MlpThreshold.Level level(ModelConfig config, Map<CircuitNode, Estimate> norms) {
    double[] mlps =
        DifferenceNorms.ranked(norms, OfMlp.class).stream()
            .mapToDouble(node -> norm(norms, node).mean())
            .toArray();
    return mlpThreshold.in(config, mlps);
  }

  static Estimate norm(Map<CircuitNode, Estimate> norms, CircuitNode node) {
    return Objects.requireNonNull(norms.get(node));
  }

  /** Fills the budget: the input, MLPs above the threshold, then heads, the largest norms first. */
  Filling fill(ModelConfig config, Map<CircuitNode, Estimate> norms, double threshold) {
    var costs = WriteCosts.of(config);
    var mlps =
        DifferenceNorms.ranked(norms, OfMlp.class).stream()
            .map(node -> new Candidate(node, "MLP", norm(norms, node)))
            .filter(candidate -> candidate.score().mean() > threshold)
            .toList();
    var heads =
        DifferenceNorms.ranked(norms, OfHead.class).stream()
            .map(node -> new Candidate(node, "head", norm(norms, node)))
            .toList();
    return CircuitParts.withInput(costs, writeBudget, writeBudget.in(config))
        .with(mlps)
        .with(heads);
  }

  /** Returns what the published file says of its circuit, but for when it was made. */
  private Map<String, Object> metadata(String model, Circuit circuit, Filling filling) {
    var metadata = new LinkedHashMap<String, Object>();
    metadata.put("total_components", circuit.nodes().size());
    metadata.put("write_budget_used", filling.used());
    metadata.put("write_budget_max", filling.budget());
    metadata.put("budget_utilization", (double) filling.used() / filling.budget());
    metadata.put("num_mlps", circuit.mlps().size());
    metadata.put("num_attention_heads", circuit.heads().size());
    metadata.put("model", model);
    metadata.put("task", task);
    metadata.put("version", version);
    metadata.put("method", method);
    return metadata;
  }

  private List<String> notes(int count, boolean begins, Filling filling) {
    var notes = new ArrayList<String>();
    if (bos && !begins) {
      notes.add("The tokenizer has no BOS token: texts begin with their own first token.");
    }
    if (count == most && !pairs.isEmpty()) {
      notes.add(
          "No more than " + most + " pairs are read (option `most`); the file may have more.");
    }
    var mlps =
        filling.passedOver().stream()
            .map(Candidate::node)
            .filter(OfMlp.class::isInstance)
            .map(CircuitNode::toString)
            .toList();
    if (!mlps.isEmpty()) {
      notes.add(
          "MLPs above the threshold that did not fit into the write budget: "
              + String.join(", ", mlps)
              + ".");
    }
    return List.copyOf(notes);
  }

  private static List<PromptRow> prompts(
      HookedTransformer model, List<long[]> first, List<long[]> second) {
    var names = new TokenNames(model);
    var rows = new ArrayList<PromptRow>();
    for (int pair = 0; pair < first.size(); pair++) {
      rows.add(
          new PromptRow(
              tokens(names, first.get(pair)),
              tokens(names, second.get(pair)),
              List.of(),
              List.of(),
              Map.of()));
    }
    return rows;
  }

  private static List<Token> tokens(TokenNames names, long... ids) {
    return names.of(LongStream.of(ids).boxed().toList());
  }

  /** Ranks MLPs among MLPs and heads among heads: norms of different widths do not compare. */
  static Map<CircuitNode, Rank> ranks(Map<CircuitNode, Estimate> norms) {
    var ranks = new LinkedHashMap<CircuitNode, Rank>();
    for (var kind : List.of(OfMlp.class, OfHead.class)) {
      var ranked = DifferenceNorms.ranked(norms, kind);
      for (int i = 0; i < ranked.size(); i++) {
        var node = ranked.get(i);
        ranks.put(node, new Rank(norm(norms, node), i + 1, ranked.size()));
      }
    }
    return ranks;
  }
}
