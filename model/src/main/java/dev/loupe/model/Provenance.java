package dev.loupe.model;

/**
 * Says which model it was, for results that are to be replayed.
 *
 * @param model the name it was loaded by
 * @param revision the commit, of a model from the hub; else empty
 * @param weightsSha256 of the weight file; of a list of {@code sha256 name} lines where there are
 *     several; empty for weights made in memory
 * @param tokenizerSha256 of the tokenizer file; empty where there is none
 * @param processing what was done to the weights
 * @param dtype what the model computes in
 */
public record Provenance(
    String model,
    String revision,
    String weightsSha256,
    String tokenizerSha256,
    WeightProcessing processing,
    String dtype) {
  Provenance withProcessing(WeightProcessing changed) {
    return new Provenance(model, revision, weightsSha256, tokenizerSha256, changed, dtype);
  }
}
