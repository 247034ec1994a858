package dev.loupe.tensor;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Headers alone; nothing here loads the native library. */
class SafeTensorsHeaderTest {
  private static final Path FILE = Path.of("weights.safetensors");

  private static SafeTensorsHeader parse(String header, long dataBytes) {
    return SafeTensorsHeader.parse(FILE, header.getBytes(UTF_8), dataBytes);
  }

  private static String entry(String name, String dtype, String shape, String offsets) {
    return "\"%s\":{\"dtype\":%s,\"shape\":%s,\"data_offsets\":%s}"
        .formatted(name, dtype, shape, offsets);
  }

  @Test
  void aHeaderIsReadInItsOwnOrderAndAnyOrderOfFields() {
    var header =
        parse(
            "{%s, \"__metadata__\": {\"format\": \"pt\", \"\": \"\\u00e9\"},\n %s,%s,%s}   "
                .formatted(
                    entry("b", "\"F32\"", "[2, 3]", "[8,32]"),
                    "\"a\":{\"data_offsets\":[0,8],\"shape\":[],\"dtype\":\"I64\"}",
                    entry("none", "\"U8\"", "[3,0]", "[8,8]"),
                    entry("", "\"BOOL\"", "[1]", "[32,33]")),
            33);
    assertThat(header.tensors().values())
        .containsExactly(
            new TensorInfo("b", DType.F32, List.of(2L, 3L), 8, 32),
            new TensorInfo("a", DType.I64, List.of(), 0, 8),
            new TensorInfo("none", DType.U8, List.of(3L, 0L), 8, 8),
            new TensorInfo("", DType.BOOL, List.of(1L), 32, 33));
    assertThat(header.metadata()).containsExactly(Map.entry("format", "pt"), Map.entry("", "é"));
  }

  @Test
  void aFileMayHoldNoTensor() {
    assertThat(parse("{}", 0).tensors()).isEmpty();
  }

