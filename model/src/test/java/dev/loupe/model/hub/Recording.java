package dev.loupe.model.hub;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Remembers what a download reported. */
final class Recording implements DownloadProgress {
  final Map<String, Long> totals = new ConcurrentHashMap<>();
  final Map<String, Long> bytes = new ConcurrentHashMap<>();
  final List<String> done = new CopyOnWriteArrayList<>();
  final List<String> notes = new CopyOnWriteArrayList<>();

  @Override
  public void start(String file, long totalBytes) {
    totals.put(file, totalBytes);
    bytes.put(file, 0L);
  }

  @Override
  public void advance(String file, long count) {
    bytes.merge(file, count, Long::sum);
  }

  @Override
  public void done(String file) {
    done.add(file);
  }

  @Override
  public void note(String message) {
    notes.add(message);
  }
}
