package dev.loupe.lens.sweep;

import dev.loupe.lens.Metric.Reads;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.ModelConfig;

/** About how much memory path patching of a block of prompts takes, by which it is split. */
final class PathCosts {
  private final PathPatching patching;
  private final PathLayout layout;
  private final ModelConfig config;
  private final long element;

  PathCosts(HookedTransformer model, PathPatching patching) {
    this.patching = patching;
    config = model.config();
    layout = new PathLayout(patching, PathStages.of(config));
    element = model.weights().wE().dtype().bytes();
  }

  PathLayout layout() {
    return layout;
  }

  /** Returns the bytes of what all chunks share. */
  long bytesHeld() {
    long perLayer = 2L * config.dModel() + 2L * config.nHeads() * config.dHead();
    long receivers = (long) patching.receivers().size() * config.nHeads() * config.dHead();
    return element
        * ((long) layout.held().length * config.nLayers() * perLayer
            + tokens() * (4L * config.dModel() + receivers)
            + logits());
  }

  /** Returns the bytes that one cell takes at its peak. */
  long bytesPerCell() {
    long row = 10L * config.dModel() + 4L * config.dMlp();
    long attention = 4L * config.nHeads() * (layout.length() + 2L * config.dHead());
    boolean replays =
        patching.receivers().stream().anyMatch(r -> !(r instanceof Receiver.FinalResidual));
    long read = readsEvery() ? tokens() : patching.prompts().size();
    return element
        * (layout.rowsPerCell() * row
            + (replays ? tokens() * (row + attention) : 0)
            + 3 * read * config.dModel()
            + 4 * logits());
  }

  private long tokens() {
    return (long) patching.prompts().size() * layout.length();
  }

  private boolean readsEvery() {
    return patching.metric().reads() == Reads.EVERY;
  }

  private long logits() {
    long prompts = patching.prompts().size();
    return switch (patching.metric().reads()) {
      case ANSWERS -> prompts * patching.prompts().answers().tokens().length;
      case LAST -> prompts * config.dVocab();
      case EVERY -> tokens() * config.dVocab();
    };
  }
}
