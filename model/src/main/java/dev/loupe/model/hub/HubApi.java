package dev.loupe.model.hub;

import dev.loupe.model.hub.HubHttp.Reply;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The three questions to a hub about one repository, and what its refusals mean. */
final class HubApi implements AutoCloseable {
  private static final int MOST_JSON = 64 << 20;
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final HubConfig config;
  private final String repo;
  private final DownloadProgress progress;
  private final HubHttp http;

  HubApi(HubConfig config, String repo, DownloadProgress progress) {
    this.config = config;
    this.repo = repo;
    this.progress = progress;
    this.http = new HubHttp(config);
  }

  /** A commit and the names of its files, which are as the server sent them. */
  record Listing(String commit, Set<String> files) {}

  private interface Request<T> {
    T send() throws IOException, InterruptedException;
  }

  Listing listing(String revision, RetryPolicy policy) throws InterruptedException {
    URI address = address("api/models/" + repo + "/revision/" + encode(revision));
    return retrying(
        repo,
        policy,
        () -> {
          try (Reply reply = http.get(address, Map.of("Accept", "application/json"))) {
            require(reply, revision, repo);
            return parse(reply);
          }
        });
  }

  /** Asks for the etag and size of a file. */
  RemoteFile head(String commit, String file) throws InterruptedException {
    return retrying(
        file,
        config.retry(),
        () -> {
          try (Reply reply = http.head(resolve(commit, file))) {
            if (!reply.redirects()) {
              require(reply, commit, file);
            }
            return describe(reply, file);
          }
        });
  }

  /**
   * Opens the content of a file from a byte on, once; the answer is 200, 206 or 416.
   *
   * @throws IOException if trying again may help
   */
  Reply open(String commit, RemoteFile file, long from) throws IOException, InterruptedException {
    Map<String, String> range = from == 0 ? Map.of() : Map.of("Range", "bytes=" + from + "-");
    Reply reply = http.get(resolve(commit, file.name()), range);
    boolean usable = false;
    try {
      if (reply.status() != 416) {
        require(reply, commit, file.name());
      }
      usable = true;
      return reply;
    } finally {
      if (!usable) {
        reply.close();
      }
    }
  }

  @Override
  public void close() {
    http.close();
  }

  private <T> T retrying(String what, RetryPolicy policy, Request<T> request)
      throws InterruptedException {
    Backoff backoff = new Backoff(what, policy, progress);
    while (true) {
      try {
        return request.send();
      } catch (IOException e) {
        backoff.after(e);
      }
    }
  }

  private URI resolve(String commit, String file) {
    String path =
        Arrays.stream(file.split("/")).map(HubApi::encode).collect(Collectors.joining("/"));
    return address(repo + "/resolve/" + commit + "/" + path);
  }

  private URI address(String path) {
    return URI.create(config.endpoint() + "/" + path);
  }

  private static String encode(String segment) {
    return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private Listing parse(Reply reply) throws IOException, InterruptedException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (List<ByteBuffer> piece = reply.next(); !piece.isEmpty(); piece = reply.next()) {
      for (ByteBuffer buffer : piece) {
        byte[] part = new byte[buffer.remaining()];
        buffer.get(part);
        bytes.write(part);
      }
      if (bytes.size() > MOST_JSON) {
        throw notAHub("a list of files without end");
      }
    }
    JsonNode answer;
    try {
      answer = JSON.readTree(bytes.toByteArray());
    } catch (JacksonException e) {
      throw notAHub("something that is not JSON");
    }
    String commit = answer.path("sha").asString("");
    if (!Names.isCommit(commit)) {
      throw notAHub("no commit");
    }
    Set<String> files = new TreeSet<>();
    for (JsonNode sibling : answer.path("siblings").values()) {
      files.add(sibling.path("rfilename").asString(""));
    }
    return new Listing(commit, files);
  }

  private RemoteFile describe(Reply reply, String file) {
    String etag =
        reply
            .header("X-Linked-Etag")
            .or(() -> reply.header("ETag"))
            .orElse("")
            .replaceFirst("^W/", "")
            .replace("\"", "");
    String size =
        reply
            .header("X-Linked-Size")
            .or(() -> reply.redirects() ? Optional.empty() : reply.header("Content-Length"))
            .orElse("");
    if (!Names.isEtag(etag)) {
      throw notAHub("no usable ETag for " + file);
    }
    if (!size.matches("[0-9]{1,18}")) {
      throw notAHub("no size for " + file);
    }
    return new RemoteFile(file, etag, Long.parseLong(size));
  }

  private HubException notAHub(String got) {
    return new HubException(
        "%s: %s answered with %s, which no Hugging Face hub does: check HF_ENDPOINT"
            .formatted(repo, config.endpoint(), got));
  }

  /** Turns any answer but success into an exception: an IOException where a retry may help. */
  private void require(Reply reply, String revision, String what) throws IOException {
    int status = reply.status();
    if (status / 100 == 2) {
      return;
    }
    // a signed address of the content host may just have expired: asking the hub again gives a new
    // one
    boolean expired = reply.offsite() && status == 403;
    if (status == 408 || status == 429 || status / 100 == 5 || expired) {
      throw new TransientStatus(status, reply.header("Retry-After"));
    }
    String code = reply.header("X-Error-Code").orElse("");
    throw switch (status) {
      case 401, 403 -> denied(status, code);
      case 404 -> new HubException(absent(code, revision, what));
      default ->
          new HubException(
              "%s: %s answered with status %d".formatted(what, config.endpoint(), status));
    };
  }

  private HubException denied(int status, String code) {
    String page = config.endpoint() + "/" + repo;
    String token =
        config.token().isPresent()
            ? "the account of your HF_TOKEN has no access, or the token is not valid"
            : "no token was sent: set HF_TOKEN";
    return new HubException(
        code.equals("GatedRepo")
            ? "%s is gated (%d): accept its licence at %s; %s".formatted(repo, status, page, token)
            : ("%s (%d): no such model, or it is private or gated: check the name at %s, accept its"
                    + " licence there; %s")
                .formatted(repo, status, page, token));
  }

  private String absent(String code, String revision, String what) {
    return switch (code) {
      case "RevisionNotFound" -> "%s has no revision '%s' (404)".formatted(repo, revision);
      case "RepoNotFound" -> "no model %s on %s (404)".formatted(repo, config.endpoint());
      default ->
          what.equals(repo)
              ? "no model %s with a revision '%s' on %s (404): check the spelling"
                  .formatted(repo, revision, config.endpoint())
              : "%s has no file %s at %s (404)".formatted(repo, what, revision);
    };
  }
}
