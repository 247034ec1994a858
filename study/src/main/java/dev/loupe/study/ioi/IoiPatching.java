package dev.loupe.study.ioi;

import dev.loupe.lens.PromptPairs;
import dev.loupe.lens.heads.AttentionPatterns;
import dev.loupe.lens.heads.HeadEffects;
import dev.loupe.lens.heads.HeadEvidence;
import dev.loupe.lens.heads.HeadPatching;
import dev.loupe.lens.heads.HeadReading;
import dev.loupe.study.PromptRow;
import dev.loupe.study.Study;
import dev.loupe.study.StudyContext;
import dev.loupe.study.ioi.IoiPatchingFindings.EndAttention;
import dev.loupe.task.Corruption;
import dev.loupe.task.Position;
import dev.loupe.task.TaskData;
import dev.loupe.task.TaskExample;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds the heads that carry the answer of the indirect-object task (Wang et al. 2022): every
 * head's z at the last position is taken from the clean run into the corrupted one, and of those
 * that bring the answer back it is measured what they read and what they write. Those together are
 * then knocked out.
 *
 * @param prompts with one answer and one wrong answer each
 * @param top on how many heads evidence is gathered, those of the largest effect
 */
public record IoiPatching(IoiPrompts prompts, int top) implements Study {
  private static final List<Position> READ = List.of(Position.IO, Position.S1, Position.S2);
  private static final int USUAL_TOP = 10;
  private static final int MOVERS_SHOWN = 3;
  // One of each order of the names, as they are generated.
  private static final int PROMPTS_SHOWN = 2;

  /** Refuses evidence on no head. */
  public IoiPatching {
    if (top < 1) {
      throw new IllegalArgumentException("top " + top + ": expected 1 or more heads");
    }
  }

  /** Returns the usual options. */
  public static IoiPatching standard() {
    return new IoiPatching(IoiPrompts.generated(Corruption.NAME_SWAP), USUAL_TOP);
  }

  @Override
  public String name() {
    return "ioi-patching";
  }

  @Override
  public String question() {
    return "Which heads at the last token bring the answer back, and what do they read and write?";
  }

  @Override
  public IoiPatchingFindings run(StudyContext context) {
    return run(context, prompts.read(context));
  }

  /**
   * Carries it out on prompts that are there already, in the place of its own.
   *
   * @param data examples with one answer and one wrong answer each, and the positions IO, S1, S2
   * @throws IllegalStateException if the model does not tell clean from corrupted prompts
   */
  public IoiPatchingFindings run(StudyContext context, TaskData data) {
    var model = context.model();
    var pairs = pairs(data);
    var patching = new HeadPatching(model, pairs);
    var effects = patching.run(context.sweep("heads"), context.stage("patching heads"));
    var ranked = effects.ranked().stream().limit(top).toList();
    var evidence = new HeadReading(model, pairs, positions(data, pairs)).of(ranked, effects);
    var carriers =
        evidence.stream()
            .filter(h -> h.recovery().mean() > 0 && HeadRole.of(h) != HeadRole.NONE)
            .map(HeadEvidence::head)
            .toList();
    return new IoiPatchingFindings(
        this,
        model.provenance(),
        data.corruption(),
        PromptRow.of(pairs, model),
        data.notes(),
        effects,
        evidence,
        carriers,
        patching.knockOut(carriers),
        AttentionPatterns.of(
            model,
            data.examples().getFirst().clean().idArray(),
            ranked.stream().map(HeadEffects.Ranked::head).toList()),
        endAttention(context, data, evidence));
  }

  /** Returns where the name movers look; where there are none, those that carry most. */
  private static List<EndAttention> endAttention(
      StudyContext context, TaskData data, List<HeadEvidence> evidence) {
    var movers = evidence.stream().filter(h -> HeadRole.of(h) == HeadRole.NAME_MOVER).toList();
    var shown =
        (movers.isEmpty() ? evidence : movers)
            .stream().limit(MOVERS_SHOWN).map(HeadEvidence::head).toList();
    var found = new ArrayList<EndAttention>();
    for (int prompt = 0; prompt < Math.min(PROMPTS_SHOWN, data.size()); prompt++) {
      long[] tokens = data.examples().get(prompt).clean().idArray();
      for (var entry : AttentionPatterns.of(context.model(), tokens, shown).entrySet()) {
        var last = entry.getValue()[tokens.length - 1];
        found.add(EndAttention.of(entry.getKey(), prompt, last));
      }
    }
    return found;
  }

  private static PromptPairs pairs(TaskData data) {
    data.examples().forEach(IoiPatching::requireOne);
    return data.pairs();
  }

  private static void requireOne(TaskExample example) {
    if (example.answers().size() != 1 || example.wrong().size() != 1) {
      throw new IllegalArgumentException(
          example.answers().size()
              + " answers and "
              + example.wrong().size()
              + " wrong ones to \""
              + example.clean().text()
              + "\": expected one of each");
    }
  }

  private static Map<String, int[]> positions(TaskData data, PromptPairs pairs) {
    var named = new LinkedHashMap<String, int[]>();
    for (var position : READ) {
      var indices = new int[data.size()];
      for (int row = 0; row < indices.length; row++) {
        indices[row] = pairs.clean().start(row) + data.examples().get(row).at(position);
      }
      named.put(position.name(), indices);
    }
    return named;
  }
}
