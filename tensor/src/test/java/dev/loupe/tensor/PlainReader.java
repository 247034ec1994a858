package dev.loupe.tensor;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Another safetensors reader, for comparison: a tree of the header, unbounded integers, bytes on
 * the heap. It takes for granted that a file is well-formed and fails in any way where it is not.
 */
final class PlainReader {
  private static final JsonMapper JSON = new JsonMapper();
  private static final Map<String, Integer> WIDTH =
      Map.of("F64", 8, "F32", 4, "F16", 2, "BF16", 2, "I64", 8, "I32", 4, "U8", 1, "BOOL", 1);

  record Plain(String dtype, List<BigInteger> shape, ByteBuffer bytes) {
    boolean isBoolean() {
      return IntStream.range(0, bytes.limit())
          .allMatch(i -> bytes.get(i) == 0 || bytes.get(i) == 1);
    }
  }

  private PlainReader() {}

  static long headerLength(byte[] file) {
    var bigEndian = new byte[Long.BYTES + 1];
    for (int i = 0; i < Math.min(Long.BYTES, file.length); i++) {
      bigEndian[Long.BYTES - i] = file[i];
    }
    return new BigInteger(bigEndian).longValue();
  }

  static Map<String, Plain> read(byte[] file) {
    int length = Math.toIntExact(headerLength(file));
    byte[] data = Arrays.copyOfRange(file, Long.BYTES + length, file.length);
    var covered = new BitSet();
    var out = new TreeMap<String, Plain>();
    for (var field : JSON.readTree(new String(file, Long.BYTES, length, UTF_8)).properties()) {
      if (!field.getKey().equals("__metadata__")) {
        out.put(field.getKey(), tensor(field.getValue(), data, covered));
      }
    }
    check(covered.cardinality() == data.length, "holes");
    return out;
  }

  private static Plain tensor(JsonNode entry, byte[] data, BitSet covered) {
    check(entry.size() == 3, "fields");
    var offsets = integers(entry.get("data_offsets"));
    int begin = offsets.getFirst().intValueExact();
    int end = offsets.getLast().intValueExact();
    check(offsets.size() == 2 && begin >= 0 && end <= data.length, "offsets");
    check(covered.get(begin, end).isEmpty(), "overlap");
    covered.set(begin, end);
    var shape = integers(entry.get("shape"));
    String dtype = entry.get("dtype").stringValue();
    var bytes =
        shape.stream()
            .reduce(BigInteger.valueOf(WIDTH.getOrDefault(dtype, -1)), BigInteger::multiply);
    check(bytes.equals(BigInteger.valueOf(end - begin)), "size");
    return new Plain(dtype, shape, ByteBuffer.wrap(Arrays.copyOfRange(data, begin, end)));
  }

  private static List<BigInteger> integers(JsonNode array) {
    check(array.isArray(), "array");
    return array.values().stream()
        .map(number -> {
          check(number.isIntegralNumber() && number.bigIntegerValue().signum() >= 0, "number");
          return number.bigIntegerValue();
        })
        .toList();
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError("accepted, but another reader finds wrong: " + what);
    }
  }
}
