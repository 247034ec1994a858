package dev.loupe.model;

import dev.loupe.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;

/**
 * The hooks of one run: an immutable list, applied in its order. They belong to the call they are
 * given to, never to the model.
 *
 * <pre>{@code
 * model.run(tokens, Hooks.none().replace(HookPoint.z(9), (z, at) -> z.mul(0)));
 * }</pre>
 *
 * @param list the hooks
 */
public record Hooks(List<Hook> list) {
  private static final Hooks NONE = new Hooks(List.of());

  /** Copies the list. */
  public Hooks {
    list = List.copyOf(list);
  }

  /** Returns no hooks. */
  public static Hooks none() {
    return NONE;
  }

  /** Returns these and one that replaces the activation at {@code point}. */
  public Hooks replace(HookPoint point, BiFunction<Tensor, HookPoint, Tensor> change) {
    return and(new Hook.Replace(point, change));
  }

  /** Returns these and one that reads the activation at {@code point}. */
  public Hooks read(HookPoint point, BiConsumer<Tensor, HookPoint> reader) {
    return and(new Hook.Read(point, reader));
  }

  /** Returns these and one more. */
  public Hooks and(Hook hook) {
    var more = new ArrayList<>(list);
    more.add(hook);
    return new Hooks(more);
  }

  boolean isEmpty() {
    return list.isEmpty();
  }
}
