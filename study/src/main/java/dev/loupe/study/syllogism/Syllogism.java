package dev.loupe.study.syllogism;

import dev.loupe.model.Bos;
import dev.loupe.study.Study;
import dev.loupe.study.StudyContext;
import dev.loupe.study.behaviour.BehaviourAnalysis;
import dev.loupe.study.behaviour.BehaviourOptions;
import dev.loupe.task.SyllogismOptions;
import dev.loupe.task.SyllogismWords;
import dev.loupe.task.Syllogisms;
import dev.loupe.task.TaskData;
import dev.loupe.task.TextPairs;
import dev.loupe.task.TextPairsOptions;
import dev.loupe.task.TokenCounts;
import dev.loupe.task.WordSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a model concludes a syllogism, "All reptiles are cold, not warm. Lizards are reptiles.
 * Therefore, lizards are": prompts that it answers, each with its opposite as corruption, and the
 * whole analysis of what carries the answer. Own pairs of prompts may take the syllogisms' place.
 *
 * @param words where categories, descriptors in opposite pairs and nouns come from
 * @param template of the prompts, as {@link SyllogismOptions#template}
 * @param tokens how many tokens the words have, as {@link TokenCounts#parse}; or {@code auto}:
 *     those of the published study for models of Pythia's kind, one each where that leaves ten
 *     times as many candidates as prompts, else any
 * @param file of own pairs of prompts, JSON lines, CSV or Parquet with the columns clean,
 *     corrupted, answer and wrong; empty for syllogisms
 * @param selection which candidates become prompts
 * @param count how many prompts
 * @param seed of the order that candidates are tried in
 * @param bos whether prompts begin with BOS where the tokenizer has one
 * @param analysis how deep it goes
 */
public record Syllogism(
    WordSource words,
    String template,
    String tokens,
    String file,
    Selection selection,
    int count,
    long seed,
    boolean bos,
    BehaviourOptions analysis)
    implements Study {
  private static final String AUTO = "auto";

  /** Refuses fewer than one prompt, token counts and templates that are none. */
  public Syllogism {
    if (count < 1) {
      throw new IllegalArgumentException("count " + count + ": expected 1 or more prompts");
    }
    if (count > selection.candidates()) {
      throw new IllegalArgumentException(
          "count "
              + count
              + ": expected no more than selection.candidates, "
              + selection.candidates());
    }
    if (!tokens.equals(AUTO)) {
      var _ = TokenCounts.parse(tokens);
    }
    var _ = SyllogismOptions.defaults(Bos.NONE).withTemplate(template);
  }

  /** Returns 30 prompts of the words that Loupe brings along. */
  public static Syllogism standard() {
    return new Syllogism(
        new WordSource.Shipped(),
        SyllogismOptions.TEMPLATE,
        AUTO,
        "",
        Selection.standard(),
        30,
        0,
        true,
        BehaviourOptions.standard());
  }

  /** Returns this study with words from elsewhere. */
  public Syllogism withWords(WordSource source) {
    return new Syllogism(source, template, tokens, file, selection, count, seed, bos, analysis);
  }

  @Override
  public String name() {
    return "syllogism";
  }

  @Override
  public String question() {
    return "Where does the model keep the conclusion of a syllogism, and along which paths does it"
        + " reach the answer?";
  }

  /** Returns this study with the words of an endpoint listed in it. */
  @Override
  public Syllogism settled(StudyContext context) {
    return settled(context, System.getenv());
  }

  // An endpoint answers otherwise every time: what it gave is what is studied.
  Syllogism settled(StudyContext context, Map<String, String> environment) {
    if (!file.isEmpty() || !(words instanceof WordSource.Chat(var chat))) {
      return this;
    }
    var progress = context.stage("asking " + chat.model() + " for words");
    progress.at(0, 1);
    var given = words.words(context::file, environment);
    progress.at(1, 1);
    return withWords(new WordSource.Listed(given, WordSource.CHAT + chat.model()));
  }

  @Override
  public SyllogismFindings run(StudyContext context) {
    if (words instanceof WordSource.Chat && file.isEmpty()) {
      return settled(context).run(context);
    }
    return file.isEmpty() ? ofSyllogisms(context) : ofPairs(context);
  }

  private SyllogismFindings ofSyllogisms(StudyContext context) {
    var notes = new ArrayList<String>();
    var given = words.words(context::file, System.getenv());
    if (words instanceof WordSource.Listed(_, var from) && !from.isEmpty()) {
      notes.add("The words came from " + from + "; study.yaml of this run lists them.");
    }
    var candidates = candidates(context, given, notes);
    notes.addAll(candidates.notes());
    var selected = Selected.of(context, selection, count, candidates.size(), candidates::get);
    var data = candidates.data(selected.kept());
    return findings(context, Optional.of(candidates.kept()), selected, data, notes);
  }

  private SyllogismFindings ofPairs(StudyContext context) {
    var options = TextPairsOptions.defaults(context.bos(bos));
    var read = TextPairs.read(context.file(file), context.model().tokenizer(), options);
    var selected =
        Selected.of(
            context, selection, count, read.size(), i -> read.examples().get(Math.toIntExact(i)));
    var data = new TaskData(read.name(), read.corruption(), selected.kept(), read.notes());
    return findings(context, Optional.empty(), selected, data, read.notes());
  }

  private SyllogismFindings findings(
      StudyContext context,
      Optional<SyllogismWords> kept,
      Selected selected,
      TaskData data,
      List<String> notes) {
    var behaviour = BehaviourAnalysis.of(context, data.pairs(), analysis);
    var all = new ArrayList<>(notes);
    all.addAll(behaviour.notes());
    return new SyllogismFindings(
        this, context.model().provenance(), kept, selected, behaviour, all);
  }

  private Syllogisms candidates(StudyContext context, SyllogismWords given, List<String> notes) {
    var options = new SyllogismOptions(template, TokenCounts.ANY, seed, context.bos(bos));
    if (!tokens.equals(AUTO)) {
      return make(context, given, options.withCounts(TokenCounts.parse(tokens)));
    }
    boolean pythia = context.model().config().family().equals("gpt_neox");
    var preferred = pythia ? TokenCounts.PYTHIA : TokenCounts.SINGLE;
    var found = enough(context, given, options.withCounts(preferred));
    notes.add(
        "Token counts of words: "
            + (found.isPresent() ? preferred : TokenCounts.ANY)
            + " (option `tokens`).");
    return found.orElseGet(() -> make(context, given, options));
  }

  private Optional<Syllogisms> enough(
      StudyContext context, SyllogismWords given, SyllogismOptions options) {
    try {
      var found = make(context, given, options);
      return found.size() >= 10L * count ? Optional.of(found) : Optional.empty();
    } catch (IllegalArgumentException _) {
      // No word has as many tokens.
      return Optional.empty();
    }
  }

  private static Syllogisms make(
      StudyContext context, SyllogismWords given, SyllogismOptions options) {
    return Syllogisms.candidates(context.model().tokenizer(), given, options);
  }
}
