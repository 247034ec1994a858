package dev.loupe.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.util.Optional;

/** Standard output that remembers its first failure, which a {@link PrintWriter} would swallow. */
final class StandardOutput extends OutputStream {
  // What a shell reports of a program that was stopped by SIGPIPE.
  private static final int BROKEN_PIPE = 141;

  private final OutputStream out;
  private Optional<IOException> failure = Optional.empty();

  StandardOutput() {
    this(new FileOutputStream(FileDescriptor.out));
  }

  StandardOutput(OutputStream out) {
    this.out = out;
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    try {
      out.write(bytes, offset, length);
    } catch (IOException e) {
      if (failure.isEmpty()) {
        failure = Optional.of(e);
      }
      throw e;
    }
  }

  /**
   * Returns the exit code of a command that ended with {@code code}: another where its results did
   * not all arrive. A reader that has seen enough ({@code | head}) is no error to speak of.
   */
  int exitCode(int code, PrintWriter err) {
    if (failure.isEmpty() || code != 0) {
      return code;
    }
    var reason = String.valueOf(failure.get().getMessage());
    if (reason.contains("Broken pipe")) {
      return BROKEN_PIPE;
    }
    err.println("loupe: cannot write to standard output: " + reason);
    return 1;
  }
}
