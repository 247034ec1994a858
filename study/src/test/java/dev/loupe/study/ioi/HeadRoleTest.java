package dev.loupe.study.ioi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loupe.lens.Estimate;
import dev.loupe.lens.Head;
import dev.loupe.lens.heads.HeadEvidence;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeadRoleTest {
  @ParameterizedTest
  @CsvSource({
    // recovery, -> IO, -> S1, -> S2, OV at IO, at S1, at S2, direct, role
    "0.50, 0.80, 0.05, 0.05,  2.0,  1.0,  1.0,  0.40, NAME_MOVER",
    "-0.30, 0.70, 0.05, 0.05, -2.0, -1.0, -1.0, -0.30, NEGATIVE_NAME_MOVER",
    "0.40, 0.05, 0.10, 0.70, -1.0, -1.0, -2.0,  0.35, SUBJECT_SUPPRESSOR",
    "-0.20, 0.05, 0.10, 0.70,  1.0,  1.0,  2.0, -0.20, SUBJECT_COPIER",
    "0.30, 0.05, 0.10, 0.70, -0.1, -0.1, -0.1,  0.02, INDIRECT_S_READER",
    "0.30, 0.60, 0.10, 0.10, -0.1, -0.1, -0.1,  0.02, INDIRECT_IO_READER",
    "0.30, 0.05, 0.05, 0.05,  1.0,  1.0,  1.0,  0.30, OTHER",
    "0.01, 0.90, 0.00, 0.00,  2.0,  1.0,  1.0,  0.01, NONE",
    // S1 and S2 together outweigh IO; the sign is that of the name it looks at most.
    "0.30, 0.30, 0.20, 0.25,  1.0, -1.0, -1.0,  0.30, SUBJECT_SUPPRESSOR",
    // What it writes itself points against its recovery: it must work through later layers.
    "0.30, 0.05, 0.10, 0.70,  1.0,  1.0,  2.0, -0.30, INDIRECT_S_READER",
    // Less than 0.05 logits either way, at the name it looks at most, decides nothing.
    "0.30, 0.80, 0.05, 0.05,  0.04, 1.0,  1.0,  0.30, UNCLEAR",
    "0.30, 0.05, 0.10, 0.70, -1.0, -1.0, -0.04, 0.30, UNCLEAR",
    "0.30, 0.80, 0.05, 0.05,  0.06, 0.0,  0.0,  0.30, NAME_MOVER",
    "0.30, 0.05, 0.10, 0.70,  0.0,  0.0, -0.06, 0.30, SUBJECT_SUPPRESSOR",
  })
  void followsFromTheEvidence(
      double recovery,
      double io,
      double s1,
      double s2,
      double ovIo,
      double ovS1,
      double ovS2,
      double direct,
      HeadRole role) {
    var head =
        new HeadEvidence(
            new Head(0, 0),
            new Estimate(recovery, 0.01, 100),
            named(io, s1, s2),
            named(ovIo, ovS1, ovS2),
            direct);
    assertThat(HeadRole.of(head)).isEqualTo(role);
  }

  private static Map<String, Double> named(double io, double s1, double s2) {
    var map = new LinkedHashMap<String, Double>();
    map.put("IO", io);
    map.put("S1", s1);
    map.put("S2", s2);
    return map;
  }
}
