package dev.loupe.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The examples of docs/reading.md compile as a reader would put them together. */
class ReadingDocTest {
  private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  @TempDir private Path folder;

  @TestFactory
  Stream<DynamicTest> examples() throws IOException {
    var text = Files.readString(Path.of("..", "docs", "reading.md"));
    var blocks = BLOCK.matcher(text).results().map((MatchResult m) -> m.group(1)).toList();
    assertThat(blocks).hasSizeGreaterThan(8);
    var frame = blocks.getFirst();
    return blocks.stream()
        .skip(1)
        .map(block ->
            DynamicTest.dynamicTest(
                block.lines().findFirst().orElseThrow(),
                () -> assertThat(ExampleProgram.errors(program(frame, block), folder)).isEmpty()));
  }

  /** An example with imports stands alone, another in the place of the frame's dots. */
  private static String program(String frame, String block) {
    var whole =
        block.startsWith("import") ? block : frame.replace("  ...\n", "  {\n" + block + "  }\n");
    var byImport =
        whole.lines().collect(Collectors.partitioningBy(line -> line.startsWith("import ")));
    return String.join("\n", byImport.getOrDefault(true, List.of()))
        + "\nclass Example {\n  void run() throws Exception {\n"
        + String.join("\n", byImport.getOrDefault(false, List.of()))
        + "\n  }\n}\n";
  }
}
