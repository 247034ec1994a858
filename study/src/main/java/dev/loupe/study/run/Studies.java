package dev.loupe.study.run;

import dev.loupe.study.Study;
import dev.loupe.study.differential.DifferentialCircuit;
import dev.loupe.study.induction.Induction;
import dev.loupe.study.interventions.Interventions;
import dev.loupe.study.ioi.IoiCircuit;
import dev.loupe.study.ioi.IoiPatching;
import dev.loupe.study.ioi.IoiPathPatching;
import dev.loupe.study.syllogism.Syllogism;
import dev.loupe.study.years.GreaterThan;
import java.util.List;
import java.util.stream.Collectors;

/** The studies that there are. */
public final class Studies {
  private static final List<Study> STANDARD =
      List.of(
          IoiCircuit.standard(),
          DifferentialCircuit.standard(),
          Syllogism.standard(),
          IoiPatching.standard(),
          IoiPathPatching.standard(),
          GreaterThan.standard(),
          Induction.standard(),
          Interventions.standard());

  private Studies() {}

  /** Returns every study with its usual options. */
  public static List<Study> standard() {
    return STANDARD;
  }

  /**
   * Returns the study of a name with its usual options.
   *
   * @throws IllegalArgumentException if there is none, saying which there are
   */
  public static Study named(String name) {
    return STANDARD.stream()
        .filter(study -> study.name().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "no study "
                    + name
                    + "; there are "
                    + STANDARD.stream().map(Study::name).collect(Collectors.joining(", "))));
  }
}
