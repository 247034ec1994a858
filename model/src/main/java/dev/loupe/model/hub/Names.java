package dev.loupe.model.hub;

import java.util.Arrays;
import java.util.regex.Pattern;

/** Refuses names that could lead out of the folder they are meant for. */
final class Names {
  private static final Pattern REPO =
      Pattern.compile("(?:[A-Za-z0-9_](?:[\\w.-]{0,94}\\w)?/)?[A-Za-z0-9_](?:[\\w.-]{0,94}\\w)?");
  private static final Pattern SEGMENT = Pattern.compile("[\\w+@=,-][\\w.+@=, -]{0,199}");
  private static final Pattern ETAG = Pattern.compile("[\\w-][\\w.-]{0,199}");
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");

  private Names() {}

  static void requireRepo(String repo) {
    if (!REPO.matcher(repo).matches()
        || repo.contains("..")
        || repo.contains("--")
        || repo.endsWith(".git")) {
      throw new HubException(
          "'%s' is not the name of a model on the hub: expected owner/name or name"
              .formatted(printable(repo)));
    }
  }

  static void requireRevision(String revision) {
    if (!isInside(revision)) {
      throw new HubException(
          "'%s' is not a revision: expected a branch, a tag or a commit"
              .formatted(printable(revision)));
    }
  }

  /** Checks a file name that came from the server or from a file of the server. */
  static void requireFile(String repo, String file) {
    if (!isInside(file)) {
      throw new HubException(
          "%s names a file '%s', which would not stay inside its folder: refused"
              .formatted(repo, printable(file)));
    }
  }

  static boolean isCommit(String text) {
    return COMMIT.matcher(text).matches();
  }

  static boolean isEtag(String text) {
    return ETAG.matcher(text).matches();
  }

  /** What a stranger sent, fit for a terminal. */
  static String printable(String text) {
    String plain = text.replaceAll("\\p{C}", "?");
    return plain.length() <= 100 ? plain : plain.substring(0, 100) + "...";
  }

  private static boolean isInside(String path) {
    return Arrays.stream(path.split("/", -1))
        .allMatch(s -> SEGMENT.matcher(s).matches() && !s.endsWith(".") && !s.endsWith(" "));
  }
}
