package dev.loupe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.loupe.lens.Head;
import dev.loupe.lens.Progress;
import dev.loupe.lens.attribution.Contributor;
import dev.loupe.lens.attribution.Contributor.OfHead;
import dev.loupe.lens.attribution.DirectAttribution;
import dev.loupe.lens.heads.HeadEvidence;
import dev.loupe.model.HookedTransformer;
import dev.loupe.report.study.StudyPage;
import dev.loupe.study.Study;
import dev.loupe.study.StudyContext;
import dev.loupe.study.StudyFindings;
import dev.loupe.study.induction.Induction;
import dev.loupe.study.ioi.HeadRole;
import dev.loupe.study.ioi.IoiPatching;
import dev.loupe.study.ioi.IoiPathPatching;
import dev.loupe.study.ioi.IoiPathPatchingFindings;
import dev.loupe.study.ioi.IoiPrompts;
import dev.loupe.study.years.GreaterThan;
import dev.loupe.study.years.YearPrompts;
import dev.loupe.task.Corruption;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What must be true of the embedded model, as the studies of single behaviours find it. */
class DemoStudiesTest {
  private static final int PROMPTS = 40;
  private static HookedTransformer model;

  @BeforeAll
  static void load() {
    model = HookedTransformer.load("demo");
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static IoiPrompts prompts(Corruption corruption) {
    return new IoiPrompts(PROMPTS, 3, corruption.toString(), "", "", true);
  }

  /** Asserts that a replay gives the same, and that a page tells it. */
  private static void assertRepeatableAndTold(Study study, StudyFindings found, String... told) {
    assertThat(study.run(StudyContext.of(model)).numbers()).isEqualTo(found.numbers());
    assertThat(found.study()).isEqualTo(study);
    assertThat(found.tables()).isNotEmpty().allMatch(table -> !table.rows().isEmpty());
    var page = StudyPage.of(found);
    assertThat(page.conclusions()).isNotEmpty();
    assertThat(page.highlights()).hasSizeBetween(1, 3);
    var html = page.page("again", Map.of("fact", "four")).html();
    // The scripts have words of their own.
    assertThat(html.substring(0, html.lastIndexOf("<script>")))
        .contains(told)
        .contains("four")
        .doesNotContain("NaN", "Infinity");
  }

  @Test
  void whoMovesOrKeepsAwayNamesAlsoWritesThem() {
    var study = new IoiPatching(prompts(Corruption.NAME_SWAP), 6);
    var found = study.run(StudyContext.of(model));
    var movers =
        found.heads().stream()
            .filter(h ->
                EnumSet.of(HeadRole.NAME_MOVER, HeadRole.SUBJECT_SUPPRESSOR)
                    .contains(HeadRole.of(h)))
            .map(HeadEvidence::head)
            .toList();
    assertThat(movers).isNotEmpty();
    var strongest =
        DirectAttribution.of(model, study.prompts().read(StudyContext.of(model)).pairs())
            .byHead(Progress.none())
            .strongest(c -> c instanceof OfHead, movers.size() + 1)
            .stream()
            .map(part -> head(part.contributor()))
            .toList();
    assertThat(strongest).containsAll(movers);

    assertThat(found.knockedOut()).containsAll(movers);
    assertThat(found.afterKnockOut().mean()).isLessThan(.5 * found.effects().clean().mean());
    assertThat(found.effects().accuracy()).isGreaterThan(.9);
    assertThat(found.effects().topAccuracy()).isGreaterThan(.9);
    assertRepeatableAndTold(
        study, found, movers.getFirst().toString(), "looks from the last token of prompt 2");
  }

  private static Head head(Contributor contributor) {
    return ((OfHead) contributor).head();
  }

  @Test
  void headsOfTheDirectPathAreThoseThatWriteTheNames() {
    var study = new IoiPathPatching(prompts(Corruption.ABC), 5);
    var found = study.run(StudyContext.of(model));
    var byPath =
        found.ranked().stream()
            .min(Comparator.comparingInt(IoiPathPatchingFindings.Ranked::pathRank))
            .orElseThrow();
    var attribution =
        DirectAttribution.of(model, study.prompts().read(StudyContext.of(model)).pairs())
            .byHead(Progress.none());
    var strongest = attribution.strongest(c -> c instanceof OfHead, 1).getFirst();
    assertThat(byPath.head()).isEqualTo(head(strongest.contributor()));
    assertThat(byPath.path().mean()).isNegative();
    assertThat(byPath.rank()).as("it helps through all paths too").isLessThanOrEqualTo(3);
    assertThat(found.drop()).isPositive();
    assertThat(found.paper()).isEmpty();
    assertRepeatableAndTold(study, found, "have no marks", "% of drop");
  }

  @Test
  void theYearIsBroughtToTheEndByAHeadThatReadsIt() {
    var study = new GreaterThan(new YearPrompts(PROMPTS, 1, true), 3, 1);
    var found = study.run(StudyContext.of(model));
    assertThat(found.clean().mean()).isGreaterThan(found.corrupted().mean() + .2);
    assertThat(found.curves().accuracy()).isGreaterThan(.95);
    var best = found.topHeads().getFirst();
    assertThat(best.value().mean()).isGreaterThan(.5);
    assertThat(found.attention().of(best.head()).mean()).isGreaterThan(.3);
    assertThat(found.knockOuts().getFirst().components()).contains(best.head().toString());
    assertThat(found.knockOuts().getFirst().difference().mean())
        .isLessThan(found.clean().mean() - .2);
    assertThat(found.lensValues().getLast().mean())
        .as("the last residual stream is the answer")
        .isCloseTo(found.clean().mean(), within(1e-4));
    assertRepeatableAndTold(study, found, "p(YY + 1)", "Attention from END to YY");
  }

  @Test
  void whatWasSeenOnceIsPredictedBetterAndNotWithoutInductionHeads() {
    var study = new Induction(20, "6", 0, 3, 4, 20);
    var found = study.run(StudyContext.of(model));
    assertThat(found.showsInduction()).isTrue();
    assertThat(found.whole().second().accuracy().mean())
        .isGreaterThan(found.whole().first().accuracy().mean() + .2);
    var without = found.knockOuts();
    double loss = without.getFirst().second().loss().mean();
    assertThat(loss).isGreaterThan(found.whole().second().loss().mean() + 1);
    assertThat(without.subList(1, without.size()))
        .hasSize(4)
        .allMatch(drawn -> drawn.second().loss().mean() < loss);
    assertThat(found.clean().mean()).isGreaterThan(found.corrupted().mean());
    assertRepeatableAndTold(study, found, "Induction score", "random heads 4");
  }
}
