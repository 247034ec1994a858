package dev.loupe.model.hub;

/**
 * Follow the download of files, one after the other, on the thread that called {@link Hub}.
 *
 * <p>For each file {@link #start}, then any number of {@link #advance}, then {@link #done} once it
 * is verified and in place. A download that fails has no {@code done}.
 */
public interface DownloadProgress {

  /** Begin a file of {@code totalBytes} bytes. */
  void start(String file, long totalBytes);

  /**
   * Count bytes of a file. Those already on disk from an interrupted download are counted first;
   * the number is negative when the server made the download start again.
   */
  void advance(String file, long bytes);

  /** End a file. */
  void done(String file);

  /** Tell what the user would wonder about, such as a wait before the next attempt. */
  default void note(String message) {}

  /** Return a listener that does nothing. */
  static DownloadProgress none() {
    return new DownloadProgress() {
      @Override
      public void start(String file, long totalBytes) {}

      @Override
      public void advance(String file, long bytes) {}

      @Override
      public void done(String file) {}
    };
  }
}
