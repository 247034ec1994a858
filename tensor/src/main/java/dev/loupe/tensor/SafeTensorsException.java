package dev.loupe.tensor;

import java.io.Serial;
import java.nio.file.Path;

/** Says that a safetensors file was refused: which file, which tensor, and why. */
public final class SafeTensorsException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;
  private static final int LONGEST = 200;

  SafeTensorsException(Path file, String reason) {
    super(file + ": " + reason);
  }

  SafeTensorsException(Path file, String reason, Throwable cause) {
    super(file + ": " + reason, cause);
  }

  /** Returns a name out of a file as a message can show it. */
  static String quoted(String name) {
    return '"' + shown(name) + '"';
  }

  /** Returns text out of a file on one line and of bounded length. */
  static String shown(String text) {
    String head = text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "...";
    return head.replaceAll("\\p{Cntrl}", "?");
  }
}
