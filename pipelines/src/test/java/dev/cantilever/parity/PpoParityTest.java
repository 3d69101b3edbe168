package dev.cantilever.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.ppo.PpoException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PpoParityTest {
  private static final Path FOLDER = Path.of("src/test/resources/fixtures/ppo");

  @ParameterizedTest
  @EnumSource(PpoPrecision.class)
  void run_trlFixture_isWithinTolerance(PpoPrecision precision) throws IOException {
    PpoParityReport report = PpoParity.run(FOLDER, precision);

    assertThat(report.cases()).extracting(PpoParityReport.CaseErrors::number).contains(0, 1, 3, 4);
    for (PpoParityReport.CaseErrors errors : report.cases()) {
      assertThat(errors.maxAbs()).hasSize(29);
      errors
          .maxAbs()
          .forEach(
              (name, error) ->
                  assertThat(error)
                      .as("case %s %s", errors.number(), name)
                      .isLessThanOrEqualTo(precision.tolerance()));
    }
    assertThat(report.pass()).isTrue();
  }

  @Test
  void compare_oneRewardChanged_failsWhereItMatters() throws IOException {
    GoldenTensors tensors = tensors();
    double[] scores = tensors.values("case0.scores");
    scores[2] += 1e-6;
    tensors.put("case0.scores", tensors.shape("case0.scores"), scores);

    PpoParityReport report = PpoParity.compare(cases(), tensors, PpoPrecision.FLOAT64);

    assertThat(report.pass()).isFalse();
    PpoParityReport.CaseErrors first = report.cases().get(0);
    assertThat(first.maxAbs().get("kls")).isLessThan(1e-9);
    assertThat(first.maxAbs().get("rewards")).isGreaterThan(9e-7);
    assertThat(first.maxAbs().get("grad_vpreds")).isGreaterThan(1e-9);
  }

  @Test
  void compare_tensorMissing_namesIt() throws IOException {
    GoldenTensors empty = new GoldenTensors("golden.safetensors");

    assertThatThrownBy(() -> PpoParity.compare(cases(), empty, PpoPrecision.FLOAT64))
        .isInstanceOf(PpoException.class)
        .hasMessageContaining("case0.new_logits");
  }

  @Test
  void read_keyMissing_namesFileAndKey(@TempDir Path folder) throws IOException {
    Files.writeString(folder.resolve("golden.json"), "[{\"case\": 0, \"config\": {}}]");

    assertThatThrownBy(() -> PpoParity.run(folder, PpoPrecision.FLOAT64))
        .isInstanceOf(PpoException.class)
        .hasMessageContaining("golden.json")
        .hasMessageContaining("'init_kl_coef'");
  }

  @Test
  void window_maskWithGap_isRefused() {
    assertThatThrownBy(() -> MaskedWindow.of(new double[] {1, 1, 0, 1, 0, 1}, 2, 3))
        .isInstanceOf(PpoException.class)
        .hasMessageContaining("row 1");
  }

  private static List<PpoCase> cases() throws IOException {
    return PpoCaseReader.read(FOLDER.resolve("golden.json"));
  }

  private static GoldenTensors tensors() throws IOException {
    return GoldenTensors.read(FOLDER.resolve("golden.safetensors"));
  }
}
