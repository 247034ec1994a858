package dev.loupe.study;

/**
 * An experiment as data: a record whose components are all that decides its numbers, the model
 * aside. Components are texts, numbers, booleans, lists, or records of these, so that a study can
 * be written as YAML or JSON and read back; each checks itself when it is made. Every
 * implementation has a static method {@code standard()} with the options that are meant where none
 * are given.
 */
public interface Study {
  /** Returns its name in specifications, such as {@code ioi-circuit}. */
  String name();

  /** Returns what it asks of a model, in a sentence. */
  String question();

  /**
   * Returns this study with what would be answered otherwise another time, such as by an endpoint,
   * settled in it: what a run carries out, stores and replays. Most studies are settled as they
   * are.
   *
   * @throws IllegalArgumentException if what has to be asked cannot be
   * @throws IllegalStateException if it does not answer as expected
   */
  default Study settled(StudyContext context) {
    return this;
  }

  /**
   * Carries it out. It may be interrupted; sweeps that were finished are then in the context's
   * folder, if it has one, and are not computed again.
   *
   * @throws IllegalArgumentException if the study does not suit the model, or a file is wrong
   * @throws IllegalStateException if the model does not show the behaviour
   * @throws java.util.concurrent.CancellationException if the thread is interrupted
   */
  StudyFindings run(StudyContext context);
}
