package dev.cantilever.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.cantilever.backend.BackendKind;
import dev.cantilever.host.DeviceSpec;
import dev.cantilever.host.KeptValues;
import dev.cantilever.host.LoraSpec;
import dev.cantilever.host.ModelHost;
import dev.cantilever.host.ModelLease;
import dev.cantilever.host.ModelRef;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.LoraModule;
import dev.cantilever.memory.BudgetExceededException;
import dev.cantilever.optim.LearningRateSchedule;
import dev.cantilever.recipe.UsageException;
import dev.cantilever.row.IntSequence;
import dev.cantilever.row.Split;
import dev.cantilever.row.TokenRow;
import dev.cantilever.sample.EmbeddedSample;
import dev.cantilever.sample.EmbeddedSamples;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.text.DatasetException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.beam.runners.direct.DirectOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The whole stage on the embedded model, from committed rows to a published adapter. */
class FineTunePipelineTest {

  private static final DeviceSpec CPU =
      new DeviceSpec(BackendKind.CPU, 512L << 20, Int8Mode.WEIGHT_ONLY);
  private static final LoraSpec LORA = new LoraSpec(4, 8, 0, List.of("all-linear"), false);
  private static final LoraSpec LORA_WITH_DROPOUT =
      new LoraSpec(4, 8, 0.25, List.of("all-linear"), false);
  private static final List<TokenRow> ROWS = CommittedRows.toOverfit(10, 32);

  @TempDir static Path models;
  private static ModelRef base;

  @TempDir private Path dir;

  @BeforeAll
  static void extract() throws IOException {
    base = ModelRef.of(EmbeddedSamples.extract(EmbeddedSample.LANGUAGE_MODEL, models));
  }

  @AfterEach
  void nothingOfATrainingIsLeftOnTheDevice() throws Exception {
    try (ModelLease lease = ModelHost.lease(CPU, "look")) {
      assertThat(lease.backend().budget().openArenas())
          .isSubsetOf("onednn workspace", "base weights", "weight panels");
    }
  }

  @AfterAll
  static void unload() {
    ModelHost.unload();
  }

  private static FineTuneSpec spec(int epochs, double learningRate, int maxTokens) {
    return new FineTuneSpec(
        epochs,
        learningRate,
        LearningRateSchedule.LINEAR,
        0,
        4,
        maxTokens,
        1,
        0,
        KeptValues.EVERYTHING,
        0);
  }

  private FineTuneSummary run(
      FineTuneSpec spec, LoraSpec lora, int shards, int parallelism, List<TokenRow> rows, Path out)
      throws IOException {
    return run(base, spec, lora, shards, parallelism, rows, out);
  }

  private FineTuneSummary run(
      ModelRef model,
      FineTuneSpec spec,
      LoraSpec lora,
      int shards,
      int parallelism,
      List<TokenRow> rows,
      Path out)
      throws IOException {
    Path data = Files.createTempDirectory(dir, "data");
    DirectOptions options = PipelineOptionsFactory.as(DirectOptions.class);
    options.setTargetParallelism(parallelism);
    return FineTunePipeline.run(
        spec, lora, CPU, model, CommittedRows.write(data, shards, rows), out, 5, options);
  }

  private static byte[] weights(Path adapter) throws IOException {
    return Files.readAllBytes(adapter.resolve("adapter_model.safetensors"));
  }

