package dev.loupe.study;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;

/**
 * Writes what a sweep found into files for other programs. A reader sees the old file or the whole
 * new one, never a part.
 */
public final class SweepFiles {
  private SweepFiles() {}

  /** Writes something into a file that is not there yet. */
  @FunctionalInterface
  public interface Writer {
    /** Writes it. */
    void write(Path file) throws IOException;
  }

  /**
   * Writes JSON: metric, direction, baselines, axes, values, recovery and their intervals as nested
   * arrays in the order of the axes, prompts with their exact tokens, and where it all comes from.
   *
   * @param facts what else belongs to the provenance
   * @throws IOException if the file cannot be written; then the old file, if any, is as it was
   */
  public static void writeJson(Path file, SweepFindings findings, Map<String, String> facts)
      throws IOException {
    byte[] json = new SweepJson(findings).bytes(facts);
    replace(file, part -> Files.write(part, json));
  }

  /**
   * Writes Parquet, one row a cell: its label on every axis, value, standard_error, low and high of
   * its 95 % bootstrap interval, n, recovery, recovery_standard_error, recovery_low, recovery_high;
   * NULL where there is no number. Grids of more than 5,000 cells or 250,000 values have no
   * intervals.
   *
   * @throws IOException if the file cannot be written; then the old file, if any, is as it was
   */
  public static void writeParquet(Path file, SweepFindings findings) throws IOException {
    var table = new SweepTable(findings.result());
    replace(file, table::writeTo);
  }

  /**
   * Puts a file in the place of another in one step.
   *
   * @param writer writes the new one into a file that is not there yet
   * @throws IOException if it cannot be written; then the old file, if any, is as it was
   */
  public static void replace(Path file, Writer writer) throws IOException {
    var target = file.toAbsolutePath();
    var part =
        target.resolveSibling(
            "." + target.getFileName() + "." + ProcessHandle.current().pid() + ".part");
    try {
      writer.write(part);
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
  }
}
