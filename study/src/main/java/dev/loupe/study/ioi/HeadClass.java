package dev.loupe.study.ioi;

import dev.loupe.lens.heads.PositionPair;

/** The classes of heads that attention points to (Wang et al. 2022), in the order they act in. */
public enum HeadClass {
  /** Active at S2 and attending to S1: notices that the name is there twice. */
  DUPLICATE_TOKEN("duplicate token", "S2->S1"),
  /** Active at END and attending to S2: tells the name movers which name not to take. */
  S_INHIBITION("S-inhibition", "END->S2"),
  /** Active at END and attending to IO: copies the name that it sees. */
  NAME_MOVER("name mover", "END->IO");

  private final String label;
  private final String attention;

  HeadClass(String label, String attention) {
    this.label = label;
    this.attention = attention;
  }

  /** Returns the attention that heads are scored by. */
  public PositionPair attention() {
    return PositionPair.parse(attention);
  }

  /** Returns the field's name for it. */
  @Override
  public String toString() {
    return label;
  }
}
