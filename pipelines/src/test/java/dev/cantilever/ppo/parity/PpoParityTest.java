package dev.cantilever.ppo.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cantilever.ppo.PpoException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PpoParityTest {
  private static final Path FOLDER = Path.of("src/test/resources/fixtures/ppo");

  @ParameterizedTest
  @EnumSource(PpoPrecision.class)
  void compare_trlFixture_isWithinTolerance(PpoPrecision precision) throws IOException {
    PpoParityReport report = PpoParity.compare(cases(), tensors(), precision);

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
  void window_maskWithGap_isRefused() {
    assertThatThrownBy(() -> MaskedWindow.of(new double[] {1, 1, 0, 1, 0, 1}, 2, 3))
        .isInstanceOf(PpoException.class)
        .hasMessageContaining("row 1");
  }

  private static List<PpoCase> cases() throws IOException {
    return PpoCaseReader.read(FOLDER.resolve("golden.json"));
  }

  private static GoldenTensors tensors() throws IOException {
    ByteBuffer file =
        ByteBuffer.wrap(Files.readAllBytes(FOLDER.resolve("golden.safetensors")))
            .order(ByteOrder.LITTLE_ENDIAN);
    int headerBytes = (int) file.getLong(0);
    JsonNode header =
        new ObjectMapper()
            .readTree(new String(file.array(), 8, headerBytes, StandardCharsets.UTF_8));
    GoldenTensors tensors = new GoldenTensors("golden.safetensors");
    header
        .properties()
        .forEach(
            entry -> {
              JsonNode tensor = entry.getValue();
              if (!tensor.has("dtype")) {
                return;
              }
              int[] shape = new int[tensor.get("shape").size()];
              int count = 1;
              for (int i = 0; i < shape.length; i++) {
                shape[i] = tensor.get("shape").get(i).asInt();
                count *= shape[i];
              }
              int start = 8 + headerBytes + tensor.get("data_offsets").get(0).asInt();
              boolean f64 = tensor.get("dtype").asText().equals("F64");
              double[] elements = new double[count];
              for (int i = 0; i < count; i++) {
                elements[i] = f64 ? file.getDouble(start + 8 * i) : file.getInt(start + 4 * i);
              }
              tensors.put(entry.getKey(), shape, elements);
            });
    return tensors;
  }
}