  static Stream<Arguments> malformed() {
    String good = entry("w", "\"F32\"", "[2]", "[0,8]");
    return Stream.of(
        Arguments.of("", 0, "not a JSON object"),
        Arguments.of("[]", 0, "not a JSON object"),
        Arguments.of("   ", 0, "not a JSON object"),
        Arguments.of(" {}", 0, "not a JSON object"),
        Arguments.of("{}\n", 0, "padded with spaces only"),
        Arguments.of("{}\0", 0, "padded with spaces only"),
        Arguments.of("{} {}", 0, "has more behind the end"),
        Arguments.of("{}}", 0, "not valid JSON"),
        Arguments.of("{" + good + ",}", 8, "not valid JSON"),
        Arguments.of("{'w':1}", 8, "not valid JSON"),
        Arguments.of("{" + good + ",\"v}", 8, "not valid JSON"),
        Arguments.of("{\"w\":[0}", 8, "has an array as its entry"),
        Arguments.of("{\0\"\0w\0\"\0:\0}", 8, "not valid JSON"),
        Arguments.of("{\"\\ud800\":1}", 0, "surrogate"),
        Arguments.of("{\"\\udc00\":1}", 0, "surrogate"),
        Arguments.of("{\"\\ud800\\u0061\":1}", 0, "surrogate"),
        Arguments.of("{\"__metadata__\":{\"a\":\"\\udc00\"}}", 0, "surrogate"),
        Arguments.of("{" + good + "," + good + "}", 8, "Duplicate"),
        Arguments.of("{\"w\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", 8, "at tensor \"w\": Dupl"),
        Arguments.of("{\"__metadata__\":{},\"__metadata__\":{}}", 0, "Duplicate"),
        Arguments.of("{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", 0, "Duplicate"),
        Arguments.of("{\"__metadata__\":{\"n\":1}}", 0, "has 1 as __metadata__ \"n\"; expected a"),
        Arguments.of("{\"__metadata__\":null}", 0, "has null as __metadata__; expected an object"),
        Arguments.of("{\"__metadata__\":{\"n\":{}}}", 0, "has an object as __metadata__ \"n\""),
        Arguments.of("{\"w\":[]}", 0, "tensor \"w\" has an array as its entry"),
        Arguments.of("{\"w\":" + "[".repeat(100_000) + "}", 0, "tensor \"w\" has an array"),
        Arguments.of("{\"w\":" + "{\"w\":".repeat(100_000) + "}", 0, "unknown field \"w\""),
        Arguments.of("{\"w\":{}}", 0, "tensor \"w\" lacks the field dtype"),
        Arguments.of("{\"w\":{\"dtype\":\"F32\"}}", 0, "tensor \"w\" lacks the field shape"),
        Arguments.of("{\"w\":{\"dtype\":\"F32\",\"shape\":[]}}", 4, "lacks the field data_offsets"),
        Arguments.of("{\"w\":{\"dtype\":\"F32\",\"size\":4}}", 4, "the unknown field \"size\""),
        entryOf("\"F8_E4M3\"", "[2]", "[0,2]", 2, "F8_E4M3, which Loupe does not read (it reads"),
        entryOf("\"C64\"", "[2]", "[0,16]", 16, "dtype C64, which Loupe does not read"),
        entryOf("\"float32\"", "[2]", "[0,8]", 8, "unknown dtype \"float32\"; expected one of F64"),
        entryOf("\"f32\"", "[2]", "[0,8]", 8, "unknown dtype \"f32\""),
        entryOf("32", "[2]", "[0,8]", 8, "has 32 as dtype; expected a string"),
        entryOf("\"F32\"", "2", "[0,8]", 8, "has 2 as shape; expected an array"),
        entryOf("\"F32\"", "null", "[0,8]", 8, "has null as shape"),
        entryOf("\"F32\"", "[[2]]", "[0,8]", 8, "has an array as a number of shape"),
        entryOf("\"F32\"", "[-2]", "[0,8]", 8, "has -2 as a number of shape"),
        entryOf("\"F32\"", "[-0]", "[0,0]", 0, "has -0 as a number of shape"),
        entryOf("\"F32\"", "[2.0]", "[0,8]", 8, "has 2.0 as a number of shape"),
        entryOf("\"F32\"", "[2e0]", "[0,8]", 8, "has 2e0 as a number of shape"),
        entryOf("\"F32\"", "[\"2\"]", "[0,8]", 8, "has \"2\" as a number of shape"),
        entryOf("\"F32\"", "[true]", "[0,8]", 8, "has true as a number of shape"),
        entryOf("\"F32\"", "[02]", "[0,8]", 8, "not valid JSON at tensor \"w\""),
        entryOf("\"F32\"", "[NaN]", "[0,8]", 8, "not valid JSON at tensor \"w\""),
        entryOf("\"U8\"", "[9223372036854775808]", "[0,8]", 8, "above 2^63 - 1"),
        entryOf("\"U8\"", "[4294967296,2147483648]", "[0,0]", 0, "above 2^63 - 1"),
        entryOf("\"U8\"", "[4294967296,4294967296]", "[0,0]", 0, "above 2^63 - 1"),
        entryOf("\"F64\"", "[1152921504606846976]", "[0,0]", 0, "above 2^63 - 1"),
        entryOf("\"U8\"", "[0,4294967296,4294967296]", "[0,0]", 0, "above 2^63 - 1"),
        entryOf("\"U8\"", "[" + "1,".repeat(64) + "1]", "[0,1]", 1, "more than 64 numbers"),
        entryOf("\"F32\"", "[2]", "[0]", 8, "has data_offsets [0]; expected [begin, end]"),
        entryOf("\"F32\"", "[2]", "[0,8,8]", 8, "more than 2 numbers in data_offsets"),
        entryOf("\"F32\"", "[2]", "{\"0\":0}", 8, "has an object as data_offsets"),
        entryOf("\"F32\"", "[2]", "[0,8.0]", 8, "has 8.0 as a number of data_offsets"),
        entryOf("\"F32\"", "[2]", "[0,1e3]", 8, "has 1e3 as a number of data_offsets"),
        entryOf("\"F32\"", "[2]", "[-8,0]", 8, "has -8 as a number of data_offsets"),
        entryOf("\"F32\"", "[2]", "[8,0]", 8, "which end before they begin"),
        entryOf("\"F32\"", "[2]", "[0,8]", 7, "but the file has 7 bytes of data"),
        entryOf("\"F32\"", "[2]", "[0,9223372036854775807]", 8, "but the file has 8 bytes"),
        entryOf("\"F32\"", "[2]", "[0,18446744073709551615]", 8, "above 2^63 - 1"),
        entryOf("\"F32\"", "[3]", "[0,8]", 8, "has 8 bytes (data_offsets [0, 8]); expected 12"),
        entryOf("\"F32\"", "[]", "[0,8]", 8, "expected 4 for shape [] of F32"),
        entryOf("\"F32\"", "[2]", "[0,8]", 10, "last 2 bytes, behind tensor \"w\", belong to no"),
        entryOf("\"F32\"", "[2]", "[1,9]", 9, "bytes 0 to 1 between the beginning and tensor"),
        Arguments.of("{}", 1, "last 1 bytes, behind the beginning, belong to no tensor"),
        Arguments.of(
            "{" + good + "," + entry("v", "\"U8\"", "[8]", "[4,12]") + "}",
            12,
            "tensor \"v\" at bytes 4 to 12 overlaps tensor \"w\", which ends at 8"),
        Arguments.of(
            "{" + good + "," + entry("v", "\"U8\"", "[8]", "[0,8]") + "}", 8, "overlaps tensor"),
        Arguments.of(
            "{" + good + "," + entry("v", "\"U8\"", "[0]", "[4,4]") + "}", 8, "overlaps tensor"),
        Arguments.of(
            "{" + good + "," + entry("v", "\"U8\"", "[1]", "[9,10]") + "}",
            10,
            "bytes 8 to 9 between tensor \"w\" and tensor \"v\" belong to no tensor"));
  }

