package dev.loupe.tensor;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.tensor.SafeTensorsFiles.Good;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.statistics.Statistics;

/** Whatever happens to the bytes of a file: it is refused, or read as another reader reads it. */
class SafeTensorsMutationTest {
  private static final Path FILE = temporary();

  private static Path temporary() {
    try {
      var file = Files.createTempFile("loupe-mutated", ".safetensors");
      file.toFile().deleteOnExit();
      return file;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A change to a file; positions are taken modulo what there is. */
  sealed interface Mutation {
    /** Flips a bit. */
    record Flip(int at, int bit) implements Mutation {}

    /** Overwrites {@code count} bytes with as many of the same file. */
    record Splice(int from, int to, int count) implements Mutation {}

    /** Removes {@code count} bytes and puts {@code with} in their place. */
    record Replace(int at, int count, String with, boolean fixLength) implements Mutation {}

    /** Cuts the file. */
    record Truncate(int at) implements Mutation {}

    /** Adds bytes at the end. */
    record Append(int count) implements Mutation {}

    /** Overwrites the length of the header. */
    record Length(long length) implements Mutation {}

    /** Replaces a number, type or name in the header. */
    record Edit(Token token, int which, String with) implements Mutation {}

    /** Exchanges two fields' values of the same kind in the header. */
    record Swap(Token token, int one, int other) implements Mutation {}
  }

  /** What {@link Mutation.Edit} and {@link Mutation.Swap} find in a header. */
  enum Token {
    NUMBER("-?\\d+"),
    OFFSETS("(?<=\"data_offsets\":)\\[[^\\]]*\\]"),
    SHAPE("(?<=\"shape\":)\\[[^\\]]*\\]"),
    DTYPE("(?<=\"dtype\":)\"[^\"]*\""),
    NAME("\"[^\"]*\"(?=:)");

    private final Pattern pattern;

    Token(String regex) {
      pattern = Pattern.compile(regex);
    }
  }

  @Provide
  Arbitrary<Good> good() {
    return SafeTensorsFiles.good();
  }

  @Provide
  Arbitrary<List<Mutation>> mutations() {
    var at = Arbitraries.integers().between(0, 1 << 20);
    var few = Arbitraries.integers().between(0, 9);
    var junk = Arbitraries.strings().withChars("{}[],:\"\\-0189.eE tu\u0000\u00ff").ofMaxLength(3);
    var values =
        Arbitraries.of(
            "0",
            "1",
            "2",
            "3",
            "8",
            "-0",
            "-1",
            "1.5",
            "1e3",
            "1.0",
            "007",
            "null",
            "\"1\"",
            "[]",
            "[0]",
            "[0,0]",
            "{}",
            "true",
            "\"\"",
            "2147483648",
            "4294967296",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551615",
            "1e400");
    var texts =
        Arbitraries.of(
            "\"F64\"",
            "\"F32\"",
            "\"F16\"",
            "\"BF16\"",
            "\"I64\"",
            "\"I32\"",
            "\"U8\"",
            "\"BOOL\"",
            "\"F8_E4M3\"",
            "\"I16\"",
            "\"f32\"",
            "\"a\"",
            "\"__metadata__\"",
            "\"\\ud800\"",
            "\"dtype\"",
            "\"shape\"",
            "1");
    var lengths =
        Arbitraries.oneOf(
            Arbitraries.longs().between(-2, 300),
            Arbitraries.of(100_000_001L, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 32));
    Arbitrary<Mutation> one =
        Arbitraries.oneOf(
            Combinators.combine(at, few).as(Mutation.Flip::new),
            Combinators.combine(at, at, few).as(Mutation.Splice::new),
            Combinators.combine(at, few, junk, Arbitraries.of(true, false))
                .as(Mutation.Replace::new),
            at.map(Mutation.Truncate::new),
            few.map(Mutation.Append::new),
            lengths.map(Mutation.Length::new),
            Combinators.combine(Arbitraries.of(Token.class), at, values).as(Mutation.Edit::new),
            Combinators.combine(Arbitraries.of(Token.DTYPE, Token.NAME), at, texts)
                .as(Mutation.Edit::new),
            Combinators.combine(Arbitraries.of(Token.class), at, at).as(Mutation.Swap::new));
    return one.list().ofMinSize(1).ofMaxSize(2);
  }

  @Property(tries = 15_000, edgeCases = EdgeCasesMode.NONE)
  void aMutatedFileIsRefusedOrReadAsAnotherReaderReadsIt(
      @ForAll("good") Good good, @ForAll("mutations") List<Mutation> mutations) {
    byte[] original = good.bytes();
    byte[] bytes = original;
    for (var mutation : mutations) {
      bytes = apply(mutation, bytes);
    }
    boolean accepted = readsAsAnother(bytes);
    boolean changed = !Arrays.equals(bytes, original);
    assertThat(accepted || changed).as("a good file is accepted").isTrue();
    Statistics.label("outcome")
        .collect(!changed ? "unchanged" : accepted ? "accepted" : "refused")
        .coverage(coverage -> {
          coverage.check("accepted").percentage(p -> p > 5);
          coverage.check("refused").percentage(p -> p > 40);
        });
  }

  /** Returns whether the file is accepted; fails where another reader finds other tensors. */
  private static boolean readsAsAnother(byte[] bytes) {
    SafeTensorsFiles.write(FILE, bytes);
    try (var file = SafeTensors.open(FILE);
        var _ = TensorScope.open()) {
      var expected = PlainReader.read(bytes);
      assertThat(file.names()).isEqualTo(expected.keySet());
      expected.forEach((name, tensor) -> assertSame(file, name, tensor));
      return true;
    } catch (SafeTensorsException e) {
      assertThat(e).hasMessageStartingWith(FILE + ": ");
      return false;
    }
  }

  private static void assertSame(SafeTensors file, String name, PlainReader.Plain expected) {
    var info = file.info(name);
    assertThat(info.dtype()).hasToString(expected.dtype());
    assertThat(info.shape()).hasToString(expected.shape().toString());
    if (expected.dtype().equals("BOOL") && !expected.isBoolean()) {
      assertThat(refuses(file, name)).isTrue();
      return;
    }
    var tensor = file.get(name);
    assertThat(tensor.dtype()).isEqualTo(info.dtype());
    assertThat(tensor.shape()).containsExactly(info.shape().toArray(Long[]::new));
    assertThat(SafeTensorsFiles.bytes(tensor)).isEqualTo(expected.bytes());
  }

  private static boolean refuses(SafeTensors file, String name) {
    try {
      return file.get(name) == null;
    } catch (SafeTensorsException e) {
      return e.toString().contains("bytes other than 0 and 1");
    }
  }

  private static byte[] apply(Mutation mutation, byte[] file) {
    if (file.length == 0) {
      return file;
    }
    return switch (mutation) {
      case Mutation.Flip(int at, int bit) -> {
        var out = file.clone();
        out[within(at, file)] ^= (byte) (1 << bit % 8);
        yield out;
      }
      case Mutation.Splice(int from, int to, int count) -> {
        var out = file.clone();
        int source = within(from, file);
        int target = within(to, file);
        System.arraycopy(
            file, source, out, target, Math.min(count, file.length - Math.max(source, target)));
        yield out;
      }
      case Mutation.Replace(int at, int count, String with, boolean fixLength) -> {
        int begin = within(at, file);
        int end = Math.min(begin + count, file.length);
        yield replace(file, begin, end, with.getBytes(ISO_8859_1), fixLength);
      }
      case Mutation.Truncate(int at) -> Arrays.copyOf(file, within(at, file));
      case Mutation.Append(int count) -> Arrays.copyOf(file, file.length + count);
      case Mutation.Length(long length) -> setLength(file.clone(), length);
      case Mutation.Edit(Token token, int which, String with) -> {
        var found = find(token, file);
        if (found.isEmpty()) {
          yield file;
        }
        var place = found.get(which % found.size());
        yield replace(file, place.start(), place.end(), with.getBytes(ISO_8859_1), true);
      }
      case Mutation.Swap(Token token, int one, int other) -> {
        var found = find(token, file);
        if (found.isEmpty()) {
          yield file;
        }
        int a = one % found.size();
        int b = other % found.size();
        var first = found.get(Math.min(a, b));
        var second = found.get(Math.max(a, b));
        byte[] out = file;
        if (a != b) {
          // The later one first, so that the place of the earlier stays.
          byte[] text = first.group().getBytes(ISO_8859_1);
          out = replace(out, second.start(), second.end(), text, true);
          text = second.group().getBytes(ISO_8859_1);
          out = replace(out, first.start(), first.end(), text, true);
        }
        yield out;
      }
    };
  }

  /** Returns a position, half of the time in the header and else behind it. */
  private static int within(int at, byte[] file) {
    int header = headerEnd(file);
    int data = file.length - header;
    return at % 2 == 0 || data == 0 ? at / 2 % header : header + at / 2 % data;
  }

  private static int headerEnd(byte[] file) {
    long length = PlainReader.headerLength(file);
    int room = file.length - Long.BYTES;
    return length < 0 || length > room ? file.length : Long.BYTES + (int) length;
  }

  private static List<MatchResult> find(Token token, byte[] file) {
    if (file.length < Long.BYTES) {
      return List.of();
    }
    // One character a byte, so that places in the text are places in the file.
    var header = new String(file, 0, headerEnd(file), ISO_8859_1);
    var found = new ArrayList<MatchResult>();
    var matcher = token.pattern.matcher(header).region(Long.BYTES, header.length());
    while (matcher.find()) {
      found.add(matcher.toMatchResult());
    }
    return found;
  }

  private static byte[] replace(byte[] file, int begin, int end, byte[] with, boolean fixLength) {
    var out = new byte[file.length - (end - begin) + with.length];
    System.arraycopy(file, 0, out, 0, begin);
    System.arraycopy(with, 0, out, begin, with.length);
    System.arraycopy(file, end, out, begin + with.length, file.length - end);
    boolean inHeader = begin >= Long.BYTES && end <= headerEnd(file);
    return fixLength && inHeader
        ? setLength(out, PlainReader.headerLength(file) + with.length - (end - begin))
        : out;
  }

  private static byte[] setLength(byte[] file, long length) {
    for (int i = 0; i < Math.min(Long.BYTES, file.length); i++) {
      file[i] = (byte) (length >>> (8 * i));
    }
    return file;
  }
}
