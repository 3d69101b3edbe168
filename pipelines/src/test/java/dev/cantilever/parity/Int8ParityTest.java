package dev.cantilever.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.BackendKind;
import dev.cantilever.hub.CheckpointException;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class Int8ParityTest {
  private static final long BUDGET = 64L << 20;

  @Test
  void run_bitsandbytesFixture_hasItsIntegersAndIsWithinToleranceInBothModes() throws IOException {
    Int8ParityReport report = Int8Parity.run(Fixtures.path("llm_int8"), BackendKind.CPU, BUDGET);

    assertThat(report.cases())
        .extracting(Int8ParityReport.CaseErrors::name)
        .containsExactlyInAnyOrder("case0", "case1");
    for (Int8ParityReport.CaseErrors errors : report.cases()) {
      assertThat(errors.int8Differing()).as(errors.name()).isZero();
      assertThat(errors.absmaxDiffering()).as(errors.name()).isZero();
      assertThat(errors.outRel()).as(errors.name()).isLessThan(2e-3);
      assertThat(errors.gradXRel()).as(errors.name()).isLessThan(2e-3);
      assertThat(errors.weightOnlyOutRel()).as(errors.name()).isLessThan(2e-3);
      assertThat(errors.weightOnlyGradXRel()).as(errors.name()).isLessThan(2e-3);
    }
    assertThat(report.pass()).isTrue();
  }

  @Test
  void pass_oneIntegerDiffers_isFalse() {
    Int8ParityReport.CaseErrors exact =
        new Int8ParityReport.CaseErrors("case0", 0, 0, 1e-3, 1e-3, 1e-3, 1e-3);
    Int8ParityReport.CaseErrors inexact =
        new Int8ParityReport.CaseErrors("case1", 1, 0, 1e-3, 1e-3, 1e-3, 1e-3);

    assertThat(new Int8ParityReport(List.of(exact)).pass()).isTrue();
    assertThat(new Int8ParityReport(List.of(exact, inexact)).pass()).isFalse();
  }

  @Test
  void run_folderOfAModel_saysWhatWasExpected() {
    assertThatThrownBy(() -> Int8Parity.run(Fixtures.path("gpt_neox"), BackendKind.CPU, BUDGET))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("w_int8");
  }
}
