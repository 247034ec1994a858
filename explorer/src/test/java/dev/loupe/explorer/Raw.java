package dev.loupe.explorer;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Requests byte for byte: also those that no client of HTTP lets one send. */
final class Raw {
  private Raw() {}

  /** An answer. */
  record Answer(int status, Map<String, String> headers, String body) {
    String header(String name) {
      return headers.getOrDefault(name.toLowerCase(Locale.ROOT), "");
    }
  }

  static Socket connect(int port) throws IOException {
    var socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(20_000);
    return socket;
  }

  /** Sends a request line with headers, the connection to be closed. */
  static Answer get(int port, String target, String... headers) throws IOException {
    return ask(port, "GET " + target + " HTTP/1.1", "", headers);
  }

  static Answer post(int port, String target, String body, String... headers) throws IOException {
    return ask(port, "POST " + target + " HTTP/1.1", body, headers);
  }

  static Answer ask(int port, String line, String body, String... headers) throws IOException {
    try (var socket = connect(port)) {
      socket.getOutputStream().write(request(port, line, body, headers));
      return answer(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  static byte[] request(int port, String line, String body, String... headers) {
    var text = new StringBuilder(line).append("\r\nConnection: close\r\n");
    if (!names("host", headers)) {
      text.append("Host: 127.0.0.1:").append(port).append("\r\n");
    }
    if (line.startsWith("POST")) {
      if (!names("content-type", headers)) {
        text.append("Content-Type: application/json\r\n");
      }
      if (!names("content-length", headers) && !names("transfer-encoding", headers)) {
        text.append("Content-Length: ")
            .append(body.getBytes(StandardCharsets.UTF_8).length)
            .append("\r\n");
      }
    }
    for (var header : headers) {
      text.append(header).append("\r\n");
    }
    return text.append("\r\n").append(body).toString().getBytes(StandardCharsets.UTF_8);
  }

  private static boolean names(String name, String... headers) {
    return Arrays.stream(headers)
        .anyMatch(header -> header.toLowerCase(Locale.ROOT).startsWith(name + ":"));
  }

  private static Answer answer(String text) {
    int end = text.indexOf("\r\n\r\n");
    var lines = text.substring(0, end).split("\r\n", -1);
    var headers = new TreeMap<String, String>();
    for (int i = 1; i < lines.length; i++) {
      int colon = lines[i].indexOf(':');
      headers.merge(
          lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
          lines[i].substring(colon + 1).strip(),
          (a, b) -> a + ", " + b);
    }
    var body = text.substring(end + 4);
    return new Answer(
        Integer.parseInt(lines[0].split(" ", -1)[1]),
        headers,
        headers.getOrDefault("transfer-encoding", "").equals("chunked") ? dechunked(body) : body);
  }

  /** Of texts in ASCII, whose characters are bytes. */
  private static String dechunked(String body) {
    var whole = new StringBuilder();
    int at = 0;
    while (at < body.length()) {
      int end = body.indexOf("\r\n", at);
      int size = Integer.parseInt(body.substring(at, end), 16);
      whole.append(body, end + 2, end + 2 + size);
      at = end + 2 + size + 2;
    }
    return whole.toString();
  }
}
