package dev.loupe.explorer;

import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CancellationException;

/**
 * Lines of JSON that leave as they come. Before the first one the answer may still be a refusal.
 */
final class NdjsonLines {
  private final HttpServletResponse response;
  private volatile boolean begun;

  NdjsonLines(HttpServletResponse response) {
    this.response = response;
  }

  /** Returns what a stream writes to, giving way at each line. */
  Lines at(Desk.Turn turn) {
    return line -> {
      var json = Json.write(line);
      try {
        turn.pass(() -> send(json));
      } catch (IOException e) {
        throw gone(e);
      }
    };
  }

  private static CancellationException gone(IOException cause) {
    var gone = new CancellationException("nobody waits for the rest");
    gone.initCause(cause);
    return gone;
  }

  private void send(byte[] json) throws IOException {
    if (!begun) {
      response.setStatus(200);
      response.setContentType("application/x-ndjson");
      response.setHeader("Cache-Control", "no-store");
      begun = true;
    }
    var out = response.getOutputStream();
    out.write(json);
    out.write('\n');
    out.flush();
  }

  /** Tells whether a line has been sent. */
  boolean begun() {
    return begun;
  }

  /** Says at the end what went wrong. */
  void end(Failure failure) {
    var line = new LinkedHashMap<String, Object>(Map.of("type", "error"));
    line.put("error", failure.error());
    line.put("status", failure.status());
    failure.field().ifPresent(field -> line.put("field", field));
    try {
      send(Json.write(line));
    } catch (IOException e) {
      // Who asked is gone.
    }
  }
}
