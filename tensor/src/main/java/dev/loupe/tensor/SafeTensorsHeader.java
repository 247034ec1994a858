package dev.loupe.tensor;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The header of a safetensors file, complete and consistent: every byte behind it belongs to
 * exactly one tensor.
 *
 * @param dataBegin where the tensors' bytes begin in the file
 * @param tensors by name, in the order of the header
 * @param metadata in the order of the header
 */
record SafeTensorsHeader(
    long dataBegin, Map<String, TensorInfo> tensors, Map<String, String> metadata) {
  /** The format's own limit. */
  static final int MAX_BYTES = 100_000_000;

  static final String METADATA = "__metadata__";

  private static final String DOCUMENT = "header";
  private static final int MAX_RANK = 64;
  private static final Map<String, DType> READ =
      Arrays.stream(DType.values()).collect(Collectors.toMap(DType::name, t -> t));
  private static final Set<String> NOT_READ =
      Set.of(
          "I8",
          "I16",
          "U16",
          "U32",
          "U64",
          "C64",
          "F4",
          "F6_E2M3",
          "F6_E3M2",
          "F8_E4M3",
          "F8_E5M2",
          "F8_E8M0",
          "F8_E4M3FNUZ",
          "F8_E5M2FNUZ");

  SafeTensorsHeader {
    tensors = Collections.unmodifiableMap(tensors);
    metadata = Collections.unmodifiableMap(metadata);
  }

  /** Reads the header with plain reads, which fail cleanly where a file shrinks meanwhile. */
  static SafeTensorsHeader read(Path file, RandomAccessFile in) throws IOException {
    long size = in.length();
    if (size < Long.BYTES) {
      throw new SafeTensorsException(
          file, "is " + size + " bytes long; expected at least the 8 of the header's length");
    }
    in.seek(0);
    long length = Long.reverseBytes(in.readLong());
    long room = size - Long.BYTES;
    if (Long.compareUnsigned(length, room) > 0) {
      throw new SafeTensorsException(
          file,
          ("header of %s bytes is longer than the rest of the file (%d bytes); the file is cut"
                  + " short or is not safetensors")
              .formatted(Long.toUnsignedString(length), room));
    }
    if (length > MAX_BYTES) {
      throw new SafeTensorsException(
          file, "header of " + length + " bytes is above the format's limit of " + MAX_BYTES);
    }
    var text = new byte[(int) length];
    in.readFully(text);
    return parse(file, text, room - length);
  }

  /** Parses and checks a header in front of {@code dataBytes} bytes of tensors. */
  static SafeTensorsHeader parse(Path file, byte[] text, long dataBytes) {
    int end = text.length;
    while (end > 0 && text[end - 1] == ' ') {
      end--;
    }
    if (end == 0 || text[0] != '{' || text[end - 1] != '}') {
      throw new SafeTensorsException(
          file, "header is not a JSON object from its first byte on, padded with spaces only");
    }
    var tensors = new LinkedHashMap<String, TensorInfo>();
    var metadata = new LinkedHashMap<String, String>();
    SafeTensorsJson.readObject(
        file,
        DOCUMENT,
        text,
        (json, name) -> {
          json.toValue();
          if (name.equals(METADATA)) {
            json.object(
                METADATA,
                key -> {
                  json.toValue();
                  metadata.put(key, json.string(METADATA + " " + SafeTensorsException.quoted(key)));
                });
          } else {
            json.about(name);
            tensors.put(name, entry(json, name, dataBytes));
            json.about(null);
          }
        });
    checkLayout(file, tensors, dataBytes);
    return new SafeTensorsHeader((long) Long.BYTES + text.length, tensors, metadata);
  }

  private static TensorInfo entry(SafeTensorsJson json, String name, long dataBytes) {
    var entry = new Entry();
    json.object("its entry", field -> entry.read(json, field));
    return entry.complete(json, name, dataBytes);
  }

  /** The fields of one tensor, as they come. */
  private static final class Entry {
    private @Nullable DType dtype;
    private @Nullable List<Long> shape;
    private @Nullable List<Long> offsets;

    void read(SafeTensorsJson json, String field) {
      json.toValue();
      switch (field) {
        case "dtype" -> dtype = dtype(json, json.string(field));
        case "shape" -> shape = naturals(json, field, MAX_RANK);
        case "data_offsets" -> offsets = naturals(json, field, 2);
        default ->
            throw json.refusal(
                "has the unknown field "
                    + SafeTensorsException.quoted(field)
                    + "; expected dtype, shape and data_offsets");
      }
    }

    private static DType dtype(SafeTensorsJson json, String text) {
      DType dtype = READ.get(text);
      if (dtype != null) {
        return dtype;
      }
      String known = Stream.of(DType.values()).map(DType::name).collect(Collectors.joining(", "));
      throw json.refusal(
          NOT_READ.contains(text)
              ? "has dtype " + text + ", which Loupe does not read (it reads " + known + ")"
              : "has the unknown dtype "
                  + SafeTensorsException.quoted(text)
                  + "; expected one of "
                  + known);
    }

    private static List<Long> naturals(SafeTensorsJson json, String field, int atMost) {
      var out = new ArrayList<Long>();
      json.array(
          field,
          () -> {
            if (out.size() == atMost) {
              throw json.refusal("has more than " + atMost + " numbers in " + field);
            }
            out.add(json.natural("a number of " + field));
          });
      return out;
    }

    TensorInfo complete(SafeTensorsJson json, String name, long dataBytes) {
      if (dtype == null || shape == null || offsets == null) {
        String missing = dtype == null ? "dtype" : shape == null ? "shape" : "data_offsets";
        throw json.refusal("lacks the field " + missing);
      }
      if (offsets.size() != 2) {
        throw json.refusal("has data_offsets " + offsets + "; expected [begin, end]");
      }
      long begin = offsets.getFirst();
      long end = offsets.getLast();
      if (begin > end) {
        throw json.refusal("has data_offsets " + offsets + ", which end before they begin");
      }
      if (end > dataBytes) {
        throw json.refusal(
            "has data_offsets " + offsets + ", but the file has " + dataBytes + " bytes of data");
      }
      long bytes = bytes(json, shape, dtype);
      if (end - begin != bytes) {
        throw json.refusal(
            "has %d bytes (data_offsets %s); expected %d for shape %s of %s"
                .formatted(end - begin, offsets, bytes, shape, dtype));
      }
      return new TensorInfo(name, dtype, shape, begin, end);
    }

    private static long bytes(SafeTensorsJson json, List<Long> shape, DType dtype) {
      long strides = dtype.bytes();
      for (long size : shape) {
        // Zero counts as one: libtorch multiplies the other sizes into strides all the same.
        long factor = Math.max(size, 1);
        if (Math.multiplyHigh(strides, factor) != 0 || strides * factor < 0) {
          throw json.refusal("has shape " + shape + ", whose size in bytes is above 2^63 - 1");
        }
        strides *= factor;
      }
      return shape.contains(0L) ? 0 : strides;
    }
  }

  private static void checkLayout(Path file, Map<String, TensorInfo> tensors, long dataBytes) {
    var inOrder = new ArrayList<>(tensors.values());
    inOrder.sort(Comparator.comparingLong(TensorInfo::begin).thenComparingLong(TensorInfo::end));
    long covered = 0;
    String before = "the beginning";
    for (var tensor : inOrder) {
      String name = "tensor " + SafeTensorsException.quoted(tensor.name());
      if (tensor.begin() < covered) {
        throw new SafeTensorsException(
            file,
            "%s at bytes %d to %d overlaps %s, which ends at %d"
                .formatted(name, tensor.begin(), tensor.end(), before, covered));
      }
      if (tensor.begin() > covered) {
        throw new SafeTensorsException(
            file,
            "bytes %d to %d between %s and %s belong to no tensor"
                .formatted(covered, tensor.begin(), before, name));
      }
      covered = tensor.end();
      before = name;
    }
    if (covered != dataBytes) {
      throw new SafeTensorsException(
          file,
          "the last %d bytes, behind %s, belong to no tensor"
              .formatted(dataBytes - covered, before));
    }
  }
}
