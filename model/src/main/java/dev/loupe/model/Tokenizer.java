package dev.loupe.model;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Turns text into the token ids of a model and back, as its Hugging Face tokenizer.json says.
 *
 * <p>Nothing is added to a text, cut off or padded unless the caller says so: BOS is a {@link Bos}
 * argument. A text with words that the vocabulary lacks is refused with the words. Safe for use by
 * many threads; close it to free its native memory.
 */
public final class Tokenizer implements AutoCloseable {
  static {
    // DJL reports home and looks for a GPU build to download unless told that it is offline.
    System.setProperty("OPT_OUT_TRACKING", "true");
    System.setProperty("ai.djl.offline", "true");
  }

  private final HuggingFaceTokenizer tokenizer;
  private final Vocabulary vocabulary;
  private final Path folder;
  private final String sha256;
  private final Optional<Token> bos;
  private final Optional<Token> eos;
  private final Optional<Token> pad;
  private final Optional<Token> unk;
  private final boolean prefixesSpace;
  // Readers use the native tokenizer, the writer frees it.
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private boolean closed;

  private Tokenizer(TokenizerFiles files, HuggingFaceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
    folder = files.folder();
    sha256 = files.sha256();
    vocabulary = new Vocabulary(files.parsed());
    bos = files.special("bos", vocabulary);
    eos = files.special("eos", vocabulary);
    pad = files.special("pad", vocabulary);
    unk = files.special("unk", vocabulary);
    prefixesSpace =
        strTokens(tokenizer.encode("a", false, false).getIds()).stream()
            .anyMatch(it -> it.startsWith(" "));
  }

