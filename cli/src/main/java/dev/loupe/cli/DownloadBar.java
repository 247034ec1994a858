package dev.loupe.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** One bar a file, in a terminal. */
final class DownloadBar implements DownloadLines {
  private static final int INTERVAL_MILLIS = 100;

  private final LoupeCommand command;
  private Optional<ProgressBar> bar = Optional.empty();

  DownloadBar(LoupeCommand command) {
    this.command = command;
  }

  @Override
  public void start(String file, long totalBytes) {
    close();
    var terminal = command.shell().err();
    var screen =
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
    boolean large = totalBytes >= Bytes.MEBI;
    bar =
        Optional.of(
            new ProgressBarBuilder()
                .setTaskName(file)
                .setInitialMax(totalBytes)
                .setUnit(large ? " MiB" : " B", large ? Bytes.MEBI : 1)
                .setStyle(
                    terminal.unicode() ? ProgressBarStyle.UNICODE_BLOCK : ProgressBarStyle.ASCII)
                .showSpeed()
                .setUpdateIntervalMillis(INTERVAL_MILLIS)
                .setConsumer(new ConsoleProgressBarConsumer(screen, terminal.width() - 1))
                .build());
  }

  @Override
  public void advance(String file, long bytes) {
    bar.ifPresent(it -> it.stepBy(bytes));
  }

  @Override
  public void done(String file) {
    close();
  }

  @Override
  public void note(String message) {
    bar.ifPresent(ProgressBar::pause);
    command.note(message);
    bar.ifPresent(ProgressBar::resume);
  }

  @Override
  public void close() {
    bar.ifPresent(ProgressBar::close);
    bar = Optional.empty();
  }
}
