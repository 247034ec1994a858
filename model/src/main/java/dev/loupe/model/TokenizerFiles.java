package dev.loupe.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a model folder says about its tokenizer.
 *
 * @param source the file, for error messages
 * @param json a whole tokenizer.json, read or built
 * @param sha256 of the file or files, lower-case hexadecimal
 */
record TokenizerFiles(Path folder, Path source, String json, String sha256) {
  private static final JsonMapper MAPPER = JsonMapper.shared();

  /** Tells whether a folder has a tokenizer at all. */
  static boolean in(Path folder) {
    return Files.isRegularFile(folder.resolve("tokenizer.json"))
        || Files.isRegularFile(folder.resolve("vocab.json"));
  }

  static TokenizerFiles read(Path folder) {
    var whole = folder.resolve("tokenizer.json");
    if (Files.isRegularFile(whole)) {
      var bytes = bytes(whole);
      return new TokenizerFiles(folder, whole, text(bytes), sha256(bytes));
    }
    var vocab = folder.resolve("vocab.json");
    var merges = folder.resolve("merges.txt");
    if (Files.isRegularFile(vocab) && Files.isRegularFile(merges)) {
      var vocabBytes = bytes(vocab);
      var mergesBytes = bytes(merges);
      var json = byteLevelBpe(folder, parse(vocab, text(vocabBytes)), text(mergesBytes));
      return new TokenizerFiles(folder, vocab, json, sha256(vocabBytes, mergesBytes));
    }
    throw new IllegalArgumentException(
        folder
            + ": no tokenizer.json, and no vocab.json with merges.txt. Expected a folder in the"
            + " Hugging Face layout; AutoTokenizer.from_pretrained(..., use_fast=True)"
            + ".save_pretrained(folder) writes a tokenizer.json from older formats");
  }

  /** Parses the fields that Loupe reads. */
  TokenizerJson parsed() {
    try {
      return MAPPER.readValue(json, TokenizerJson.class);
    } catch (JacksonException e) {
      throw malformed(source, e.getOriginalMessage(), e);
    }
  }

  /**
   * Finds a special token ("bos", "eos", "pad" or "unk"): the first file that has the field
   * decides, a field that is null says that there is none.
   */
  Optional<Token> special(String kind, Vocabulary vocabulary) {
    for (var name : new String[] {"tokenizer_config.json", "special_tokens_map.json"}) {
      var field = object(name).map(it -> it.get(kind + "_token"));
      if (field.isPresent()) {
        var node = field.get();
        var content = node.isObject() ? node.path("content") : node;
        return content.isString()
            ? token(vocabulary.id(content.stringValue()), vocabulary)
            : Optional.empty();
      }
    }
    var field = object("config.json").map(it -> it.get(kind + "_token_id"));
    var id = field.map(it -> it.isArray() ? it.path(0) : it).filter(JsonNode::isIntegralNumber);
    return token(
        id.isPresent() ? OptionalLong.of(id.get().asLong()) : OptionalLong.empty(), vocabulary);
  }

  /** A token that the vocabulary lacks (an untouched default of a config) is no token. */
  private static Optional<Token> token(OptionalLong id, Vocabulary vocabulary) {
    return id.isPresent() && vocabulary.contains(id.getAsLong())
        ? Optional.of(new Token(vocabulary.text(id.getAsLong()), id.getAsLong()))
        : Optional.empty();
  }

  private Optional<JsonNode> object(String name) {
    var file = folder.resolve(name);
    return Files.isRegularFile(file)
        ? Optional.of(parse(file, text(bytes(file))))
        : Optional.empty();
  }

  /** Puts the older pair of files into the form that the native library reads. */
  private static String byteLevelBpe(Path folder, JsonNode vocab, String merges) {
    var root = MAPPER.createObjectNode().put("version", "1.0");
    var added = root.putArray("added_tokens");
    var endOfText = vocab.get("<|endoftext|>");
    if (endOfText != null) {
      added.addObject().put("id", endOfText.asLong()).put("content", "<|endoftext|>");
    }
    var addedFile = folder.resolve("added_tokens.json");
    if (Files.isRegularFile(addedFile)) {
      parse(addedFile, text(bytes(addedFile)))
          .forEachEntry(
              (content, id) -> added.addObject().put("id", id.asLong()).put("content", content));
    }
    for (var token : added) {
      ((ObjectNode) token)
          .put("special", true)
          .put("single_word", false)
          .put("lstrip", false)
          .put("rstrip", false)
          .put("normalized", false);
    }
    for (var part : new String[] {"pre_tokenizer", "decoder"}) {
      root.putObject(part)
          .put("type", "ByteLevel")
          .put("add_prefix_space", false)
          .put("trim_offsets", true)
          .put("use_regex", true);
    }
    var model = root.putObject("model").put("type", "BPE");
    model.set("vocab", vocab);
    var list = model.putArray("merges");
    merges.lines().filter(it -> !it.isBlank() && !it.startsWith("#version")).forEach(list::add);
    return root.toString();
  }

  private static JsonNode parse(Path file, String text) {
    try {
      var node = MAPPER.readTree(text);
      if (!node.isObject()) {
        throw malformed(file, "expected a JSON object", null);
      }
      return node;
    } catch (JacksonException e) {
      throw malformed(file, e.getOriginalMessage(), e);
    }
  }

  static IllegalArgumentException malformed(Path file, String reason, @Nullable Exception cause) {
    return new IllegalArgumentException(
        file + " is not a readable tokenizer file: " + reason + ". Download it again", cause);
  }

  private static byte[] bytes(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static String sha256(byte[]... parts) {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      for (var part : parts) {
        digest.update(part);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}
