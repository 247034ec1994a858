package dev.loupe.explorer;

import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Token;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.LongStream;
import tools.jackson.databind.JsonNode;

/**
 * MINIMAL, to be replaced by the lead's: knows the model's shape and its tokens, and nothing that
 * runs it.
 */
final class ShapeWorkbench implements Workbench {
  private static final int MOST_COMPLETIONS = 12;

  private final HookedTransformer model;

  ShapeWorkbench(HookedTransformer model) {
    this.model = model;
  }

  @Override
  public Object model() {
    var config = model.config();
    var facts = new LinkedHashMap<String, Object>();
    facts.put("model", model.name());
    facts.put("layers", config.nLayers());
    facts.put("heads", config.nHeads());
    facts.put("dModel", config.dModel());
    facts.put("dHead", config.dHead());
    facts.put("contextLength", config.nCtx());
    facts.put("vocabulary", config.dVocab());
    facts.put("parallel", config.parallelBlocks());
    return facts;
  }

  @Override
  public Object complete(String start) {
    var tokenizer = model.tokenizer();
    var found =
        LongStream.range(0, tokenizer.size())
            .filter(tokenizer::isOrdinary)
            .mapToObj(id -> new Token(tokenizer.strTokens(new long[] {id}).getFirst(), id))
            .filter(token -> token.text().startsWith(start))
            .sorted(Comparator.comparingInt(token -> token.text().length()))
            .limit(MOST_COMPLETIONS)
            .toList();
    return Map.of("tokens", found);
  }

  @Override
  public Object examples(String task, long seed) {
    throw missing();
  }

  @Override
  public Object view(JsonNode question) {
    throw missing();
  }

  @Override
  public void grid(JsonNode question, Lines out) {
    throw missing();
  }

  @Override
  public void circuit(JsonNode question, Lines out) {
    throw missing();
  }

  @Override
  public Object suggest(JsonNode question) {
    throw missing();
  }

  @Override
  public Object exportStudy(JsonNode question) {
    throw missing();
  }

  @Override
  public Object exportCircuit(JsonNode question) {
    throw missing();
  }

  private static UnsupportedOperationException missing() {
    return new UnsupportedOperationException("the workbench comes with the views");
  }
}
