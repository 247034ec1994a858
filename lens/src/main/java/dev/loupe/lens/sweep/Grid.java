package dev.loupe.lens.sweep;

import dev.loupe.lens.Intervention;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Sets of interventions, one a cell, laid out along axes. Cells are numbered in row-major order:
 * the last axis runs fastest.
 */
public final class Grid {
  private final List<Axis> axes;
  private final Function<List<Integer>, List<Intervention>> cells;
  private final int size;

  private Grid(List<Axis> axes, Function<List<Integer>, List<Intervention>> cells) {
    this.axes = List.copyOf(axes);
    this.cells = cells;
    size = axes.stream().mapToInt(Axis::size).reduce(1, Math::multiplyExact);
  }

  /**
   * Returns a grid.
   *
   * @param cells gives the interventions of a cell by its place on every axis; an empty list leaves
   *     the base run as it is
   */
  public static Grid of(List<Axis> axes, Function<List<Integer>, List<Intervention>> cells) {
    return new Grid(axes, cells);
  }

  /** Returns a grid of one axis, one set of interventions a value. */
  public static Grid of(Axis axis, List<List<Intervention>> cells) {
    if (axis.size() != cells.size()) {
      throw new IllegalArgumentException(
          axis.size() + " values of the axis " + axis.name() + " for " + cells.size() + " cells");
    }
    return new Grid(List.of(axis), at -> cells.get(at.getFirst()));
  }

  /** Returns the axes. */
  public List<Axis> axes() {
    return axes;
  }

  /** Returns how many cells it has. */
  public int size() {
    return size;
  }

  /** Returns the interventions of a cell. */
  public List<Intervention> cell(int index) {
    return cells.apply(coordinates(index));
  }

  /** Returns the place of a cell on every axis. */
  public List<Integer> coordinates(int index) {
    var at = new ArrayList<Integer>();
    int rest = index;
    for (var axis : axes.reversed()) {
      at.addFirst(rest % axis.size());
      rest /= axis.size();
    }
    return at;
  }

  /** Returns the number of the cell at a place. */
  public int index(List<Integer> coordinates) {
    if (coordinates.size() != axes.size()) {
      throw new IllegalArgumentException(
          coordinates.size() + " coordinates: expected " + axes.size() + ", one an axis");
    }
    int index = 0;
    for (int i = 0; i < axes.size(); i++) {
      int at = coordinates.get(i);
      if (at < 0 || at >= axes.get(i).size()) {
        throw new IllegalArgumentException(
            axes.get(i).name() + " " + at + ": expected 0 to " + (axes.get(i).size() - 1));
      }
      index = index * axes.get(i).size() + at;
    }
    return index;
  }

  /** Returns the labels of a cell, one an axis. */
  public List<String> labels(int index) {
    var at = coordinates(index);
    var labels = new ArrayList<String>();
    for (int i = 0; i < axes.size(); i++) {
      labels.add(axes.get(i).labels().get(at.get(i)));
    }
    return labels;
  }
}
