package dev.loupe.report.study;

import dev.loupe.model.Provenance;
import dev.loupe.model.Token;
import dev.loupe.model.WeightProcessing;
import dev.loupe.report.Block;
import dev.loupe.report.KeyFigures;
import dev.loupe.study.PromptRow;
import dev.loupe.study.Study;
import dev.loupe.study.StudyContext;
import dev.loupe.study.StudyFindings;
import dev.loupe.study.StudyTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A study's page with made-up findings and any charts.
 *
 * @param results sections of charts
 * @param circuit what is shown of a circuit
 * @param highlights what a terminal shows
 */
record SampleStudy(List<Block> results, List<Block> circuit, List<Block> highlights)
    implements StudyPage {

  private record Asked() implements Study {
    @Override
    public String name() {
      return "sample";
    }

    @Override
    public String question() {
      return "Which heads carry the indirect object to the end of a sentence?";
    }

    @Override
    public StudyFindings run(StudyContext context) {
      return new Found();
    }
  }

  private record Found() implements StudyFindings {
    @Override
    public Study study() {
      return new Asked();
    }

    @Override
    public Provenance model() {
      return new Provenance(
          "demo", "", "248dfc3911869ec4", "0f3e", WeightProcessing.none(), "float32");
    }

    @Override
    public List<PromptRow> prompts() {
      List<PromptRow> rows = new ArrayList<>();
      for (String name : List.of(" John", " Tom", " Ann")) {
        String text = "When| Mary| and|X| went| to| the| store|,|X| gave| a| drink| to";
        rows.add(
            new PromptRow(
                tokens(text.replace("X", name)),
                tokens(text.replaceFirst("X", name).replace("X", " Mary")),
                List.of(new Token(" Mary", 1)),
                List.of(new Token(name, 2)),
                Map.of("IO", 1, "S1", 3, "S2", 9, "END", 13)));
      }
      return rows;
    }

    private static List<Token> tokens(String text) {
      return Arrays.stream(text.split("\\|", -1)).map(token -> new Token(token, 7)).toList();
    }

    @Override
    public List<String> notes() {
      return List.of("Prompts of `3` lengths were run apart, without padding.");
    }

    @Override
    public Map<String, @Nullable Object> numbers() {
      return Map.of();
    }

    @Override
    public List<StudyTable> tables() {
      return List.of();
    }
  }

  @Override
  public StudyFindings findings() {
    return new Found();
  }

  @Override
  public String title() {
    return "How demo finds the indirect object";
  }

  @Override
  public List<String> asked() {
    return List.of(
        "A sentence names two people, and one of them again. A model that continues with the other"
            + " has to find out who that is and to bring the name to the end.",
        "Each head's `z` was taken from the clean prompt into the one with the names swapped.");
  }

  @Override
  public List<KeyFigures.Figure> baselines() {
    return List.of(
        new KeyFigures.Figure("accuracy", "99.0 %", "the indirect object preferred"),
        new KeyFigures.Figure("clean", "+3.55", "mean logit difference IO - S"),
        new KeyFigures.Figure("corrupted", "-3.55", "with the two names swapped"));
  }

  @Override
  public List<String> conclusions() {
    return List.of(
        "The head `a9.h9` alone brings back `26.4 %` of the logit difference, the next, `a9.h6`,"
            + " `+0.15 ± 0.02` of it.",
        "Knocking out the `3` strongest lowers it from `+3.55` to `+1.20`: others take over.");
  }
}
