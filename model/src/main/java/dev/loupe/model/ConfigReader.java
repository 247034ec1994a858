package dev.loupe.model;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * Reads a Hugging Face {@code config.json} and remembers what was read: a field that nobody read
 * and that is not known to leave the computation as it is, is refused.
 */
final class ConfigReader {
  // What concerns training, generation, bookkeeping or other heads than the language model's.
  private static final Set<String> HARMLESS =
      Set.of(
          "_attn_implementation",
          "_attn_implementation_autoset",
          "_commit_hash",
          "_name_or_path",
          "architectures",
          "attention_dropout",
          "attention_probs_dropout_prob",
          "attn_implementation",
          "attn_pdrop",
          "bad_words_ids",
          "begin_suppress_tokens",
          "chunk_size_feed_forward",
          "classifier_dropout",
          "decoder_start_token_id",
          "diversity_penalty",
          "do_sample",
          "dtype",
          "early_stopping",
          "embd_pdrop",
          "embed_dropout",
          "encoder_no_repeat_ngram_size",
          "exponential_decay_length_penalty",
          "finetuning_task",
          "forced_bos_token_id",
          "forced_eos_token_id",
          "gradient_checkpointing",
          "hidden_dropout",
          "hidden_dropout_prob",
          "id2label",
          "initializer_range",
          "is_decoder",
          "label2id",
          "length_penalty",
          "max_length",
          "min_length",
          "model_type",
          "no_repeat_ngram_size",
          "num_beam_groups",
          "num_beams",
          "num_labels",
          "num_return_sequences",
          "output_attentions",
          "output_hidden_states",
          "output_past",
          "output_scores",
          "pad_token_id",
          "prefix",
          "pretraining_tp",
          "problem_type",
          "remove_invalid_values",
          "reorder_and_upcast_attn",
          "repetition_penalty",
          "resid_dropout",
          "resid_pdrop",
          "return_dict",
          "return_dict_in_generate",
          "sep_token_id",
          "summary_activation",
          "summary_first_dropout",
          "summary_proj_to_labels",
          "summary_type",
          "summary_use_proj",
          "suppress_tokens",
          "task_specific_params",
          "temperature",
          "tf_legacy_loss",
          "tokenizer_class",
          "top_k",
          "top_p",
          "torch_dtype",
          "torchscript",
          "transformers_version",
          "typical_p",
          "use_bfloat16",
          "use_cache");

  private final JsonNode json;
  private final String where;
  private final Set<String> read = new HashSet<>();

  ConfigReader(JsonNode json, String where) {
    this.json = json;
    this.where = where;
  }

  String where() {
    return where;
  }

  int integer(String field) {
    return number(field)
        .map(n -> wholeNumber(field, n))
        .orElseThrow(() ->
            new IllegalArgumentException(
                where + ": field \"" + field + "\" is missing: expected a whole number"));
  }

  int integer(String field, int fallback) {
    return number(field).map(n -> wholeNumber(field, n)).orElse(fallback);
  }

  double decimal(String field, double fallback) {
    return number(field).orElse(fallback);
  }

  boolean flag(String field, boolean fallback) {
    var node = node(field);
    if (node.isEmpty()) {
      return fallback;
    }
    if (!node.get().isBoolean()) {
      throw wrong(field, node.get(), "true or false");
    }
    return node.get().asBoolean();
  }

  String text(String field, String fallback) {
    var node = node(field);
    if (node.isEmpty()) {
      return fallback;
    }
    if (!node.get().isString()) {
      throw wrong(field, node.get(), "a string");
    }
    return node.get().asString();
  }

  /** Reads a token id. */
  OptionalLong token(String field) {
    var found = tokens(field);
    if (found.size() > 1) {
      throw wrong(field, found, "one token id");
    }
    return found.isEmpty() ? OptionalLong.empty() : OptionalLong.of(found.getFirst());
  }

  /** Reads a token id or a list of them. */
  List<Long> tokens(String field) {
    return node(field).stream()
        .flatMap(node -> node.isArray() ? node.values().stream() : Stream.of(node))
        .map(id -> {
          if (!id.canConvertToLong() || !id.isIntegralNumber() || id.asLong() < 0) {
            throw wrong(field, id, "a token id, or a list of them");
          }
          return id.asLong();
        })
        .toList();
  }

