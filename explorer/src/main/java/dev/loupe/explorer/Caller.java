package dev.loupe.explorer;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.BooleanSupplier;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.util.BufferUtil;

/**
 * Tells whether who asked has hung up, which servlets notice only when they write. A client of
 * HTTP/1.1 says nothing while it waits, so that reading finds either nothing or the end.
 */
final class Caller implements BooleanSupplier {
  private final EndPoint endPoint;
  private final HttpServletResponse response;
  private final ByteBuffer unexpected = BufferUtil.allocate(1);
  private boolean talks;

  /** Watches over a request whose body has been read. */
  Caller(HttpServletRequest request, HttpServletResponse response) {
    endPoint =
        ServletContextRequest.getServletContextRequest(request)
            .getConnectionMetaData()
            .getConnection()
            .getEndPoint();
    this.response = response;
  }

  @Override
  public boolean getAsBoolean() {
    if (talks) {
      return false;
    }
    try {
      int read = endPoint.fill(unexpected);
      if (read > 0) {
        // It sends its next request already, of which a byte is lost now: it has to ask again.
        talks = true;
        response.setHeader("Connection", "close");
      }
      return read < 0;
    } catch (IOException e) {
      return true;
    }
  }
}