  private static Arguments entryOf(
      String dtype, String shape, String offsets, int dataBytes, String reason) {
    return Arguments.of("{" + entry("w", dtype, shape, offsets) + "}", dataBytes, reason);
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void aMalformedHeaderIsRefusedWithFileAndReason(String header, int dataBytes, String reason) {
    assertThatThrownBy(() -> parse(header, dataBytes))
        .isInstanceOf(SafeTensorsException.class)
        .hasMessageStartingWith("weights.safetensors: ")
        .hasMessageContaining(reason);
  }

  @Test
  void aHeaderThatIsNotUtf8IsRefused() {
    for (String bytes : List.of("\u00e9", "\u00c0\u00af", "\u00ed\u00a0\u0080", "\u00ff")) {
      byte[] header = ("{\"" + bytes + "\":{}}").getBytes(ISO_8859_1);
      assertThatThrownBy(() -> SafeTensorsHeader.parse(FILE, header, 0))
          .isInstanceOf(SafeTensorsException.class)
          .hasMessageContaining("not valid UTF-8");
    }
  }

  @Test
  void aMessageStaysOnOneBoundedLineWhateverTheName() {
    String name = "\\u001b[31m\\n" + "x".repeat(40_000);
    String entry = "\"" + name + "\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}";
    for (String header : List.of("{\"" + name + "\":1}", "{" + entry + "," + entry + "}")) {
      assertThatThrownBy(() -> parse(header, 0))
          .isInstanceOf(SafeTensorsException.class)
          .message()
          .hasSizeLessThan(500)
          .doesNotContain("\n", "\u001b");
    }
  }

  @Test
  void theLengthOfTheHeaderIsCheckedBeforeItIsRead(@TempDir Path folder) throws IOException {
    var file = folder.resolve("short.safetensors");
    assertRefused(file, new byte[0], 0, "is 0 bytes long; expected at least the 8");
    assertRefused(file, new byte[7], 7, "is 7 bytes long");
    assertRefused(file, new byte[8], 8, "not a JSON object");
    assertRefused(file, new byte[] {3, 0, 0, 0, 0, 0, 0, 0, '{', '}'}, 10, "header of 3 bytes is");
    var unsigned = new byte[] {-1, -1, -1, -1, -1, -1, -1, -1, '{', '}'};
    assertRefused(file, unsigned, 10, "header of 18446744073709551615 bytes is longer than");
    // 100,000,001, in a sparse file that has room for it.
    var large = new byte[] {1, (byte) 0xE1, (byte) 0xF5, 5, 0, 0, 0, 0};
    assertRefused(file, large, 100_000_009, "header of 100000001 bytes is above the format's");
  }

  private static void assertRefused(Path file, byte[] bytes, long size, String reason)
      throws IOException {
    Files.write(file, bytes);
    try (var out = new RandomAccessFile(file.toFile(), "rw")) {
      out.setLength(size);
    }
    assertThatThrownBy(() -> SafeTensors.open(file))
        .isInstanceOf(SafeTensorsException.class)
        .hasMessageStartingWith(file.toString())
        .hasMessageContaining(reason);
  }
}
