package dev.loupe.report.study;

import dev.loupe.report.Block;
import dev.loupe.report.Bullets;
import dev.loupe.report.HtmlReport;
import dev.loupe.report.KeyFigures;
import dev.loupe.report.PromptLines;
import dev.loupe.report.Prose;
import dev.loupe.report.Provenance;
import dev.loupe.report.Section;
import dev.loupe.study.StudyFindings;
import dev.loupe.study.differential.DifferentialFindings;
import dev.loupe.study.induction.InductionFindings;
import dev.loupe.study.interventions.InterventionsFindings;
import dev.loupe.study.ioi.IoiCircuitFindings;
import dev.loupe.study.ioi.IoiPatchingFindings;
import dev.loupe.study.ioi.IoiPathPatchingFindings;
import dev.loupe.study.syllogism.SyllogismFindings;
import dev.loupe.study.years.GreaterThanFindings;
import java.util.List;
import java.util.Map;

/** Tells a study in its order, as a page and in a terminal. */
public interface StudyPage {
  /** Return what is told. */
  StudyFindings findings();

  /** Return the heading: what was looked for in which model. */
  String title();

  /** Return what was asked and how it was answered, a paragraph each. */
  List<String> asked();

  /** Return the prompts, as tokens with their roles. */
  default List<Block> data() {
    return List.of(PromptLines.pairs(findings().prompts()));
  }

  /** Return what the model does before anything is changed, at least one figure. */
  List<KeyFigures.Figure> baselines();

  /** Return sections of charts and tables, each with a sentence of how to read it. */
  List<Block> results();

  /** Return the circuit as a graph, with what is to be said of it; empty where there is none. */
  default List<Block> circuit() {
    return List.of();
  }

  /**
   * Return what was found, at least one sentence, each with its numbers; what stands between
   * backticks is set as code, or in bold where it is a number.
   */
  List<String> conclusions();

  /** Return the few charts and tables that a terminal shows. */
  List<Block> highlights();

  /** Return the page of findings. */
  static StudyPage of(StudyFindings findings) {
    if (findings instanceof IoiCircuitFindings found) {
      return new IoiCircuitPage(found);
    }
    if (findings instanceof DifferentialFindings found) {
      return new DifferentialPage(found);
    }
    if (findings instanceof IoiPatchingFindings f) {
      return new IoiPatchingPage(f);
    }
    if (findings instanceof IoiPathPatchingFindings f) {
      return new IoiPathPatchingPage(f);
    }
    if (findings instanceof GreaterThanFindings f) {
      return new GreaterThanPage(f);
    }
    if (findings instanceof InductionFindings f) {
      return new InductionPage(f);
    }
    if (findings instanceof InterventionsFindings f) {
      return new InterventionsPage(f);
    }
    if (findings instanceof SyllogismFindings f) {
      return new SyllogismPage(f);
    }
    throw new IllegalArgumentException("no page for findings of " + findings.study().name());
  }

  /**
   * Return the whole page.
   *
   * @param command what to type to get it again
   * @param facts what else belongs to the provenance, in reading order
   */
  default HtmlReport page(String command, Map<String, String> facts) {
    var page = HtmlReport.titled(title()).withSummary(findings().study().question());
    page = page.add(new Section("What was asked"));
    for (var paragraph : asked()) {
      page = page.add(new Prose(paragraph));
    }
    page = page.add(new Section("Data")).add(data().toArray(Block[]::new));
    page = page.add(new Section("Baselines"), new KeyFigures(baselines()));
    page = page.add(results().toArray(Block[]::new));
    if (!circuit().isEmpty()) {
      page = page.add(new Section("The circuit")).add(circuit().toArray(Block[]::new));
    }
    page = page.add(new Section("Conclusions"), new Bullets(conclusions()));
    var notes = findings().notes();
    if (!notes.isEmpty()) {
      page = page.add(new Section("Notes"), new Bullets(notes));
    }
    return page.ending(List.of(), command, Provenance.of(findings().model(), Map.of(), facts));
  }
}
