package dev.loupe.study.interventions;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.loupe.lens.Change;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.InterventionJson;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * An intervention as a specification has it: {@code {point: blocks.3.attn.hook_z, head: 2, at: END,
 * change: zero}}, the form of {@link InterventionJson}.
 *
 * @param intervention what is changed where
 */
public record GivenIntervention(Intervention intervention) {
  /** Refuses a change that is a function, which no specification can hold. */
  public GivenIntervention {
    var _ = InterventionJson.toJson(intervention);
  }

  /** Returns interventions for a specification. */
  public static List<GivenIntervention> of(List<Intervention> interventions) {
    return interventions.stream().map(GivenIntervention::new).toList();
  }

  /**
   * Reads one.
   *
   * @throws IllegalArgumentException if it is none, naming the field
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  static GivenIntervention of(JsonNode json) {
    return new GivenIntervention(InterventionJson.intervention(json));
  }

  /** Returns what {@link #of(JsonNode)} reads. */
  @JsonValue
  ObjectNode json() {
    return InterventionJson.toJson(intervention);
  }

  /** Tells whether it takes a value from the run that is not intervened in. */
  boolean readsSource() {
    return switch (intervention.change()) {
      case Change.Patch _, Change.PatchAlong _, Change.Mean _, Change.Resample _ -> true;
      case Change.Zero _,
          Change.Add _,
          Change.ProjectOut _,
          Change.Scale _,
          Change.Freeze _,
          Change.Custom _ ->
          false;
    };
  }

  /** Tells whether it takes a value from other prompts too. */
  boolean readsOthers() {
    return intervention.change() instanceof Change.Mean
        || intervention.change() instanceof Change.Resample;
  }

  /** Returns it in the field's words: {@code zero z of L3H2 at END}. */
  @Override
  public String toString() {
    return intervention.toString();
  }
}
