package dev.loupe.study;

import dev.loupe.lens.Progress;
import dev.loupe.lens.sweep.SweepOptions;
import dev.loupe.model.Bos;
import dev.loupe.model.HookedTransformer;
import java.nio.file.Path;

/** What a study runs on and with; none of it but the model changes its numbers beyond rounding. */
public interface StudyContext {
  /** Returns the model. */
  HookedTransformer model();

  /** Returns whether prompts begin with BOS: where that is wanted and the tokenizer has one. */
  default Bos bos(boolean wanted) {
    return wanted && model().tokenizer().bos().isPresent() ? Bos.PREPEND : Bos.NONE;
  }

  /**
   * Returns a file that the study names; its contents belong to the provenance.
   *
   * @param name as in the specification, whose folder a relative name is relative to
   * @throws IllegalArgumentException if there is no such file
   */
  Path file(String name);

  /**
   * Returns how a sweep of the study is carried out: with a folder of its own for what is finished,
   * where the study has one.
   *
   * @param name of the sweep within the study, such as {@code heads}
   */
  SweepOptions sweep(String name);

  /** Begins a stage of the study, and returns who is told how far it has come. */
  Progress stage(String what);

  /** Returns one without folders whose progress nobody is told of. */
  static StudyContext of(HookedTransformer model) {
    return new PlainContext(model);
  }
}
