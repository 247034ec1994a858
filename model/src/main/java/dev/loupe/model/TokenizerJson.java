package dev.loupe.model;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.NullNode;

/** The parts of a tokenizer.json that Loupe reads itself; the rest is the native library's. */
record TokenizerJson(
    @JsonProperty("added_tokens") List<Added> addedTokens,
    @JsonProperty("pre_tokenizer") JsonNode preTokenizer,
    JsonNode decoder,
    Model model) {

  TokenizerJson(
      @Nullable List<Added> addedTokens,
      @Nullable JsonNode preTokenizer,
      @Nullable JsonNode decoder,
      @Nullable Model model) {
    if (model == null) {
      throw new IllegalArgumentException("it has no field 'model'");
    }
    this.addedTokens = addedTokens == null ? List.of() : List.copyOf(addedTokens);
    this.preTokenizer = preTokenizer == null ? NullNode.instance : preTokenizer;
    this.decoder = decoder == null ? NullNode.instance : decoder;
    this.model = model;
  }

  /** A token outside the model's vocabulary, taken literally. */
  record Added(long id, String content) {}

  /** The model's entries: an object of ids, or (Unigram) a list of pairs of entry and score. */
  record Model(
      JsonNode vocab,
      @JsonProperty("unk_token") @Nullable String unkToken,
      @JsonProperty("unk_id") @Nullable Long unkId) {

    Optional<String> unknownToken() {
      return Optional.ofNullable(unkToken);
    }

    OptionalLong unknownId() {
      return unkId == null ? OptionalLong.empty() : OptionalLong.of(unkId);
    }
  }
}
