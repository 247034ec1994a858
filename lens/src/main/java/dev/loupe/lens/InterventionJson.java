package dev.loupe.lens;

import dev.loupe.lens.Site.Part;
import dev.loupe.model.HookPoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Interventions as JSON that people read and write:
 *
 * <pre>{@code
 * {"point":"blocks.9.attn.hook_z","head":6,"at":"END","change":"patch"}
 * {"point":"blocks.3.mlp.hook_post","neuron":7,"at":-1,"change":"scale","factor":2.0}
 * {"point":"blocks.0.attn.hook_pattern","head":1,"at":"END","from":"S1","change":"zero"}
 * }</pre>
 *
 * A site is {@code point}, {@code head} or {@code neuron} or neither, {@code at} and, of attention
 * only, {@code from}; a change is {@code change} and what it needs; an intervention is both.
 */
public final class InterventionJson {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final String CHANGES =
      "patch, zero, mean, resample, add, project_out, patch_along, scale, freeze";

  private InterventionJson() {}

  // ---- Text

  /**
   * Returns interventions as a JSON list.
   *
   * @throws IllegalArgumentException if one has a change that is a function, naming it
   */
  public static String write(List<Intervention> interventions) {
    return toJson(interventions).toString();
  }

  /**
   * Reads a JSON list of interventions.
   *
   * @throws IllegalArgumentException if it is not one, naming the field that is missing, unknown or
   *     of another kind
   */
  public static List<Intervention> read(String json) {
    try {
      return interventions(JsonMapper.shared().readTree(json));
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "interventions that are not JSON: " + e.getOriginalMessage(), e);
    }
  }

  // ---- Writing

  /** Returns interventions as a list, as {@link #write} does. */
  public static ArrayNode toJson(List<Intervention> interventions) {
    var list = NODES.arrayNode();
    interventions.forEach(intervention -> list.add(toJson(intervention)));
    return list;
  }

  /** Returns an intervention as an object. */
  public static ObjectNode toJson(Intervention intervention) {
    var json = toJson(intervention.site());
    json.setAll(toJson(intervention.change()));
    return json;
  }

  /** Returns a site as an object. */
  public static ObjectNode toJson(Site site) {
    var json = NODES.objectNode().put("point", site.point().toString());
    switch (site.part()) {
      case Part.Whole _ -> {}
      case Part.Head head -> json.put("head", head.index());
      case Part.Neuron neuron -> json.put("neuron", neuron.index());
    }
    json.set("at", toJson(site.at()));
    if (!(site.sources() instanceof At.All)) {
      json.set("from", toJson(site.sources()));
    }
    return json;
  }

  /** Returns positions: a number, or the text that {@link At#parse} reads. */
  public static JsonNode toJson(At at) {
    return at instanceof At.Index index
        ? NODES.numberNode(index.position())
        : NODES.stringNode(at.toString());
  }

  /**
   * Returns a change as an object.
   *
   * @throws IllegalArgumentException if it is a function
   */
  public static ObjectNode toJson(Change change) {
    return switch (change) {
      case Change.Patch _ -> named("patch");
      case Change.Zero _ -> named("zero");
      case Change.Freeze _ -> named("freeze");
      case Change.Mean mean -> named("mean").put("over", name(mean.over()));
      case Change.Resample resample -> named("resample").put("seed", resample.seed());
      case Change.Scale scale -> named("scale").put("factor", scale.factor());
      case Change.Add add -> along("add", add.direction()).put("scale", add.scale());
      case Change.ProjectOut out -> along("project_out", out.direction());
      case Change.PatchAlong patch -> along("patch_along", patch.direction());
      case Change.Custom custom ->
          throw new IllegalArgumentException(
              "the change "
                  + custom.name()
                  + " is a function, which JSON cannot hold; of the changes it holds, "
                  + CHANGES
                  + ", one may do");
    };
  }

  private static ObjectNode named(String change) {
    return NODES.objectNode().put("change", change);
  }

  private static ObjectNode along(String change, ActivationDirection direction) {
    var json = named(change);
    var inner = NODES.objectNode().put("name", direction.name());
    var values = inner.putArray("values");
    direction.values().forEach(values::add);
    json.set("direction", inner);
    return json;
  }

  private static String name(Change.Over over) {
    return switch (over) {
      case EVERYTHING -> "everything";
      case TEMPLATE_AND_POSITION -> "template_and_position";
    };
  }

  // ---- Reading

  /** Reads a list of interventions, as {@link #read} does. */
  public static List<Intervention> interventions(JsonNode json) {
    if (!json.isArray()) {
      throw new IllegalArgumentException("interventions " + json + ": expected a list");
    }
    var all = new ArrayList<Intervention>();
    json.forEach(each -> all.add(intervention(each)));
    return List.copyOf(all);
  }

  /** Reads an intervention. */
  public static Intervention intervention(JsonNode json) {
    var fields = JsonFields.of("intervention", json);
    var intervention = new Intervention(site(fields), change(fields));
    fields.requireNoOther();
    return intervention;
  }

  /** Reads a site. */
  public static Site site(JsonNode json) {
    var fields = JsonFields.of("site", json);
    var site = site(fields);
    fields.requireNoOther();
    return site;
  }

  /** Reads a change. */
  public static Change change(JsonNode json) {
    var fields = JsonFields.of("change", json);
    var change = change(fields);
    fields.requireNoOther();
    return change;
  }

  /** Reads positions. */
  public static At at(JsonNode json) {
    if (json.isInt()) {
      return At.index(json.intValue());
    }
    if (json.isString()) {
      return At.parse(json.stringValue());
    }
    throw new IllegalArgumentException(
        "positions " + json + ": expected a number, \"all\", a range such as \"2..5\", or a name");
  }

  private static Site site(JsonFields fields) {
    var point = HookPoint.parse(fields.text("point"));
    Optional<Integer> head = fields.has("head") ? Optional.of(fields.integer("head")) : none();
    Optional<Integer> neuron =
        fields.has("neuron") ? Optional.of(fields.integer("neuron")) : none();
    if (head.isPresent() && neuron.isPresent()) {
      throw new IllegalArgumentException(
          "head " + head.get() + " and neuron " + neuron.get() + " of " + point + ": expected one");
    }
    Part part =
        head.<Part>map(Part.Head::new)
            .or(() -> neuron.map(Part.Neuron::new))
            .orElseGet(Part.Whole::new);
    var sources = fields.has("from") ? at(fields.get("from")) : At.all();
    return new Site(point, part, at(fields.get("at")), sources);
  }

  private static Optional<Integer> none() {
    return Optional.empty();
  }

  private static Change change(JsonFields fields) {
    var name = fields.text("change");
    return switch (name) {
      case "patch" -> new Change.Patch();
      case "zero" -> new Change.Zero();
      case "freeze" -> new Change.Freeze();
      case "mean" -> new Change.Mean(over(fields.text("over")));
      case "resample" -> new Change.Resample(fields.wholeNumber("seed"));
      case "scale" -> new Change.Scale(fields.number("factor"));
      case "add" -> new Change.Add(direction(fields.get("direction")), fields.number("scale"));
      case "project_out" -> new Change.ProjectOut(direction(fields.get("direction")));
      case "patch_along" -> new Change.PatchAlong(direction(fields.get("direction")));
      default ->
          throw new IllegalArgumentException("change \"" + name + "\": expected one of " + CHANGES);
    };
  }

  private static Change.Over over(String name) {
    for (var over : Change.Over.values()) {
      if (name(over).equals(name)) {
        return over;
      }
    }
    throw new IllegalArgumentException(
        "over \"" + name + "\": expected everything or template_and_position");
  }

  private static ActivationDirection direction(JsonNode json) {
    var fields = JsonFields.of("direction", json);
    var direction = new ActivationDirection(fields.text("name"), fields.numbers("values"));
    fields.requireNoOther();
    return direction;
  }
}
