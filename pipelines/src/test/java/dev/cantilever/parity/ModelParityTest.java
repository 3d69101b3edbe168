package dev.cantilever.parity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.BackendKind;
import dev.cantilever.host.LoadWatcher;
import dev.cantilever.host.RecordedLoads;
import dev.cantilever.hub.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelParityTest {
  private static final long BUDGET = 256L << 20;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gpt_neox",
        "llama",
        "mistral",
        "qwen2",
        "gpt2",
        "opt",
        "bloom",
        "qwen3",
        "gemma",
        "gemma2",
        "gemma2_capped",
        "phi",
        "llama_dynamic",
        "gpt_neox_dynamic",
        "phi3",
        "phi3_window",
        "phi3_beyond",
        "phi3_crossing",
        "flan_t5",
        "t5_plain",
        "t5_untied"
      })
  void run_languageModel_holdsEverythingOfTheFixture(String fixture) throws IOException {
    ModelParityReport report = run(Fixtures.path(fixture));

    assertThat(report.logitsMaxAbs().orElseThrow()).isLessThan(2e-4);
    assertThat(report.greedyEqual()).contains(true);
    assertThat(report.adapterLogitsMaxAbs().orElseThrow()).isLessThan(2e-4);
    assertThat(report.mergedLogitsMaxAbs().orElseThrow()).isLessThan(2e-4);
    assertThat(report.adapterLossAbs().orElseThrow()).isLessThan(2e-4);
    assertThat(report.gradRelMax().orElseThrow()).isLessThan(1e-3);
    assertThat(report.pass()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "distilbert_cls",
        "gpt_neox_reward",
        "bert_cls",
        "roberta_cls",
        "deberta_v2_cls",
        "deberta_v2_conv_cls"
      })
  void run_classifier_holdsLogitsAlone(String fixture) throws IOException {
    ModelParityReport report = run(Fixtures.path(fixture));

    assertThat(report.logitsMaxAbs().orElseThrow()).isLessThan(2e-4);
    assertThat(report.greedyEqual()).isEmpty();
    assertThat(report.gradRelMax()).isEmpty();
    assertThat(report.pass()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"gpt_neox, merged", "bert_cls,"})
  void run_anyModel_showsEachLoad(String fixture, @Nullable String second) throws IOException {
    RecordedLoads loads = new RecordedLoads();

    ModelParity.run(Fixtures.path(fixture), BackendKind.CPU, BUDGET, loads);

    List<String> loaded = second == null ? List.of(fixture) : List.of(fixture, second);
    assertThat(loads.lines())
        .extracting(line -> line.split(":")[0])
        .containsExactlyElementsOf(loaded);
    assertThat(loads.lines()).allMatch(line -> line.matches(".*: ([1-9]\\d*) of \\1 bytes"));
  }

  @Test
  void run_baseWeightChanged_failsWhereItMatters() throws IOException {
    Fixtures.copy("gpt_neox", folder);
    Fixtures.addToLastFloat(folder.resolve("model.safetensors"), 0.5f);

    ModelParityReport report = run(folder);

    assertThat(report.logitsMaxAbs().orElseThrow()).isGreaterThan(2e-4);
    assertThat(report.pass()).isFalse();
  }

  @Test
  void run_adapterMatrixChanged_leavesTheBaseAlone() throws IOException {
    Fixtures.copy("gpt_neox", folder);
    Fixtures.addToLastFloat(folder.resolve("adapter/adapter_model.safetensors"), 0.5f);

    ModelParityReport report = run(folder);

    assertThat(report.logitsMaxAbs().orElseThrow()).isLessThan(2e-4);
    assertThat(report.adapterLogitsMaxAbs().orElseThrow()).isGreaterThan(2e-4);
    assertThat(report.mergedLogitsMaxAbs().orElseThrow()).isGreaterThan(2e-4);
    assertThat(report.gradRelMax().orElseThrow()).isGreaterThan(1e-3);
    assertThat(report.pass()).isFalse();
  }

  @Test
  void maxAbs_nanAnywhere_isNaNAndDoesNotPass() {
    double error = Deviation.maxAbs("x", new float[] {1, Float.NaN, 1}, new float[] {1, 1, 1});
    OptionalDouble none = OptionalDouble.empty();

    assertThat(error).isNaN();
    assertThat(
            new ModelParityReport(
                    OptionalDouble.of(error), Optional.empty(), none, none, none, none)
                .pass())
        .isFalse();
  }

  @Test
  void run_unknownFamily_namesItAndTheKnownOnes() throws IOException {
    Fixtures.copy("gpt_neox", folder);
    Path config = folder.resolve("config.json");
    Files.writeString(
        config, Files.readString(config).replace("\"gpt_neox\"", "\"no_such_family\""));

    assertThatThrownBy(() -> run(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("no_such_family")
        .hasMessageContaining("gpt_neox");
  }

  private static ModelParityReport run(Path folder) throws IOException {
    return ModelParity.run(folder, BackendKind.CPU, BUDGET, LoadWatcher.none());
  }
}