  /** Reads what is said in one of several fields, refused where two say different things. */
  double agreed(double fallback, String... fields) {
    Optional<String> first = Optional.empty();
    double value = fallback;
    for (String field : fields) {
      var found = number(field);
      if (found.isPresent()) {
        if (first.isPresent() && found.get() != value) {
          throw wrong(field, found.get(), first.get() + ", which means the same and is " + value);
        }
        first = Optional.of(field);
        value = found.get();
      }
    }
    return value;
  }

  /** Tells whether a field is there, null or not. */
  boolean mentions(String field) {
    return json.has(field);
  }

  /** Returns a field that is there and not null. */
  Optional<JsonNode> node(String field) {
    read.add(field);
    var node = json.path(field);
    return node.isMissingNode() || node.isNull() ? Optional.empty() : Optional.of(node);
  }

  /** Returns a reader of a nested object, whose fields are all to be read as well. */
  Optional<ConfigReader> object(String field) {
    return node(field)
        .map(node -> {
          if (!node.isObject()) {
            throw wrong(field, node, "an object");
          }
          return new ConfigReader(node, where + ", " + field);
        });
  }

  /** Refuses a field that has any value but {@code expected}, which is what Loupe computes. */
  void mustBe(String field, boolean expected) {
    boolean found = flag(field, expected);
    if (found != expected) {
      throw new IllegalArgumentException(
          where
              + ": \""
              + field
              + "\" is "
              + found
              + ", which changes the computation and which"
              + " Loupe does not implement: expected "
              + expected);
    }
  }

  /** Refuses a field that is there at all, unless it is null or an empty list or object. */
  void mustBeAbsent(String field) {
    node(field)
        .filter(n -> !(n.isContainer() && n.isEmpty()))
        .ifPresent(n -> {
          throw new IllegalArgumentException(
              where
                  + ": \""
                  + field
                  + "\" is "
                  + n
                  + ", which changes the computation and"
                  + " which Loupe does not implement");
        });
  }

  /** Refuses what was not read, is not known to be harmless and is not in {@code ignored}. */
  void refuseLeftovers(Set<String> ignored) {
    mustBeAbsent("quantization_config");
    mustBeAbsent("auto_map");
    mustBeAbsent("pruned_heads");
    mustBe("add_cross_attention", false);
    mustBe("is_encoder_decoder", false);
    mustBe("tie_encoder_decoder", false);
    mustBeAbsent("cross_attention_hidden_size");
    var unknown = new TreeSet<String>();
    for (String field : json.propertyNames()) {
      if (!read.contains(field)
          && !HARMLESS.contains(field)
          && !ignored.contains(field)
          && !json.get(field).isNull()) {
        unknown.add(field + " = " + json.get(field));
      }
    }
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          where
              + ": Loupe does not know these fields and cannot tell whether they change the"
              + " computation: "
              + String.join(", ", unknown)
              + ". If they do not, name them in LoadOptions.ignoring, or on"
              + " the command line with --ignore-config NAME");
    }
  }

  /** Refuses fields of a nested object that nobody read. */
  void refuseUnread() {
    var unread = json.propertyNames().stream().filter(f -> !read.contains(f)).toList();
    if (!unread.isEmpty()) {
      throw new IllegalArgumentException(
          where
              + ": fields "
              + unread
              + " change the computation in a way that Loupe does not"
              + " implement");
    }
  }

  IllegalArgumentException wrong(String field, Object found, String expected) {
    return new IllegalArgumentException(
        where + ": \"" + field + "\" is " + found + ": expected " + expected);
  }

  List<Double> decimals(String field) {
    return list(field, JsonNode::isNumber, "a list of numbers", JsonNode::asDouble);
  }

  List<String> texts(String field) {
    return list(field, JsonNode::isString, "a list of strings", JsonNode::asString);
  }

  private <T> List<T> list(
      String field, Predicate<JsonNode> test, String expected, Function<JsonNode, T> read) {
    var node = node(field);
    if (node.isEmpty()) {
      return List.of();
    }
    if (!node.get().isArray() || !node.get().values().stream().allMatch(test)) {
      throw wrong(field, node.get(), expected);
    }
    return node.get().values().stream().map(read).toList();
  }

  private Optional<Double> number(String field) {
    return node(field)
        .map(node -> {
          if (!node.isNumber()) {
            throw wrong(field, node, "a number");
          }
          return node.asDouble();
        });
  }

  private int wholeNumber(String field, double value) {
    if (value != Math.rint(value) || Math.abs(value) > Integer.MAX_VALUE) {
      throw wrong(field, value, "a whole number");
    }
    return (int) value;
  }
}
