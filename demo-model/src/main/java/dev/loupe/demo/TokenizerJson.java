package dev.loupe.demo;

import dev.loupe.model.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Writes a vocabulary as a Hugging Face tokenizer. */
final class TokenizerJson {

  private TokenizerJson() {}

  /** Writes tokenizer.json and tokenizer_config.json. */
  static void write(Vocabulary vocabulary, ModelConfig config, Path folder) throws IOException {
    Files.writeString(folder.resolve("tokenizer.json"), of(vocabulary));
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        String.format(
            Locale.ROOT,
            """
            {
              "tokenizer_class": "PreTrainedTokenizerFast",
              "bos_token": "%s",
              "eos_token": "%s",
              "unk_token": "%s",
              "model_max_length": %d
            }
            """,
            Vocabulary.BOS,
            Vocabulary.BOS,
            Vocabulary.UNKNOWN,
            config.nCtx()));
  }

  static String of(Vocabulary vocabulary) {
    var entries =
        IntStream.range(0, vocabulary.size())
            .mapToObj(id -> "      " + quoted(byteLevel(vocabulary.token(id))) + ": " + id)
            .collect(Collectors.joining(",\n"));
    return """
    {
      "version": "1.0",
      "truncation": null,
      "padding": null,
      "added_tokens": [
        {"id": 0, "content": "<|endoftext|>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
        {"id": 1, "content": "<|unk|>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}
      ],
      "normalizer": null,
      "pre_tokenizer": {
        "type": "Sequence",
        "pretokenizers": [
          {"type": "Split", "pattern": {"Regex": %s}, "behavior": "Isolated", "invert": false},
          {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false}
        ]
      },
      "post_processor": null,
      "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
      "model": {
        "type": "WordLevel",
        "unk_token": "<|unk|>",
        "vocab": {
    %s
        }
      }
    }
    """
        .formatted(quoted(Split.PATTERN), entries);
  }

  /** Writes a token as ByteLevel does; all tokens here are printable ASCII but for the space. */
  private static String byteLevel(String token) {
    return token.replace(' ', '\u0120');
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
