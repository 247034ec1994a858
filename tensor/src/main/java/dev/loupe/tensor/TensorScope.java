package dev.loupe.tensor;

import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.jspecify.annotations.Nullable;

/**
 * Frees, when it is closed, every tensor this thread made since it was opened.
 *
 * <p>Scopes nest. What must outlive its scope is handed to the enclosing one with {@link #keep}. A
 * tensor made outside any scope lives until the garbage collector finds it.
 *
 * <pre>{@code
 * try (var scope = TensorScope.open()) {
 *   return scope.keep(a.matmul(b).softmax(-1));
 * }
 * }</pre>
 */
public final class TensorScope implements AutoCloseable {
  private final PointerScope scope;

  static {
    Torch.load();
  }

  private TensorScope() {
    scope = new PointerScope();
  }

  /** Opens a scope on this thread; close it on the same thread. */
  public static TensorScope open() {
    return new TensorScope();
  }

  /** Runs {@code body} in a scope of its own and returns its result, all else freed. */
  public static Tensor tidy(Supplier<Tensor> body) {
    try (var scope = open()) {
      return scope.keep(body.get());
    }
  }

  /**
   * Returns a tensor of the same memory that belongs to the enclosing scope, or to the garbage
   * collector if there is none. The one given stays this scope's.
   *
   * @throws TensorException if no scope is open on this thread, or the tensor is freed
   */
  public Tensor keep(Tensor tensor) {
    if (PointerScope.getInnerScope() == null) {
      throw new TensorException(
          "keep() of "
              + tensor.describe()
              + " on a thread without a scope: keep it on the thread that opened the scope");
    }
    var pointer = new org.bytedeco.pytorch.Tensor(tensor.handle());
    // The new handle went to the innermost scope. Attach first: a count that touches zero frees it.
    var inner = PointerScope.getInnerScope();
    var outer = enclosing();
    if (outer == null) {
      pointer.retainReference();
    } else {
      outer.attach(pointer);
    }
    inner.detach(pointer);
    return new Tensor(pointer);
  }

  /**
   * Returns a tensor of the same memory that belongs to no scope: it lives until it is freed or the
   * garbage collector finds it. For what outlives a call, such as the weights of a model.
   */
  public static Tensor unscoped(Tensor tensor) {
    var pointer = new org.bytedeco.pytorch.Tensor(tensor.handle());
    var inner = PointerScope.getInnerScope();
    pointer.retainReference();
    if (inner != null) {
      inner.detach(pointer);
    }
    return new Tensor(pointer);
  }

  /** Frees what this scope still owns. */
  @Override
  public void close() {
    scope.close();
  }

  private @Nullable PointerScope enclosing() {
    var scopes = PointerScope.getScopeIterator();
    if (scopes == null) {
      return null;
    }
    while (scopes.hasNext()) {
      if (scopes.next().equals(scope)) {
        return scopes.hasNext() ? scopes.next() : null;
      }
    }
    return null;
  }
}
