package dev.loupe.explorer;

import dev.loupe.model.HookedTransformer;

/**
 * A page, and the server behind it, in which every click is an intervention on a running model. It
 * listens on this machine alone unless it is told otherwise, and keeps nothing of its visitors: the
 * state of the page is in its address.
 */
public final class Explorer implements AutoCloseable {
  private final Workbench workbench;
  private final Server server;

  private Explorer(Workbench workbench, Server server) {
    this.workbench = workbench;
    this.server = server;
  }

  /**
   * Starts to serve the page for a model, which is to stay open until the explorer is closed.
   *
   * @throws IllegalArgumentException if the model has no tokenizer
   * @throws IllegalStateException if it cannot listen there, such as on a port that is taken
   */
  public static Explorer start(HookedTransformer model, ExplorerOptions options) {
    return start(new ModelWorkbench(model), options);
  }

  /** Starts to serve the page with other answers. */
  static Explorer start(Workbench workbench, ExplorerOptions options) {
    try {
      return new Explorer(workbench, Server.start(workbench, Assets.ofPage(), options));
    } catch (RuntimeException | Error e) {
      workbench.close();
      throw e;
    }
  }

  /** Returns the address of the page, with the token if there is one. */
  public String url() {
    return server.url();
  }

  /** Returns the port. */
  public int port() {
    return server.port();
  }

  /** Refuses what comes, lets the piece that is being computed end, and stops listening. */
  @Override
  public void close() {
    server.close();
    workbench.close();
  }
}
