package dev.loupe.lens.sweep;

import dev.loupe.lens.ActivationDirection;
import dev.loupe.lens.Change;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import dev.loupe.model.ActivationCache;
import dev.loupe.model.Hooks;
import dev.loupe.model.Tokens;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Interventions as hooks on a whole forward pass. */
final class NaiveHooks {
  private final PromptPairs prompts;
  private final Tokens sourceTokens;
  private final ActivationCache base;
  private final ActivationCache source;
  private final NaiveMeans means;

  NaiveHooks(
      PromptPairs prompts,
      Tokens sourceTokens,
      ActivationCache base,
      ActivationCache source,
      NaiveMeans means) {
    this.prompts = prompts;
    this.sourceTokens = sourceTokens;
    this.base = base;
    this.source = source;
    this.means = means;
  }

  /** Returns hooks that carry out interventions one after the other. */
  Hooks of(List<Intervention> interventions) {
    var hooks = Hooks.none();
    for (var intervention : interventions) {
      hooks =
          hooks.replace(
              intervention.site().point(), (activation, _) -> changed(intervention, activation));
    }
    return hooks;
  }

  private Tensor changed(Intervention intervention, Tensor activation) {
    var site = intervention.site();
    var part = part(site, activation);
    var chosen = Tensors.where(chosen(site, part), value(intervention, part), part);
    return switch (site.part()) {
      case Site.Part.Whole _ -> chosen;
      case Site.Part.Head head -> activation.withSelect(headDim(site), head.index(), chosen);
      case Site.Part.Neuron neuron -> activation.withNarrow(2, neuron.index(), chosen);
    };
  }

  private static int headDim(Site site) {
    return Site.isAttention(site.point().kind()) ? 1 : 2;
  }

  private static Tensor part(Site site, Tensor activation) {
    return switch (site.part()) {
      case Site.Part.Whole _ -> activation;
      case Site.Part.Head head -> activation.select(headDim(site), head.index());
      case Site.Part.Neuron neuron -> activation.narrow(2, neuron.index(), 1);
    };
  }

  /** Returns what stands there instead, at the chosen positions and anything elsewhere. */
  private Tensor value(Intervention intervention, Tensor part) {
    var site = intervention.site();
    var point = site.point();
    return switch (intervention.change()) {
      case Change.Patch _ -> part(site, source.get(point));
      case Change.Zero _ -> Tensors.zeros(part.dtype(), 1).to(part.device());
      case Change.Mean mean -> part(site, means.get(point, mean.over()));
      case Change.Resample resample -> {
        // A partner is as long, and so stands at the same columns.
        int[] partners = Resampling.partners(sourceTokens, resample.seed());
        yield part(site, source.get(point))
            .indexSelect(0, IntStream.of(partners).asLongStream().toArray());
      }
      case Change.Add add -> part.add(vector(add.direction().values(), part).mul(add.scale()));
      case Change.ProjectOut out -> part.sub(along(out.direction(), part));
      case Change.PatchAlong patch ->
          part.add(along(patch.direction(), part(site, source.get(point)).sub(part)));
      case Change.Scale scale -> part.mul(scale.factor());
      case Change.Freeze _ -> part(site, base.get(point));
      case Change.Custom custom -> custom(custom, part);
    };
  }

  private static Tensor vector(List<Double> values, Tensor like) {
    double[] numbers = values.stream().mapToDouble(Double::doubleValue).toArray();
    return Tensors.of(numbers, numbers.length).to(like.dtype()).to(like.device());
  }

  /** Returns the component of values along a direction. */
  private static Tensor along(ActivationDirection direction, Tensor values) {
    var unit = vector(direction.unit(), values);
    return values.mul(unit).sum(-1).unsqueeze(-1).mul(unit);
  }

  private static Tensor custom(Change.Custom custom, Tensor part) {
    var value = custom.function().apply(part);
    if (!Arrays.equals(value.shape(), part.shape()) || !value.dtype().isFloating()) {
      throw new IllegalArgumentException(
          custom.name() + " returned " + value.describe() + ": expected " + part.describe());
    }
    return value.to(part.dtype()).to(part.device());
  }

  // ---- Positions

  /** Returns where a part is changed, BOOL, of as many dimensions as the part. */
  private Tensor chosen(Site site, Tensor part) {
    return (Site.isAttention(site.point().kind()) ? attention(site, part) : positions(site, part))
        .to(part.device());
  }

  private Tensor positions(Site site, Tensor part) {
    var tokens = prompts.clean();
    var flat = new boolean[tokens.batch() * tokens.length()];
    for (int row = 0; row < tokens.batch(); row++) {
      for (int index : prompts.positions(site.at(), row)) {
        flat[row * tokens.length() + tokens.start(row) + index] = true;
      }
    }
    var shape = new long[part.dim()];
    Arrays.fill(shape, 1);
    shape[0] = tokens.batch();
    shape[1] = tokens.length();
    return Tensors.of(flat, shape);
  }

  private Tensor attention(Site site, Tensor part) {
    var tokens = prompts.clean();
    int length = tokens.length();
    int window = base.config().windows().get(site.point().layer());
    var flat = new boolean[Math.multiplyExact(tokens.batch() * length, length)];
    for (int row = 0; row < tokens.batch(); row++) {
      int start = tokens.start(row);
      for (int dest : prompts.positions(site.at(), row)) {
        for (int src : prompts.positions(site.sources(), row)) {
          flat[(row * length + start + dest) * length + start + src] = sees(dest, src, window);
        }
      }
    }
    return part.dim() == 4
        ? Tensors.of(flat, tokens.batch(), 1, length, length)
        : Tensors.of(flat, tokens.batch(), length, length);
  }

  private static boolean sees(int dest, int src, int window) {
    return src <= dest && (window == 0 || dest - src < window);
  }
}
