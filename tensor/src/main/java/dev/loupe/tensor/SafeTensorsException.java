package dev.loupe.tensor;

import java.io.Serial;
import java.nio.file.Path;

/** Says that a safetensors file was refused: which file, which tensor, and why. */
public final class SafeTensorsException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;
  private static final int LONGEST_NAME = 200;

  SafeTensorsException(Path file, String reason) {
    super(file + ": " + reason);
  }

  SafeTensorsException(Path file, String reason, Throwable cause) {
    super(file + ": " + reason, cause);
  }

  /** Returns a name out of a file as a message can show it: on one line and of bounded length. */
  static String quoted(String name) {
    String head = name.length() <= LONGEST_NAME ? name : name.substring(0, LONGEST_NAME) + "...";
    return '"' + head.replaceAll("\\p{Cntrl}", "?") + '"';
  }
}