  /**
   * Loads the tokenizer of a model folder: tokenizer.json, or the vocab.json and merges.txt of a
   * GPT-2 byte-level BPE. Special tokens come from tokenizer_config.json, special_tokens_map.json,
   * config.json, in this order. Never uses the network.
   *
   * @throws IllegalArgumentException if the files are absent or malformed
   */
  public static Tokenizer load(Path folder) {
    var files = TokenizerFiles.read(folder);
    HuggingFaceTokenizer tokenizer;
    try {
      // The options undo truncation and padding that the file may ask for.
      tokenizer =
          HuggingFaceTokenizer.newInstance(
              new ByteArrayInputStream(files.json().getBytes(StandardCharsets.UTF_8)),
              Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false"));
    } catch (RuntimeException | IOException e) {
      throw TokenizerFiles.malformed(files.source(), String.valueOf(e.getMessage()), e);
    }
    try {
      return new Tokenizer(files, tokenizer);
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  /**
   * Encodes a text, adding nothing.
   *
   * @return ids [pos]
   * @throws IllegalArgumentException if the text has words that the vocabulary lacks (they are
   *     named) or is not Unicode text
   */
  public long[] encode(String text) {
    var encoding = encoding(text);
    var unknown = unknownWords(text, encoding);
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: not in the vocabulary of this model (%d tokens): %s. Choose other words"
              .formatted(quote(text), size(), quoted(unknown)));
    }
    return encoding.getIds();
  }

  /**
   * Encodes a text that stands within a longer one, such as {@code " cold-blooded"} with its
   * leading space, adding nothing.
   *
   * @return ids [pos]
   * @throws IllegalArgumentException as {@link #encode(String)}
   */
  public long[] encodeWithin(String text) {
    // SentencePiece puts a space before every text: there, " Mary" is what "Mary" encodes to.
    return encode(prefixesSpace && text.startsWith(" ") ? text.substring(1) : text);
  }

  /**
   * Encodes a text, with BOS before it or not.
   *
   * @return ids [pos]
   * @throws IllegalArgumentException as {@link #encode(String)}, or if there is no BOS to prepend
   */
  public long[] encode(String text, Bos prefix) {
    return switch (prefix) {
      case NONE -> encode(text);
      case PREPEND -> {
        var first =
            bos.orElseThrow(() ->
                new IllegalArgumentException(
                    "the tokenizer of "
                        + folder
                        + " has no BOS token to prepend: ask for Bos.NONE (--no-bos), or name"
                        + " its bos_token in tokenizer_config.json"));
        yield LongStream.concat(LongStream.of(first.id()), Arrays.stream(encode(text))).toArray();
      }
    };
  }

  /** Lists the words of a text that the vocabulary lacks; empty for a text that can be encoded. */
  public List<String> unknownWords(String text) {
    return unknownWords(text, encoding(text));
  }

  /** Decodes ids, special tokens included; an id outside the vocabulary as {@code <id n>}. */
  public String decode(long... ids) {
    return Arrays.stream(ids).allMatch(vocabulary::contains)
        ? use(() -> tokenizer.decode(ids, false))
        : String.join("", strTokens(ids));
  }

  /** Gives the exact string of every token of a text, which joined give back the text. */
  public List<String> strTokens(String text, Bos prefix) {
    return strTokens(encode(text, prefix));
  }

  /**
   * Gives the exact string of every token, a leading space kept. A byte-level token that is no
   * whole character shows its bytes as {@code <0xF0>}.
   */
  public List<String> strTokens(long[] ids) {
    return Arrays.stream(ids).mapToObj(vocabulary::text).toList();
  }

  /**
   * Finds the id of a text that is one token, such as {@code " Mary"} with its leading space.
   *
   * @throws IllegalArgumentException if it is not one token, with the tokens that it falls into
   */
  public long singleToken(String text) {
    var ids = encodeWithin(text);
    if (ids.length == 1) {
      return ids[0];
    }
    var hint =
        isSingleToken(" " + text)
            ? quote(" " + text) + ", with its leading space, is one"
            : "choose another word";
    throw new IllegalArgumentException(
        "%s is %d tokens%s; expected one token: %s"
            .formatted(
                quote(text),
                ids.length,
                ids.length == 0 ? "" : ": " + quoted(strTokens(ids)),
                hint));
  }

  /** Says whether {@link #singleToken} has an answer. */
  public boolean isSingleToken(String text) {
    return unknownWords(text).isEmpty() && encodeWithin(text).length == 1;
  }

  /** Finds the id of a vocabulary entry as the tokenizer file spells it ({@code "ĠMary"}). */
  public OptionalLong id(String entry) {
    return vocabulary.id(entry);
  }

  /**
   * Tells whether an id stands for ordinary text: a vocabulary entry that is neither special (BOS,
   * EOS, padding, unknown) nor added beside the vocabulary.
   */
  public boolean isOrdinary(long id) {
    boolean special =
        Stream.of(bos, eos, pad, unk).flatMap(Optional::stream).anyMatch(token -> token.id() == id);
    return vocabulary.contains(id) && !vocabulary.isAdded(id) && !special;
  }

  /** The number of tokens; a model's {@code d_vocab} may be padded to more. */
  public int size() {
    return vocabulary.size();
  }

  /** The token that begins a text, if the model has one. */
  public Optional<Token> bos() {
    return bos;
  }

  /** The token that ends a text, if the model has one. */
  public Optional<Token> eos() {
    return eos;
  }

  /** The token that fills up a batch, if the model has one. */
  public Optional<Token> pad() {
    return pad;
  }

  /** The token named as unknown, if any; no text is ever encoded to it. */
  public Optional<Token> unk() {
    return unk;
  }

  /** The SHA-256 of tokenizer.json (or of vocab.json followed by merges.txt), in hexadecimal. */
  public String sha256() {
    return sha256;
  }

  /** Frees the native tokenizer; every later encoding is an error. */
  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        tokenizer.close();
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  @Override
  public String toString() {
    return "Tokenizer[" + folder + ", " + size() + " tokens]";
  }

  private Encoding encoding(String text) {
    for (int i = 0; i < text.length(); i = text.offsetByCodePoints(i, 1)) {
      int type = Character.getType(text.codePointAt(i));
      if (type == Character.SURROGATE) {
        throw new IllegalArgumentException(
            "%s: half a surrogate pair at index %d; expected Unicode text"
                .formatted(quote(text), i));
      }
    }
    return use(() -> tokenizer.encode(text, false, false));
  }

  private List<String> unknownWords(String text, Encoding encoding) {
    if (vocabulary.unknownId().isEmpty()) {
      return List.of();
    }
    long unknown = vocabulary.unknownId().getAsLong();
    var ids = encoding.getIds();
    var spans = encoding.getCharTokenSpans();
    return LongStream.range(0, ids.length)
        .mapToInt(Math::toIntExact)
        .filter(i -> ids[i] == unknown)
        .mapToObj(i ->
            text.substring(
                text.offsetByCodePoints(0, spans[i].getStart()),
                text.offsetByCodePoints(0, spans[i].getEnd())))
        .filter(word -> !word.equals(vocabulary.text(unknown))) // asked for by its name
        .map(word -> word.isBlank() ? word : word.strip())
        .distinct()
        .toList();
  }

  private <T> T use(Supplier<T> action) {
    lock.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException(this + " is closed");
      }
      return action.get();
    } finally {
      lock.readLock().unlock();
    }
  }

  static String quoted(List<String> texts) {
    return texts.stream().map(Tokenizer::quote).collect(Collectors.joining(", "));
  }

  /** Quotes a text so that spaces, line breaks and control characters can be seen. */
  static String quote(String text) {
    var out = new StringBuilder("\"");
    text.codePoints()
        .forEach(c -> {
          switch (c) {
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '\t' -> out.append("\\t");
            case '"' -> out.append("\\\"");
            case '\\' -> out.append("\\\\");
            default -> {
              if (Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE) {
                out.append("\\u%04x".formatted(c));
              } else {
                out.appendCodePoint(c);
              }
            }
          }
        });
    return out.append('"').toString();
  }
}
