package dev.loupe.explorer;

import tools.jackson.databind.JsonNode;

/**
 * What the page can ask of a model. One call at a time has the model, whoever asks; results are
 * values that Jackson writes (records; an empty {@link java.util.Optional} is left out, a number
 * that is not finite becomes null), with no tensor in them.
 *
 * <p>Every method throws {@link BadQuestion}, or any other {@link IllegalArgumentException}, with a
 * sentence for people where a question cannot be answered.
 */
interface Workbench extends AutoCloseable {
  /** Describes the model; asked once. The server adds which instance it is. */
  Object model();

  /** Returns prompts of a task, drawn by a seed. */
  Object examples(String task, long seed);

  /** Returns the tokens that begin with a text. */
  Object complete(String start);

  /** Answers the question with all views. */
  Object view(JsonNode question);

  /** Computes a grid of layers and heads, and writes its cells as they come. */
  void grid(JsonNode question, Lines out);

  /** Measures a circuit, and writes what is known as it comes. */
  void circuit(JsonNode question, Lines out);

  /** Returns a circuit within the write budget. */
  Object suggest(JsonNode question);

  /** Returns the question as the specification of a study. */
  Object exportStudy(JsonNode question);

  /** Returns the circuit of the question as a file. */
  Object exportCircuit(JsonNode question);

  /** Frees what it holds; called when nobody has the model any more. */
  @Override
  default void close() {}
}
