package dev.loupe.lens.sweep;

import dev.loupe.model.HookPoint.Kind;
import dev.loupe.tensor.Tensor;
import dev.loupe.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;

/** Applies the edits that cells of a batch make within a block. */
final class CellTaps {
  private final BaseState state;
  private final int layer;
  private final List<PlannedCell> cells;
  private final Rows rows;

  /**
   * Prepares a block.
   *
   * @param cells of the batch, in its order
   * @param rows the positions that the batch has
   */
  CellTaps(BaseState state, int layer, List<PlannedCell> cells, Rows rows) {
    this.state = state;
    this.layer = layer;
    this.cells = List.copyOf(cells);
    this.rows = rows;
  }

  /** Tells whether a cell changes something of a kind. */
  boolean touches(Kind kind) {
    return cells.stream().anyMatch(cell -> !edits(cell, kind).isEmpty());
  }

  /** Tells whether a cell changes something within the MLP. */
  boolean touchMlp() {
    for (var kind :
        List.of(
            Kind.LN2_SCALE,
            Kind.LN2_NORMALIZED,
            Kind.MLP_PRE,
            Kind.MLP_PRE_LINEAR,
            Kind.MLP_POST,
            Kind.MLP_OUT)) {
      if (touches(kind)) {
        return true;
      }
    }
    return false;
  }

  private List<Edit> edits(PlannedCell cell, Kind kind) {
    // Cells that entered this block behind a point made their one change on the way in.
    return cell.entry() == Entry.BLOCK
        ? cell.edits().stream()
            .filter(e -> e.point().layer() == layer && e.point().kind() == kind)
            .toList()
        : List.of();
  }

  /**
   * Returns an activation as the cells change it.
   *
   * @param activation [cell, prompt, pos, ...] or, of attention, [cell, prompt, head, dest, src]
   */
  Tensor fire(Kind kind, Tensor activation) {
    if (!touches(kind)) {
      return activation;
    }
    var changed = new ArrayList<Tensor>();
    for (int i = 0; i < cells.size(); i++) {
      var value = activation.select(0, i);
      for (var edit : edits(cells.get(i), kind)) {
        value = edit.withPart(value, edit.applied(edit.part(value), rows, state));
      }
      changed.add(value);
    }
    return Tensors.stack(0, changed);
  }
}
