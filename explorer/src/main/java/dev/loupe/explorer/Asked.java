package dev.loupe.explorer;

import dev.loupe.lens.Answers;
import dev.loupe.lens.At;
import dev.loupe.lens.Change;
import dev.loupe.lens.Intervention;
import dev.loupe.lens.PatchDirection;
import dev.loupe.lens.PromptPairs;
import dev.loupe.model.Bos;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.Prompt;
import dev.loupe.model.Token;
import dev.loupe.model.Tokens;
import dev.loupe.task.NextToken;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A question that suits the model.
 *
 * @param question what was asked
 * @param clean the clean prompt
 * @param corrupted the corrupted prompt, which may be of another length
 * @param answer the right token
 * @param wrong the token that it is measured against
 * @param at the token that is looked at, from 0
 * @param notes what is missing, and what that leaves out
 */
record Asked(
    Question question,
    Prompt clean,
    Optional<Prompt> corrupted,
    Optional<Token> answer,
    Optional<Token> wrong,
    int at,
    List<Note> notes) {
  static final int MOST_TOKENS = 256;

  /** What the reader should know of a field. */
  record Note(String field, String text) {}

  /** Copies the list. */
  Asked {
    notes = List.copyOf(notes);
  }

  /**
   * Fits a question to a model.
   *
   * @throws BadQuestion naming the field that does not suit it
   */
  static Asked of(HookedTransformer model, Question question) {
    var notes = new ArrayList<Note>();
    var clean = prompt(model, "clean", question.clean());
    var corrupted =
        question.corrupted().isBlank()
            ? Optional.<Prompt>empty()
            : Optional.of(prompt(model, "corrupted", question.corrupted()));
    var answer = token(model, "answer", question.answer(), question.clean());
    var wrong = token(model, "wrong", question.wrong(), question.clean());
    if (answer.isPresent() && answer.equals(wrong)) {
      throw new BadQuestion("wrong", answer.get() + " is the answer, too: choose another token.");
    }
    note(notes, clean, corrupted, answer, wrong);
    int length = clean.length();
    int at = question.at() < 0 ? question.at() + length : question.at();
    if (at < 0 || at >= length) {
      throw new BadQuestion(
          "at", "Position %d: the clean text has 0 to %d.".formatted(question.at(), length - 1));
    }
    try {
      question.head().requireIn(model.config());
    } catch (IllegalArgumentException e) {
      throw Question.bad("head", e);
    }
    return new Asked(placed(question, length, notes), clean, corrupted, answer, wrong, at, notes)
        .requireInterventions(model);
  }

  /** Leaves out positions that the text has no more, as happens while it is edited. */
  private static Question placed(Question question, int length, List<Note> notes) {
    var kept = new LinkedHashMap<String, Integer>();
    question
        .positions()
        .forEach((name, position) -> {
          if (position < length) {
            kept.put(name, position);
          } else {
            notes.add(
                new Note(
                    "positions",
                    "%s was at %d: the clean text has 0 to %d, so that the name is left out."
                        .formatted(name, position, length - 1)));
          }
        });
    return question.withPositions(kept);
  }

  private static void note(
      List<Note> notes,
      Prompt clean,
      Optional<Prompt> corrupted,
      Optional<Token> answer,
      Optional<Token> wrong) {
    if (corrupted.isEmpty()) {
      notes.add(new Note("corrupted", "Without a corrupted text there is nothing to patch from."));
    } else if (corrupted.get().length() != clean.length()) {
      notes.add(
          new Note(
              "corrupted",
              ("The corrupted text has %d tokens, the clean one %d: its predictions are shown, but"
                      + " nothing can be patched between texts whose tokens do not line up.")
                  .formatted(corrupted.get().length(), clean.length())));
    }
    if (answer.isEmpty()) {
      notes.add(new Note("answer", "Without an answer there is no metric and no attribution."));
    } else if (wrong.isEmpty()) {
      notes.add(new Note("wrong", "Without a wrong token the answer's own logit is attributed."));
    }
  }

  private static Prompt prompt(HookedTransformer model, String field, String text) {
    var tokenizer = model.tokenizer();
    int most = Math.min(MOST_TOKENS, model.config().nCtx());
    Prompt prompt;
    try {
      prompt = Prompt.of(tokenizer, text, bos(model));
    } catch (IllegalArgumentException e) {
      throw Question.bad(field, e);
    }
    if (prompt.length() > most) {
      throw new BadQuestion(
          field,
          "The %s text has %d tokens: at most %d fit.".formatted(field, prompt.length(), most));
    }
    return prompt;
  }

  static Bos bos(HookedTransformer model) {
    return model.tokenizer().bos().isPresent() ? Bos.PREPEND : Bos.NONE;
  }

  private static Optional<Token> token(
      HookedTransformer model, String field, String text, String prompt) {
    if (text.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(NextToken.of(model.tokenizer(), prompt, text));
    } catch (IllegalArgumentException e) {
      throw Question.bad(field, e);
    }
  }

  private Asked requireInterventions(HookedTransformer model) {
    var pairs = pairs();
    var on = question.interventions();
    for (int i = 0; i < on.size(); i++) {
      if (readsSource(on.get(i)) && !isPaired()) {
        throw new BadQuestion(
            "interventions",
            on.get(i) + ": there is no corrupted text of as many tokens to take values from.");
      }
      try {
        on.get(i).requireFor(model.config(), pairs);
      } catch (IllegalArgumentException e) {
        throw Question.bad("interventions", e);
      }
    }
    if (question.direction() == PatchDirection.DENOISING && !isPaired()) {
      throw new BadQuestion(
          "direction", "There is no corrupted text of as many tokens to intervene in.");
    }
    return this;
  }

  private static boolean readsSource(Intervention intervention) {
    return switch (intervention.change()) {
      case Change.Patch _, Change.PatchAlong _, Change.Mean _, Change.Resample _ -> true;
      default -> false;
    };
  }

  /** Tells whether there is a corrupted text whose tokens line up with the clean one's. */
  boolean isPaired() {
    return corrupted.map(Prompt::length).equals(Optional.of(clean.length()));
  }

  /** Tells whether any intervention is on. */
  boolean isIntervened() {
    return !question.interventions().isEmpty();
  }

  /** Returns the pair; without a corrupted text that lines up, the clean one twice. */
  PromptPairs pairs() {
    var tokens = Tokens.of(clean.idArray());
    var others = isPaired() ? Tokens.of(corrupted.orElseThrow().idArray()) : tokens;
    var positions = new LinkedHashMap<String, List<Integer>>();
    question.positions().forEach((name, at) -> positions.put(name, List.of(at)));
    positions.put(At.END.toString(), List.of(clean.length() - 1));
    return new PromptPairs(tokens, others, answers(), positions, List.of(""));
  }

  /** Returns the answers; where none is given, any token stands for it and nothing reads it. */
  private Answers answers() {
    return new Answers(
        List.of(List.of(answer.map(Token::id).orElse(0L))),
        List.of(wrong.map(Token::id).map(List::of).orElse(List.of())));
  }

  /** Returns the names of positions, by token. */
  Map<Integer, List<String>> names() {
    var names = new LinkedHashMap<Integer, List<String>>();
    question
        .positions()
        .forEach((name, at) -> names.computeIfAbsent(at, _ -> new ArrayList<>()).add(name));
    names.computeIfAbsent(clean.length() - 1, _ -> new ArrayList<>()).add(At.END.toString());
    return names;
  }

  /** Returns this pair as one that can be corrupted, for what compares the two. */
  PromptPairs requirePair() {
    if (!isPaired()) {
      throw new BadQuestion(
          "corrupted",
          corrupted.isEmpty()
              ? "Type a corrupted text: this compares the two."
              : "This compares the two texts token for token: give them as many tokens.");
    }
    requireAnswer();
    return pairs();
  }

  /** Refuses a question without an answer. */
  void requireAnswer() {
    if (answer.isEmpty()) {
      throw new BadQuestion("answer", "Give the token that is right: this measures it.");
    }
  }
}
