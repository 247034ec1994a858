package dev.loupe.lens.sweep;

import dev.loupe.lens.ActivationDirection;
import dev.loupe.lens.At;
import dev.loupe.lens.Change;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.Site;
import dev.loupe.model.HookPoint;
import dev.loupe.model.HookPoint.Kind;
import dev.loupe.model.ModelConfig;
import java.util.List;

/**
 * The grids of activation patching: the functions of {@code transformer_lens.patching} under their
 * names, and others of the same make. Each patches one site a cell. In models of grouped keys and
 * values the heads of k and v are key and value heads.
 *
 * @param config of the model
 * @param pairs the prompts; the longest says how many positions there are
 */
public record Patching(ModelConfig config, PromptPairs pairs) {
  private static final List<Kind> HEAD_SITES =
      List.of(Kind.Z, Kind.Q, Kind.K, Kind.V, Kind.PATTERN);
  private static final List<Kind> BLOCK_SITES =
      List.of(Kind.RESID_PRE, Kind.ATTN_OUT, Kind.MLP_OUT);

  // ---- Whole activations, [layer, position]

  /** Returns the residual stream before each block: axes layer, position. */
  public Grid getActPatchResidPre() {
    return layersByPos(Kind.RESID_PRE);
  }

  /**
   * Returns the residual stream between attention and MLP: axes layer, position.
   *
   * @throws IllegalArgumentException if the blocks are parallel: they have nothing between
   */
  public Grid getActPatchResidMid() {
    return layersByPos(Kind.RESID_MID);
  }

  /** Returns the output of each attention layer: axes layer, position. */
  public Grid getActPatchAttnOut() {
    return layersByPos(Kind.ATTN_OUT);
  }

  /** Returns the output of each MLP: axes layer, position. */
  public Grid getActPatchMlpOut() {
    return layersByPos(Kind.MLP_OUT);
  }

  /** Returns resid_pre, attn_out and mlp_out: axes site, layer, position. */
  public Grid getActPatchBlockEvery() {
    return Grid.of(
        List.of(sites("resid_pre", "attn_out", "mlp_out"), layers(), positions("position")),
        at ->
            List.of(
                Intervention.patch(
                    Site.of(new HookPoint(BLOCK_SITES.get(at.get(0)), at.get(1)))
                        .at(At.index(at.get(2))))));
  }

  // ---- Heads by position, [layer, position, head]

  /** Returns z of each head: axes layer, position, head. */
  public Grid getActPatchAttnHeadOutByPos() {
    return headsByPos(Kind.Z);
  }

  /** Returns the queries of each head: axes layer, position, head. */
  public Grid getActPatchAttnHeadQByPos() {
    return headsByPos(Kind.Q);
  }

  /** Returns the keys of each key head: axes layer, position, head. */
  public Grid getActPatchAttnHeadKByPos() {
    return headsByPos(Kind.K);
  }

  /** Returns the values of each value head: axes layer, position, head. */
  public Grid getActPatchAttnHeadVByPos() {
    return headsByPos(Kind.V);
  }

  /** Returns the pattern of each head by destination: axes layer, head, position. */
  public Grid getActPatchAttnHeadPatternByPos() {
    return Grid.of(
        List.of(layers(), heads(Kind.PATTERN), positions("position")),
        at -> head(Kind.PATTERN, at.get(0), at.get(1), At.index(at.get(2))));
  }

  /** Returns the pattern of each head: axes layer, head, destination, source. */
  public Grid getActPatchAttnHeadPatternDestSrcPos() {
    return Grid.of(
        List.of(layers(), heads(Kind.PATTERN), positions("destination"), positions("source")),
        at ->
            List.of(
                Intervention.patch(
                    Site.head(HookPoint.pattern(at.get(0)), at.get(1))
                        .at(At.index(at.get(2)))
                        .from(At.index(at.get(3))))));
  }

  /**
   * Returns z, q, k, v and pattern: axes site (out, q, k, v, pattern), layer, position, head.
   * Patterns are patched by destination. Where k and v have fewer heads than the others, the cells
   * of heads that they have not leave the base run as it is.
   */
  public Grid getActPatchAttnHeadByPosEvery() {
    return Grid.of(
        List.of(headSites(), layers(), positions("position"), heads(Kind.Z)),
        at -> site(at.get(0), at.get(1), at.get(3), At.index(at.get(2))));
  }

  // ---- Heads at all positions, [layer, head]

  /** Returns z of each head at all positions: axes layer, head. */
  public Grid getActPatchAttnHeadOutAllPos() {
    return heads(Kind.Z, At.all());
  }

  /** Returns the queries of each head at all positions: axes layer, head. */
  public Grid getActPatchAttnHeadQAllPos() {
    return heads(Kind.Q, At.all());
  }

