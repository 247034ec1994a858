package dev.loupe.study.syllogism;

import dev.loupe.circuit.Circuit;
import dev.loupe.circuit.CircuitNode;
import dev.loupe.model.Provenance;
import dev.loupe.study.PromptRow;
import dev.loupe.study.ReadingJson;
import dev.loupe.study.StudyFindings;
import dev.loupe.study.StudyTable;
import dev.loupe.study.behaviour.BehaviourCircuit;
import dev.loupe.study.behaviour.BehaviourFindings;
import dev.loupe.task.SyllogismWords;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the study of syllogisms found.
 *
 * @param study what was carried out
 * @param model which model
 * @param words those that fit the tokenizer; empty of own pairs
 * @param selected how prompts were chosen
 * @param behaviour what carries the answer
 * @param notes what a reader should know of the making
 */
public record SyllogismFindings(
    Syllogism study,
    Provenance model,
    Optional<SyllogismWords> words,
    Selected selected,
    BehaviourFindings behaviour,
    List<String> notes)
    implements StudyFindings {
  /** Copies the list. */
  public SyllogismFindings {
    notes = List.copyOf(notes);
  }

  @Override
  public List<PromptRow> prompts() {
    return behaviour.prompts();
  }

  @Override
  public Map<String, @Nullable Object> numbers() {
    var json = ReadingJson.part().put("selection", selected.json());
    words.ifPresent(kept ->
        json.put(
            "words",
            ReadingJson.part()
                .put("categories", (Object) kept.categories())
                .put("descriptors", kept.descriptors().stream().map(Object::toString).toList())
                .put("nouns", (Object) kept.nouns())
                .map()));
    behaviour
        .json()
        .forEach((name, value) -> {
          if (value != null) {
            json.put(name, value);
          }
        });
    return json.map();
  }

  @Override
  public List<StudyTable> tables() {
    var tables = new ArrayList<>(behaviour.tables());
    tables.add(selected.table());
    return tables;
  }

  @Override
  public Optional<Circuit> circuit() {
    var found = BehaviourCircuit.of(behaviour);
    var nodes = new ArrayList<CircuitNode>();
    nodes.add(new CircuitNode.Input());
    found.heads().forEach(head -> nodes.add(new CircuitNode.OfHead(head)));
    found.mlps().forEach(layer -> nodes.add(new CircuitNode.OfMlp(layer)));
    return Optional.of(new Circuit(nodes));
  }
}
