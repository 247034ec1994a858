package dev.loupe.study.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.loupe.lens.sweep.SweepOptions;
import dev.loupe.model.HookedTransformer;
import dev.loupe.model.RandomModels;
import dev.loupe.model.WeightProcessing;
import dev.loupe.study.Study;
import dev.loupe.study.StudyContext;
import dev.loupe.study.StudyFindings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Studies that ask for something which would be answered otherwise another time. */
class SettledStudyTest {
  private static final AtomicInteger TOSSES = new AtomicInteger();
  private static HookedTransformer model =
      RandomModels.model(RandomModels.family("gpt2"), 1, WeightProcessing.none());

  @TempDir private Path folder = Path.of("");

  /** Its scale is a number, or {@code toss} for another one every time. */
  public record Tossed(String scale, int count) implements Study {
    @Override
    public String name() {
      return "tossed";
    }

    @Override
    public String question() {
      return "What came out of it?";
    }

    @Override
    public Tossed settled(StudyContext context) {
      return scale.equals("toss")
          ? new Tossed(Integer.toString(TOSSES.incrementAndGet()), count)
          : this;
    }

    @Override
    public StudyFindings run(StudyContext context) {
      var usual = TinyPatching.standard();
      return new TinyPatching(
              new TinyPatching.Prompts(count, 0, 5),
              "",
              Double.parseDouble(scale),
              usual.noisy(),
              usual.layers(),
              usual.groups(),
              usual.corner(),
              usual.budget())
          .run(context);
    }
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static StudySpec toss(int count) {
    return new StudySpec(ModelSpec.named("demo"), new Tossed("toss", count));
  }

  private StudyRunner runner(Stages stages) {
    var small = SweepOptions.standard().withThreads(1).withMemory(1 << 20);
    return new StudyRunner(SpecFiles.in(folder), small, stages);
  }

  @Test
  void whatWasSettledIsStoredAndReplayed() throws IOException {
    var run = RunFolder.at(folder.resolve("a"));
    var first = runner(Stages.silent()).run(toss(4), model, run);
    run.write(first, Map.of(), List.of(), (file, _) -> Files.writeString(file, ""));
    var stored = run.spec(List.of(new Tossed("toss", 4)));
    assertThat(stored).isEqualTo(first.spec()).isNotEqualTo(toss(4));
    assertThat(Files.readString(run.asked())).isEqualTo(toss(4).yaml());
    assertThat(run.json().at("/spec/scale")).isEqualTo(first.spec().tree().path("scale"));
    int tosses = TOSSES.get();
    var again = runner(Stages.silent()).run(stored, model);
    assertThat(Replay.compare(run, again, Map.of(), 0).isIdentical()).isTrue();
    assertThat(TOSSES).hasValue(tosses);
    assertThat(runner(Stages.silent()).run(toss(4), model).numbers()).isNotEqualTo(first.numbers());
  }

  @Test
  void whatGoesOnIsNotSettledAgain() throws IOException {
    var run = RunFolder.at(folder.resolve("a"));
    var thread = Thread.currentThread();
    assertThatExceptionOfType(CancellationException.class)
        .isThrownBy(() ->
            runner(_ -> (done, total) -> interrupt(thread, done, total))
                .run(toss(400), model, run));
    boolean _ = Thread.interrupted();
    var begun = run.spec(List.of(new Tossed("toss", 4)));
    int tosses = TOSSES.get();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> runner(Stages.silent()).run(toss(401), model, run))
        .withMessageContaining("another specification");
    assertThat(runner(Stages.silent()).run(toss(400), model, run).spec()).isEqualTo(begun);
    assertThat(TOSSES).hasValue(tosses);
  }

  private static void interrupt(Thread thread, long done, long total) {
    if (done > 0 && done < total) {
      thread.interrupt();
    }
  }
}
