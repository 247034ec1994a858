package dev.loupe.cli;

import dev.loupe.lens.Progress;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Tells how far a sweep has come: a bar with the time left in a terminal, nothing elsewhere. */
interface SweepBar extends Progress, AutoCloseable {
  /** Returns what suits the end that notes go to. */
  static SweepBar of(LoupeCommand command, String what) {
    if (!command.shell().errIsTerminal()) {
      return new SweepBar() {
        @Override
        public void at(long done, long total) {}

        @Override
        public void note(String remark) {
          command.note(remark);
        }

        @Override
        public void close() {}
      };
    }
    return new Drawn(command, what);
  }

  @Override
  void close();

  /** A bar on standard error that takes itself off the screen at the end. */
  final class Drawn implements SweepBar {
    private final LoupeCommand command;
    private final ProgressBar bar;

    private Drawn(LoupeCommand command, String what) {
      this.command = command;
      bar =
          new ProgressBarBuilder()
              .setTaskName(what)
              .setStyle(ProgressBarStyle.ASCII)
              .setInitialMax(-1)
              .setUpdateIntervalMillis(100)
              .clearDisplayOnFinish()
              .setConsumer(
                  new ConsoleProgressBarConsumer(System.err, command.shell().err().width()))
              .build();
    }

    @Override
    public void at(long done, long total) {
      bar.maxHint(total);
      bar.stepTo(done);
    }

    @Override
    public void note(String remark) {
      command.note(remark);
    }

    @Override
    public void close() {
      bar.close();
    }
  }
}
