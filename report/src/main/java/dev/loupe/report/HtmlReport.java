package dev.loupe.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Make one HTML page out of blocks: self-contained, for reading offline, sending and printing.
 *
 * <p>The page asks for nothing from anywhere, and its content security policy forbids it to. All
 * numbers are readable without scripts too.
 *
 * @param title the main heading
 * @param summary one or two sentences under it; may be empty
 * @param blocks in reading order
 */
public record HtmlReport(String title, String summary, List<Block> blocks) {

  /** Copy the blocks; refuse a blank title with {@link IllegalArgumentException}. */
  public HtmlReport {
    Check.notBlank("report title", title);
    blocks = List.copyOf(blocks);
  }

  /** Start an empty report. */
  public static HtmlReport titled(String title) {
    return new HtmlReport(title, "", List.of());
  }

  /** Return this report with a summary under its title. */
  public HtmlReport withSummary(String text) {
    return new HtmlReport(title, text, blocks);
  }

  /** Return this report with blocks added at the end. */
  public HtmlReport add(Block... more) {
    return new HtmlReport(title, summary, Stream.concat(blocks.stream(), Stream.of(more)).toList());
  }

  /**
   * Return this report with what all end with: notes, what to type again, where numbers are from.
   */
  public HtmlReport ending(List<String> notes, String command, Provenance provenance) {
    var end = new ArrayList<Block>();
    notes.forEach(note -> end.add(new Prose(note)));
    end.add(new Section("Provenance"));
    end.add(new Command("Run it again", command));
    end.add(provenance);
    return add(end.toArray(Block[]::new));
  }

  /** Return the whole page. */
  public String html() {
    return Page.html(this);
  }

  /**
   * Write the page as UTF-8, creating folders as needed. A reader sees the old file or the whole
   * new one, never a part.
   *
   * @throws IOException if the file cannot be written; then the old file, if any, is as it was
   */
  public void write(Path file) throws IOException {
    Path target = file.toAbsolutePath();
    Path folder = target.getParent();
    if (folder == null) {
      throw new IOException("cannot write a report to " + file + ": it is not a file name");
    }
    Files.createDirectories(folder);
    Path part =
        folder.resolve(
            "."
                + target.getFileName()
                + "."
                + ProcessHandle.current().pid()
                + "-"
                + Thread.currentThread().threadId()
                + ".part");
    try {
      Files.write(part, html().getBytes(StandardCharsets.UTF_8));
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
  }
}
