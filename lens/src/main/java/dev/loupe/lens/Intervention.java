package dev.loupe.lens;

/**
 * One change of one activation.
 *
 * @param site where
 * @param change what
 */
public record Intervention(Site site, Change change) {
  /** Returns the patch of a site: the value of the source run. */
  public static Intervention patch(Site site) {
    return new Intervention(site, new Change.Patch());
  }

  /** Returns the zero ablation of a site. */
  public static Intervention zero(Site site) {
    return new Intervention(site, new Change.Zero());
  }
}
