package dev.loupe.study.ioi;

import dev.loupe.lens.heads.HeadEvidence;

/**
 * What a head does in the indirect-object task, said from what was measured of it. The names are
 * those of Wang et al. (2022) where the head is of their kind.
 */
public enum HeadRole {
  /** Looks at IO and raises the logit of the name it reads. */
  NAME_MOVER("name mover", "reads IO and raises it"),
  /** Looks at IO and lowers the logit of the name it reads. */
  NEGATIVE_NAME_MOVER("negative name mover", "reads IO and lowers it"),
  /** Looks at S and lowers the logit of the name it reads, so that IO is left. */
  SUBJECT_SUPPRESSOR("subject suppressor", "reads S and lowers it"),
  /** Looks at S and raises the logit of the name it reads, against the answer. */
  SUBJECT_COPIER("subject copier", "reads S and raises it"),
  /** Looks at S and acts through later layers, as S-inhibition heads do. */
  INDIRECT_S_READER("indirect S reader", "reads S and acts through later layers"),
  /** Looks at IO and acts through later layers. */
  INDIRECT_IO_READER("indirect IO reader", "reads IO and acts through later layers"),
  /** Writes into the logits itself, but not much of the name it reads. */
  UNCLEAR("unclear", "reads a name and neither raises nor lowers it"),
  /** Looks at none of the names much. */
  OTHER("other", "reads no name from the last token"),
  /** Patching it brings back next to nothing. */
  NONE("none", "carries next to nothing of the answer");

  /** Less recovery than this, in magnitude, counts as none. */
  public static final double LEAST_RECOVERY = 0.02;

  /** Less attention to the names than this, together, counts as none. */
  public static final double LEAST_ATTENTION = 0.2;

  /** A head that writes less than this share of its recovery into the logits itself is indirect. */
  public static final double LEAST_DIRECT = 0.4;

  /** An OV effect of less than this on the name it reads, in logits, neither raises nor lowers. */
  public static final double LEAST_EFFECT = 0.05;

  private final String label;
  private final String meaning;

  HeadRole(String label, String meaning) {
    this.label = label;
    this.meaning = meaning;
  }

  /** Returns the name of several of them: {@code name movers}. */
  public String many() {
    return this == UNCLEAR ? label : label + "s";
  }

  /** Returns what it does, in a few words. */
  public String meaning() {
    return meaning;
  }

  /** Returns what several of them do. */
  public String meaningOfMany() {
    return meaning.replaceAll("\\b(read|raise|lower|act)s\\b", "$1").replace("carries", "carry");
  }

  /** Says what a head does from the evidence. */
  public static HeadRole of(HeadEvidence head) {
    double recovery = head.recovery().mean();
    // Within two standard errors of nothing it is noise, and noise has no role.
    boolean noise = Math.abs(recovery) < 2 * head.recovery().standardError();
    if (noise || Math.abs(recovery) < LEAST_RECOVERY) {
      return NONE;
    }
    double io = head.attentionTo("IO");
    double s = head.attentionTo("S1") + head.attentionTo("S2");
    if (io + s < LEAST_ATTENTION) {
      return OTHER;
    }
    boolean readsIo = io > s;
    boolean direct = head.direct() / recovery >= LEAST_DIRECT;
    if (!direct) {
      return readsIo ? INDIRECT_IO_READER : INDIRECT_S_READER;
    }
    double effect = head.ovEffectAt(mostRead(head));
    if (Math.abs(effect) < LEAST_EFFECT) {
      return UNCLEAR;
    }
    boolean raises = effect > 0;
    if (readsIo) {
      return raises ? NAME_MOVER : NEGATIVE_NAME_MOVER;
    }
    return raises ? SUBJECT_COPIER : SUBJECT_SUPPRESSOR;
  }

  private static String mostReadOfS(HeadEvidence head) {
    return head.attentionTo("S1") > head.attentionTo("S2") ? "S1" : "S2";
  }

  /** Returns the position whose name a head is said to read: IO, or the more seen mention of S. */
  public static String mostRead(HeadEvidence head) {
    String s = mostReadOfS(head);
    return head.attentionTo("IO") > head.attentionTo("S1") + head.attentionTo("S2") ? "IO" : s;
  }

  /** Returns the field's name for it: {@code name mover}. */
  @Override
  public String toString() {
    return label;
  }
}
