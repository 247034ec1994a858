package dev.loupe.cli;

import dev.loupe.model.hub.DownloadProgress;

/** Tells of downloads: a bar in a terminal, a line a file elsewhere. */
interface DownloadLines extends DownloadProgress, AutoCloseable {
  /** Returns what suits the end that notes go to. */
  static DownloadLines of(LoupeCommand command) {
    return command.shell().errIsTerminal()
        ? new DownloadBar(command)
        : new DownloadLines() {
          @Override
          public void start(String file, long totalBytes) {
            command.note("downloading " + file + ", " + Bytes.show(totalBytes));
          }

          @Override
          public void advance(String file, long bytes) {}

          @Override
          public void done(String file) {}

          @Override
          public void note(String message) {
            command.note(message);
          }

          @Override
          public void close() {}
        };
  }

  /** Takes a bar that is not full off the screen's last line. */
  @Override
  void close();
}
