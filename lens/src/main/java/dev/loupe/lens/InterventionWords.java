package dev.loupe.lens;

import dev.loupe.lens.Site.Part;
import dev.loupe.model.HookPoint;

/** Says interventions in the field's words. */
final class InterventionWords {
  private InterventionWords() {}

  static String of(Intervention intervention) {
    var site = intervention.site();
    var where = where(site);
    return switch (intervention.change()) {
      case Change.Patch _ -> "patch " + where;
      case Change.Zero _ -> "zero " + where;
      case Change.Mean mean -> "mean-ablate " + where + over(mean.over());
      case Change.Resample resample -> "resample " + where + " with seed " + resample.seed();
      // Steering is always said with its positions: it differs from one to the next.
      case Change.Add add ->
          "add "
              + number(add.scale())
              + " x "
              + add.direction().name()
              + " to "
              + where
              + (site.at() instanceof At.All ? " at all positions" : "");
      case Change.ProjectOut out -> "project " + out.direction().name() + " out of " + where;
      case Change.PatchAlong along -> "patch " + where + " along " + along.direction().name();
      case Change.Scale scale -> "scale " + where + " by " + number(scale.factor());
      case Change.Freeze _ -> "freeze " + where;
      case Change.Custom custom -> "apply " + custom.name() + " to " + where;
    };
  }

  private static String over(Change.Over over) {
    return over == Change.Over.EVERYTHING ? "" : " by template and position";
  }

  private static String where(Site site) {
    return name(site.point())
        + owner(site)
        + positions(" at ", site.at())
        + positions(" from ", site.sources());
  }

  private static String owner(Site site) {
    int layer = site.point().layer();
    return switch (site.part()) {
      case Part.Whole _ -> layer < 0 ? "" : " of layer " + layer;
      case Part.Head head -> " of L" + layer + "H" + head.index();
      case Part.Neuron neuron -> " of L" + layer + "N" + neuron.index();
    };
  }

  // blocks.9.attn.hook_z is z, but mlp.hook_post mlp_post: by itself it would say too little.
  private static String name(HookPoint point) {
    return point
        .kind()
        .suffix()
        .replace("attn.hook_", "")
        .replace("mlp.hook_", "mlp_")
        .replace(".hook_", " ")
        .replace("hook_", "");
  }

  private static String positions(String word, At at) {
    return switch (at) {
      case At.All _ -> "";
      case At.Index index -> word + "position " + index;
      case At.Range range -> word + "positions " + range;
      case At.Named named -> word + named;
    };
  }

  private static String number(double value) {
    boolean whole = value == Math.rint(value) && Math.abs(value) < 1e9;
    return whole ? Long.toString((long) value) : Double.toString(value);
  }
}