  private List<String> namesIn(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> String.valueOf(file.getFileName())).sorted().toList();
    }
  }

  @Test
  void run_rowsToOverfit_lossFallsAndTheAdapterIsThereWhole() throws Exception {
    Path out = dir.resolve("sft").resolve("adapter");

    FineTuneSummary summary = run(spec(6, 1e-2, 2048), LORA, 1, 2, ROWS, out);

    assertThat(summary.lossAfter()).isLessThan(0.8 * summary.lossBefore());
    assertThat(summary.steps()).isEqualTo(6 * 3); // 4, 4 and 2 rows
    assertThat(summary.tokens()).isEqualTo(6 * 10 * 32);
    assertThat(namesIn(out))
        .containsExactly("adapter_config.json", "adapter_model.safetensors", "training.json");
    assertThat(namesIn(dir.resolve("sft"))).containsExactly("adapter");
    assertThat(FineTuneSummary.of(out)).isEqualTo(summary);
    try (AdapterDirectory adapter = AdapterDirectory.open(out)) {
      assertThat(adapter.config().ranks().r()).isEqualTo(4);
      assertThat(adapter.config().baseModelNameOrPath()).isEqualTo("neox-imdb-10m");
    }
  }

  @Test
  void run_otherShardsWorkersPassesAndKeptValues_leavesTheSameBytes() throws Exception {
    Path one = dir.resolve("one");
    Path other = dir.resolve("other");
    FineTuneSpec rowByRow =
        new FineTuneSpec(
            1, 1e-2, LearningRateSchedule.LINEAR, 0, 4, 40, 1, 0, KeptValues.BLOCK_INPUTS, 0);

    FineTuneSummary first = run(spec(1, 1e-2, 2048), LORA, 1, 1, ROWS, one);
    FineTuneSummary second = run(rowByRow, LORA, 3, 4, ROWS, other);

    assertThat(weights(other)).isEqualTo(weights(one));
    assertThat(second).isEqualTo(first);
  }

  /**
   * The embedded model with positions that are others for rows of more than 20 tokens.
   *
   * @param scaling settings of its rotary positions
   * @param positions of the model
   */
  private ModelRef scaled(String scaling, int positions) throws IOException {
    Path copy = Files.createDirectory(dir.resolve("long"));
    try (Stream<Path> files = Files.list(base.path())) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    Path config = copy.resolve("config.json");
    String named = "\"max_position_embeddings\": ";
    String text =
        Files.readString(config)
            .replace("\"rope_type\": \"default\"", scaling)
            .replace(named + 512, named + positions);
    Files.writeString(config, text);
    assertThat(text).contains(scaling).contains(named + positions + ",");
    return ModelRef.of(copy);
  }

  static Stream<Arguments> scaledPositions() {
    return Stream.of(
        Arguments.of(
            "\"rope_type\": \"longrope\", \"original_max_position_embeddings\": 20,"
                + " \"short_factor\": [1, 1, 1, 1], \"long_factor\": [1, 2, 3, 4]",
            512),
        Arguments.of("\"rope_type\": \"dynamic\", \"factor\": 8.0", 20));
  }

  @ParameterizedTest
  @MethodSource("scaledPositions")
  void run_rowsOnBothSidesOfTheOriginalPositions_goInPassesOfTheirOwn(String scaling, int positions)
      throws Exception {
    ModelRef model = scaled(scaling, positions);
    List<TokenRow> rows = new ArrayList<>();
    for (TokenRow row : ROWS) {
      int[] ids = row.ids().toArray();
      int length = row.rowId() % 3 == 0 ? 12 : ids.length;
      rows.add(new TokenRow(row.rowId(), row.split(), IntSequence.of(Arrays.copyOf(ids, length))));
    }
    Path one = dir.resolve("one");
    Path other = dir.resolve("other");

    FineTuneSummary first = run(model, spec(1, 1e-2, 2048), LORA, 1, 1, rows, one);
    FineTuneSummary second = run(model, spec(1, 1e-2, 40), LORA, 1, 1, rows, other);

    assertThat(weights(other)).isEqualTo(weights(one));
    assertThat(second).isEqualTo(first);
    assertThat(run(spec(1, 1e-2, 2048), LORA, 1, 1, rows, dir.resolve("plain")).lossBefore())
        .isNotEqualTo(first.lossBefore());
  }

  @Test
  void run_withDropout_isAFunctionOfTheSeedAndNotOfThePasses() throws Exception {
    Path one = dir.resolve("one");
    Path other = dir.resolve("other");
    Path without = dir.resolve("without");

    run(spec(1, 1e-2, 2048), LORA_WITH_DROPOUT, 1, 2, ROWS, one);
    run(spec(1, 1e-2, 64), LORA_WITH_DROPOUT, 2, 2, ROWS, other);
    run(spec(1, 1e-2, 2048), LORA, 1, 2, ROWS, without);

    assertThat(weights(other)).isEqualTo(weights(one));
    assertThat(weights(without)).isNotEqualTo(weights(one));
  }

  @Test
  void run_learningRateStillAtZero_leavesBAtZeroAndTheLossToTheBit() throws Exception {
    Path out = dir.resolve("adapter");
    FineTuneSpec firstStepOfAWarmUp =
        new FineTuneSpec(
            1, 1e-2, LearningRateSchedule.CONSTANT, 9, 10, 2048, 1, 0, KeptValues.EVERYTHING, 2);

    FineTuneSummary summary = run(firstStepOfAWarmUp, LORA, 1, 2, ROWS, out);

    assertThat(summary.steps()).isEqualTo(1);
    assertThat(summary.lossAfter()).isEqualTo(summary.lossBefore());
    try (AdapterDirectory adapter = AdapterDirectory.open(out)) {
      for (LoraModule module : adapter.modules().values()) {
        assertThat(adapter.readB(module)).containsOnly(0f);
        assertThat(adapter.readA(module)).doesNotContain(0f);
      }
    }
  }

  @Test
  void run_diverging_namesStepAndRowsAndPublishesNothing() throws Exception {
    Path out = dir.resolve("sft").resolve("adapter");

    Throwable thrown = catchThrowable(() -> run(spec(3, 1e30, 2048), LORA, 1, 2, ROWS, out));

    assertThat(thrown)
        .cause()
        .isInstanceOf(DivergedException.class)
        .hasMessageContaining("Fine-tuning at step 2 of 9, rows [")
        .hasMessageContaining("expected finite logits, found NaN")
        .hasMessageContaining("Nothing is published");
    assertThat(dir.resolve("sft")).doesNotExist();
  }

  @Test
  void run_again_readsTheSummaryBackAndRefusesOtherSettings() throws Exception {
    Path out = dir.resolve("adapter");
    FineTuneSummary first = run(spec(1, 1e-3, 2048), LORA, 1, 2, ROWS, out);
    Files.delete(out.resolve("adapter_config.json")); // would come back if it trained again

    assertThat(run(spec(1, 1e-3, 2048), LORA, 2, 2, ROWS, out)).isEqualTo(first);
    assertThat(out.resolve("adapter_config.json")).doesNotExist();
    assertThatThrownBy(() -> run(spec(1, 2e-3, 2048), LORA, 1, 2, ROWS, out))
        .hasRootCauseInstanceOf(UsageException.class)
        .hasRootCauseMessage(
            "expected no adapter at "
                + out
                + ", or the one of these rows and settings, found another's;"
                + " delete it, or choose another directory");
  }

  @Test
  void run_adapterTooLargeForTheBudget_leavesTheModelAsItWas() throws Exception {
    Path one = dir.resolve("one");
    Path other = dir.resolve("other");
    LoraSpec huge = new LoraSpec(16384, 8, 0, List.of("all-linear"), false);
    run(spec(1, 1e-2, 2048), LORA, 1, 2, ROWS, one);

    assertThatThrownBy(() -> run(spec(1, 1e-2, 2048), huge, 1, 2, ROWS, dir.resolve("too large")))
        .hasRootCauseInstanceOf(BudgetExceededException.class);
    run(spec(1, 1e-2, 2048), LORA, 1, 2, ROWS, other);

    assertThat(weights(other)).isEqualTo(weights(one));
  }

  @Test
  void run_rowsThatTheModelCannotTake_isRefusedNamingTheRow() {
    List<TokenRow> beyond = new ArrayList<>(ROWS);
    beyond.add(new TokenRow(10, Split.TRAIN, IntSequence.of(5, 8192, 6)));
    List<TokenRow> longRow = new ArrayList<>(ROWS);
    longRow.add(new TokenRow(10, Split.TRAIN, IntSequence.of(IntStream.range(2, 4000).toArray())));

    assertThatThrownBy(() -> run(spec(1, 1e-3, 2048), LORA, 1, 2, beyond, dir.resolve("beyond")))
        .rootCause()
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("Row 10")
        .hasMessageContaining("vocabulary of 8192, found 8192");
    assertThatThrownBy(() -> run(spec(1, 1e-3, 2048), LORA, 1, 2, longRow, dir.resolve("long")))
        .rootCause()
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("Row 10")
        .hasMessageContaining("found 3998");
  }

  @Test
  void run_noRows_isRefused() {
    assertThatThrownBy(() -> run(spec(1, 1e-3, 2048), LORA, 1, 2, List.of(), dir.resolve("empty")))
        .rootCause()
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("tokens-*.parquet with rows in them, found 1 such files");
  }
}
