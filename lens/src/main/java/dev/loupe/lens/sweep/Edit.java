package dev.loupe.lens.sweep;

import dev.loupe.lens.Change;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.Site;
import dev.loupe.model.HookPoint;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** An intervention on the prompts of a block: the positions of each that it can change. */
final class Edit {
  private final Intervention intervention;
  private final PromptBlock block;
  private final Extent extent;

  private Edit(Intervention intervention, PromptBlock block, Extent extent) {
    this.intervention = intervention;
    this.block = block;
    this.extent = extent;
  }

  /**
   * Resolves an intervention that is the only one of its cell. A value taken from a run that reads
   * the same tokens up to a position is the base run's own there: those positions are left out.
   */
  static Edit alone(Intervention intervention, PromptBlock block) {
    var at = intervention.site().at();
    return new Edit(intervention, block, block.extent(at, Source.of(intervention.change())));
  }

  /** Resolves an intervention beside others, which may have changed what it reads. */
  static Edit among(Intervention intervention, PromptBlock block) {
    return new Edit(intervention, block, block.extent(intervention.site().at(), Optional.empty()));
  }

  /** Returns the positions that it can change. */
  Extent extent() {
    return extent;
  }

  Change change() {
    return intervention.change();
  }

  Site site() {
    return intervention.site();
  }

  HookPoint point() {
    return intervention.site().point();
  }

  /**
   * Returns the part of an activation that it changes, positions (destinations) second.
   *
   * @param activation [prompt, pos, ...] or, of attention, [prompt, head, dest, src]
   * @return [prompt, pos, ...]
   */
  Tensor part(Tensor activation) {
    boolean attention = Site.isAttention(point().kind());
    return switch (site().part()) {
      case Site.Part.Whole _ -> attention ? activation.permute(0, 2, 1, 3) : activation;
      case Site.Part.Head head -> activation.select(attention ? 1 : 2, head.index());
      case Site.Part.Neuron neuron -> activation.narrow(2, neuron.index(), 1);
    };
  }

  /** Returns the activation with another value of {@link #part}. */
  Tensor withPart(Tensor activation, Tensor value) {
    boolean attention = Site.isAttention(point().kind());
    return switch (site().part()) {
      case Site.Part.Whole _ -> attention ? value.permute(0, 2, 1, 3) : value;
      case Site.Part.Head head -> activation.withSelect(attention ? 1 : 2, head.index(), value);
      case Site.Part.Neuron neuron -> activation.withNarrow(2, neuron.index(), value);
    };
  }

  /**
   * Returns the new value of a part. No change lets a position attend to what it does not see.
   *
   * @param part as it is, [prompt, row, ...]
   */
  Tensor applied(Tensor part, Rows rows, BaseState state) {
    var changed = changed(part, rows, state);
    boolean attention = Site.isAttention(point().kind());
    int sources = attention ? block.length() : 1;
    var mask = new boolean[block.size() * rows.count() * sources];
    boolean all = true;
    for (int prompt = 0; prompt < block.size(); prompt++) {
      boolean[] read = attention ? sources(prompt) : new boolean[] {true};
      for (int i = 0; i < rows.count(); i++) {
        int position = rows.column(prompt, i);
        for (int source = 0; source < sources; source++) {
          boolean here =
              extent.at(prompt, position)
                  && read[source]
                  && (!attention || state.sees(point().layer(), position, source));
          mask[(prompt * rows.count() + i) * sources + source] = here;
          all &= here;
        }
      }
    }
    if (all) {
      return changed;
    }
    var shape = new long[part.dim()];
    Arrays.fill(shape, 1);
    shape[0] = block.size();
    shape[1] = rows.count();
    shape[shape.length - 1] = sources;
    return Tensors.where(Tensors.of(mask, shape).to(part.device()), changed, part);
  }

  private boolean[] sources(int prompt) {
    var sources = new boolean[block.length()];
    for (int source : block.positions(site().sources(), prompt)) {
      sources[source] = true;
    }
    return sources;
  }

  private Tensor changed(Tensor part, Rows rows, BaseState state) {
    return switch (change()) {
      case Change.Patch _, Change.Resample _ -> source(rows, state);
      case Change.Zero _ -> zeros(part);
      case Change.Mean mean ->
          part(state.mean(point(), mean.over()), rows, state).expand(part.shape());
      case Change.Add add -> part.add(vector(add.direction().values(), part).mul(add.scale()));
      case Change.ProjectOut out -> {
        var unit = vector(out.direction().unit(), part);
        yield part.sub(along(part, unit));
      }
      case Change.PatchAlong patch -> {
        var unit = vector(patch.direction().unit(), part);
        yield part.add(along(source(rows, state).sub(part), unit));
      }
      case Change.Scale scale -> part.mul(scale.factor());
      case Change.Freeze _ -> part(state.base(point()), rows, state);
      case Change.Custom custom ->
          throw new IllegalStateException(
              "custom function "
                  + custom.name()
                  + " reads whole activations: it needs a whole run");
    };
  }

  private Tensor source(Rows rows, BaseState state) {
    return part(state.source(Source.of(change()).orElseThrow(), point()), rows, state);
  }

  private Tensor part(Tensor activation, Rows rows, BaseState state) {
    return rows.of(part(activation), state.start());
  }

  private static Tensor zeros(Tensor part) {
    return Tensors.zeros(part.dtype(), 1).to(part.device()).expand(part.shape());
  }

  private static Tensor along(Tensor value, Tensor unit) {
    return value.mul(unit).sum(-1).unsqueeze(-1).mul(unit);
  }

  private static Tensor vector(List<Double> values, Tensor like) {
    return Tensors.of(values.stream().mapToDouble(Double::doubleValue).toArray(), values.size())
        .to(like.dtype())
        .to(like.device());
  }
}