  /** Returns the keys of each key head at all positions: axes layer, head. */
  public Grid getActPatchAttnHeadKAllPos() {
    return heads(Kind.K, At.all());
  }

  /** Returns the values of each value head at all positions: axes layer, head. */
  public Grid getActPatchAttnHeadVAllPos() {
    return heads(Kind.V, At.all());
  }

  /** Returns the pattern of each head at all positions: axes layer, head. */
  public Grid getActPatchAttnHeadPatternAllPos() {
    return heads(Kind.PATTERN, At.all());
  }

  /**
   * Returns z, q, k, v and pattern at all positions: axes site (out, q, k, v, pattern), layer,
   * head. Where k and v have fewer heads than the others, the cells of heads that they have not
   * leave the base run as it is.
   */
  public Grid getActPatchAttnHeadAllPosEvery() {
    return Grid.of(
        List.of(headSites(), layers(), heads(Kind.Z)),
        at -> site(at.get(0), at.get(1), at.get(2), At.all()));
  }

  // ---- What TransformerLens has no function for

  /**
   * Returns a part of each head at chosen positions, such as {@link At#END}: axes layer, head.
   *
   * @throws IllegalArgumentException if the kind has no heads
   */
  public Grid heads(Kind kind, At positions) {
    requireInBlock(kind);
    return Grid.of(
        List.of(layers(), heads(kind)), at -> head(kind, at.get(0), at.get(1), positions));
  }

  /** Returns a whole activation at chosen positions: axis layer. */
  public Grid layers(Kind kind, At positions) {
    requireInBlock(kind);
    return Grid.of(
        List.of(layers()),
        at -> List.of(Intervention.patch(Site.of(new HookPoint(kind, at.get(0))).at(positions))));
  }

  /**
   * Returns each neuron, as the output matrix reads it, at chosen positions: axes layer, neuron.
   */
  public Grid neurons(At positions) {
    return Grid.of(
        List.of(layers(), Axis.numbered("neuron", config.dMlp())),
        at ->
            List.of(
                Intervention.patch(
                    Site.neuron(HookPoint.mlpPost(at.get(0)), at.get(1)).at(positions))));
  }

  /**
   * Returns the component of the residual stream before each block along a direction: axes layer,
   * position.
   */
  public Grid residPreAlong(ActivationDirection direction) {
    return Grid.of(
        List.of(layers(), positions("position")),
        at -> along(direction, at.get(0), At.index(at.get(1))));
  }

  /**
   * Returns the components of the residual stream before each block along several directions, at
   * chosen positions: axes layer, direction.
   */
  public Grid residPreAlong(List<ActivationDirection> directions, At positions) {
    var copied = List.copyOf(directions);
    var axis = new Axis("direction", copied.stream().map(ActivationDirection::name).toList());
    return Grid.of(
        List.of(layers(), axis), at -> along(copied.get(at.get(1)), at.get(0), positions));
  }

  // ---- Parts

  private static List<Intervention> along(ActivationDirection direction, int layer, At positions) {
    var site = Site.of(HookPoint.residPre(layer)).at(positions);
    return List.of(new Intervention(site, new Change.PatchAlong(direction)));
  }

  private Grid layersByPos(Kind kind) {
    requireInBlock(kind);
    return Grid.of(
        List.of(layers(), positions("position")),
        at ->
            List.of(
                Intervention.patch(
                    Site.of(new HookPoint(kind, at.get(0))).at(At.index(at.get(1))))));
  }

  private Grid headsByPos(Kind kind) {
    return Grid.of(
        List.of(layers(), positions("position"), heads(kind)),
        at -> head(kind, at.get(0), at.get(2), At.index(at.get(1))));
  }

  private static List<Intervention> head(Kind kind, int layer, int head, At positions) {
    return List.of(Intervention.patch(Site.head(new HookPoint(kind, layer), head).at(positions)));
  }

  private List<Intervention> site(int site, int layer, int head, At positions) {
    var kind = HEAD_SITES.get(site);
    return head < heads(kind).size() ? head(kind, layer, head, positions) : List.of();
  }

  private void requireInBlock(Kind kind) {
    if (!kind.inBlock()) {
      throw new IllegalArgumentException(
          HookPoint.of(kind) + " stands outside the blocks: a grid by layer needs one in each");
    }
    new HookPoint(kind, 0).requireIn(config);
  }

  private Axis layers() {
    return Axis.numbered("layer", config.nLayers());
  }

  private Axis positions(String name) {
    return Axis.numbered(name, pairs.clean().length());
  }

  private Axis heads(Kind kind) {
    int count = Site.of(new HookPoint(kind, 0)).heads(config);
    return Axis.numbered("head", count);
  }

  private static Axis headSites() {
    return sites("out", "q", "k", "v", "pattern");
  }

  private static Axis sites(String... names) {
    return new Axis("site", List.of(names));
  }
}
