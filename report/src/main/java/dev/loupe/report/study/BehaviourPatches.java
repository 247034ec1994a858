package dev.loupe.report.study;

import dev.loupe.lens.Head;
import dev.loupe.lens.sweep.PatchSite;
import dev.loupe.lens.sweep.SweepResult;
import dev.loupe.report.Block;
import dev.loupe.report.Prose;
import dev.loupe.report.ScatterChart;
import dev.loupe.report.Section;
import dev.loupe.report.SweepPage;
import dev.loupe.study.SweepFindings.Kind;
import dev.loupe.study.behaviour.BehaviourFindings;
import java.util.ArrayList;
import java.util.List;

/**
 * Tell where activation patching finds the answer: in which stream, which heads, at which token.
 */
final class BehaviourPatches {
  private static final String NEED_NOT_ADD_UP =
      " Single cells need not add up, as later layers react to earlier ones.";

  private final BehaviourFindings found;
  private final BehaviourSweeps sweeps;

  BehaviourPatches(BehaviourFindings found, BehaviourSweeps sweeps) {
    this.found = found;
    this.sweeps = sweeps;
  }

  // ---- Where it is kept

  List<Block> kept() {
    var blocks = new ArrayList<Block>();
    blocks.add(new Section("Where the answer is kept"));
    blocks.add(
        new Prose(
            "Activation patching, denoising: in each cell the clean value of one layer and position"
                + " is put into the corrupted run. Blue cells carry the answer; where blue ends at"
                + " one position and begins at another, it is moved between them. `resid_pre` is all"
                + " that has accumulated there, `attn_out` and `mlp_out` are what one layer adds."
                + NEED_NOT_ADD_UP));
    found
        .streams()
        .forEach((site, result) -> {
          blocks.add(sweeps.chart(Kind.PATCHING, name(site) + " by position", result));
          blocks.add(strongest(result));
        });
    return blocks;
  }

  /** Return the chart of resid_pre as a terminal shows it. */
  Block highlight() {
    var stream = found.stream(PatchSite.RESID_PRE);
    var findings = sweeps.findings(Kind.PATCHING, "resid_pre by position", stream);
    return new SweepPage(findings).charts().getFirst();
  }

  /** Return the field's name for it: {@code resid_pre}. */
  private static String name(PatchSite site) {
    return site.toString().replace('-', '_');
  }

  private Prose strongest(SweepResult result) {
    return new Prose(sweeps.strongest(result, found.least()));
  }

  // ---- Which heads carry it

  List<Block> carried() {
    var blocks = new ArrayList<Block>();
    blocks.add(new Section("Which heads carry it"));
    blocks.add(
        new Prose(
            "Each cell puts one part of one head from the clean run into the corrupted one, at all"
                + " positions. A head whose pattern brings the answer back matters for where it"
                + " looks, one whose values do for what it reads there; its output has both."
                + (isGrouped() ? " Heads of k and v are those that several query heads share." : "")
                + NEED_NOT_ADD_UP));
    var sites = List.copyOf(found.sites().entrySet());
    var charts =
        BehaviourSweeps.alike(
            sites.stream()
                .map(entry ->
                    sweeps.chart(
                        Kind.PATCHING,
                        meaning(entry.getKey()) + ", all positions",
                        entry.getValue()))
                .toList());
    for (int i = 0; i < charts.size(); i++) {
      blocks.add(charts.get(i));
      blocks.add(strongest(sites.get(i).getValue()));
    }
    blocks.addAll(scatters());
    return blocks;
  }

  private boolean isGrouped() {
    return found.sites().values().stream()
            .map(result -> result.axes().getLast().size())
            .distinct()
            .count()
        > 1;
  }

  private static String meaning(PatchSite site) {
    return switch (site) {
      case Z -> "Output of each head (z)";
      case Q -> "Queries (q)";
      case K -> "Keys (k)";
      case V -> "Values (v)";
      case PATTERN -> "Attention pattern";
      default -> site.toString();
    };
  }

  private List<Block> scatters() {
    var output = found.sites().get(PatchSite.Z);
    var pattern = found.sites().get(PatchSite.PATTERN);
    var values = found.sites().get(PatchSite.V);
    var blocks = new ArrayList<Block>();
    if (output != null && pattern != null) {
      blocks.add(scatter("Attention against output", pattern, "output (z)", output));
      blocks.add(
          new Prose(
              "Every point is a head. Near the diagonal its output matters because of where it looks;"
                  + " high above 0 on the left it matters for what it reads, with its attention the"
                  + " same on both prompts."));
      if (values != null) {
        blocks.add(scatter("Attention against values", pattern, "values (v)", values));
        blocks.add(
            new Prose(
                "The two halves of a head's work: heads far to the right matter for where they look,"
                    + " heads high up for what they read there."));
      }
    }
    return blocks;
  }

  private ScatterChart scatter(String title, SweepResult x, String name, SweepResult y) {
    int layers = x.axes().getFirst().size();
    int heads = x.axes().getLast().size();
    var points =
        Head.all(layers, heads).stream()
            .map(head ->
                new ScatterChart.Point(
                    head.toString(),
                    third(head.layer(), layers),
                    BehaviourSweeps.recovery(x, head, heads).mean(),
                    BehaviourSweeps.recovery(y, head, heads).mean()))
            .toList();
    return new ScatterChart(
        title,
        "recovery by the attention pattern",
        "recovery by the " + name,
        points,
        ScatterChart.Guide.IDENTITY);
  }

  private static String third(int layer, int layers) {
    return switch (3 * layer / layers) {
      case 0 -> "first third of the layers";
      case 1 -> "second third";
      default -> "last third";
    };
  }

  // ---- At which token

  List<Block> byPosition() {
    if (found.sitesByPosition().isEmpty()) {
      return List.of();
    }
    var blocks = new ArrayList<Block>();
    blocks.add(new Section("At which token they do it"));
    blocks.add(
        new Prose(
            "The same one position at a time, all on one scale; of patterns the positions are those"
                + " that attend. Shown are the heads that bring back at least "
                + Told.percent(found.least())
                + " of the gap at some position, at most "
                + BehaviourSweeps.MOST_ROWS
                + " of each kind; all others are in the table `patching` of the run."));
    var sites = List.copyOf(found.sitesByPosition().entrySet());
    double reach =
        sites.stream()
            .mapToDouble(entry -> BehaviourSweeps.reach(entry.getValue()))
            .max()
            .orElse(0);
    for (var site : sites) {
      var title = meaning(site.getKey()) + " by position";
      sweeps
          .headsByPosition(title, site.getValue(), found.least())
          .map(chart -> chart.reaching(reach))
          .ifPresentOrElse(
              chart -> {
                blocks.add(chart);
                blocks.add(strongest(site.getValue()));
              },
              () -> blocks.add(new Prose(title + ": no head brings back so much anywhere.")));
    }
    return blocks;
  }
}
