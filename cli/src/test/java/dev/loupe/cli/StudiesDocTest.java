package dev.loupe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.study.run.Studies;
import dev.loupe.study.run.StudySpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples of docs/studies.md are what Loupe takes. */
class StudiesDocTest {
  private static final Pattern WORD = Pattern.compile("\"([^\"]*)\"|'([^']*)'|(\\S+)");

  @TempDir private Path folder = Path.of("");

  private static String text() throws IOException {
    return Files.readString(Path.of("..", "docs", "studies.md"));
  }

  private static List<String> blocks(String language) throws IOException {
    return Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
        .matcher(text())
        .results()
        .map((MatchResult match) -> match.group(1))
        .toList();
  }

  @Test
  void specificationsAreRead() throws IOException {
    var specs = blocks("yaml").stream().filter(it -> it.startsWith("study: ")).toList();
    assertThat(specs).isNotEmpty();
    for (var spec : specs) {
      assertThat(StudySpec.parse(spec, "docs/studies.md", Studies.standard())).isNotNull();
    }
  }

  @Test
  void programsCompile() throws IOException {
    var imports =
        """
        import dev.loupe.lens.*;
        import dev.loupe.lens.sweep.*;
        import dev.loupe.model.*;
        import dev.loupe.report.study.*;
        import dev.loupe.study.interventions.*;
        import dev.loupe.study.run.*;
        import java.nio.file.*;
        import java.util.*;
        """;
    var programs = blocks("java");
    assertThat(programs).isNotEmpty();
    for (var program : programs) {
      var whole = imports + "class Example { void run() throws Exception {\n" + program + "}}";
      assertThat(ExampleProgram.errors(whole, folder)).as(program).isEmpty();
    }
  }

  /** A run is printed, not carried out; SQL is asked of no runs; other lines only have to parse. */
  @Test
  void commandsAreTaken() throws IOException {
    var lines =
        text()
            .lines()
            .filter(line -> line.matches(" {4}\\./loupe (run|replay|runs)\\b.*"))
            .toList();
    assertThat(lines).hasSizeGreaterThan(8);
    for (var line : lines) {
      var words = words(line.strip().replaceFirst("^\\./loupe ", "").replaceFirst(" +#.*", ""));
      if (words.getFirst().equals("run") && words.size() > 1 && !words.get(1).endsWith(".yaml")) {
        words.add("--print");
      } else if (words.contains("sql")) {
        words.addAll(List.of("--root", folder.toString()));
      } else {
        words.add("--help");
      }
      var run = CommandRun.of(words.toArray(String[]::new));
      assertThat(run.exitCode()).as(line + ": " + run.err()).isZero();
    }
  }

  private static List<String> words(String line) {
    return new ArrayList<>(
        WORD.matcher(line)
            .results()
            .map((MatchResult word) ->
                Stream.of(1, 2, 3).map(word::group).filter(it -> it != null).findFirst().orElse(""))
            .toList());
  }
}
