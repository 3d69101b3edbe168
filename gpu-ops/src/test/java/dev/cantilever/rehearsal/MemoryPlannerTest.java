package dev.cantilever.rehearsal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.autograd.Slot;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.BackendKind;
import dev.cantilever.backend.Backends;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.memory.MemoryReport;
import dev.cantilever.memory.Purpose;
import dev.cantilever.model.Families;
import dev.cantilever.model.LlamaConfigs;
import dev.cantilever.model.PassMemory;
import dev.cantilever.model.WeightSource;
import dev.cantilever.tensor.Int8Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Plans of a model of which only the description is there. */
class MemoryPlannerTest {

  private static final long GIB = 1L << 30;
  private static final long MIB = 1L << 20;

  private static final String NEOX_20B =
      """
      {"model_type": "gpt_neox", "hidden_size": 6144, "num_attention_heads": 64,
       "num_hidden_layers": 44, "intermediate_size": 24576, "vocab_size": 50432,
       "hidden_act": "gelu_fast", "rotary_pct": 0.25, "rotary_emb_base": 10000,
       "max_position_embeddings": 2048, "torch_dtype": "float16"}
      """;

  private static final String TINY =
      """
      {"model_type": "gpt_neox", "hidden_size": 64, "num_attention_heads": 4,
       "num_hidden_layers": 3, "intermediate_size": 256, "vocab_size": 160,
       "hidden_act": "gelu", "rotary_pct": 0.25, "max_position_embeddings": 64}
      """;

  /** 2048 tokens a pass and everything kept, as training begins from. */
  private static PassSettings generous(Workload workload) {
    return new PassSettings(workload.rows(), 2048, KeepPlan.everything());
  }

  @TempDir Path folder;

  private ModelConfig config(String json) throws IOException {
    return ModelConfig.at(Files.writeString(folder.resolve("config.json"), json));
  }

  private static Workload workload(ModelConfig config, int rows, int prompt, int response) {
    return new Workload(
        rows, prompt, response, 4, 4, Workload.attentionLora(config), Int8Mode.WEIGHT_ONLY, 7);
  }

  private static MemoryPlan plan(
      BackendKind device, ModelConfig config, Workload workload, long budget) throws IOException {
    return new MemoryPlanner(device, WeightSource.synthetic(config, 7), workload)
        .plan(budget, generous(workload));
  }

  private static long peak(MemoryReport report, Purpose purpose) {
    return report.lines().stream()
        .filter(line -> line.purpose() == purpose)
        .mapToLong(MemoryReport.Line::peakBytes)
        .findFirst()
        .orElse(0);
  }

  @Test
  void neox20b_of32RowsOf8And32_fits24GiBAllAtOnce() throws IOException {
    ModelConfig config = config(NEOX_20B);

    MemoryPlan plan = plan(BackendKind.CUDA, config, workload(config, 32, 8, 32), 24 * GIB);

    assertThat(plan.fits()).as(plan.toString()).isTrue();
    assertThat(plan.settings().maxRows()).isEqualTo(32);
    assertThat(plan.processBytes()).isLessThanOrEqualTo(24 * GIB);
    // 48 tokens a row in pages of 16, keys and values of 16 bit, and the table.
    long cache = 44L * 2 * 32 * 48 * 6144 * 2;
    assertThat(peak(plan.report(), Purpose.KV_CACHE)).isBetween(cache, cache + 44 * 2 * MIB);
    // Two moments of A and B on every QKV; tails of chunks besides, as the arena grows.
    long lora = 44L * 16 * (6144 + 3 * 6144) * 4;
    assertThat(peak(plan.report(), Purpose.OPTIMIZER)).isBetween(2 * lora, 2 * lora + 16 * MIB);
    assertThat(plan.settings().keep().kept()).contains(Slot.QKV, Slot.MLP_PRE);
    assertThat(plan.toString()).contains("base weights").contains("kv cache").contains("process");
  }

  @Test
  void neox20b_of16RowsOf128And128_fits24GiBSomeAtOnce() throws IOException {
    ModelConfig config = config(NEOX_20B);

    MemoryPlan plan = plan(BackendKind.CUDA, config, workload(config, 16, 128, 128), 24 * GIB);

    assertThat(plan.fits()).as(plan.toString()).isTrue();
    assertThat(plan.settings().maxRows()).isEqualTo(8);
    assertThat(plan.mostRows()).isBetween(8, 15);
    assertThat(plan.processBytes()).isLessThanOrEqualTo(24 * GIB);
    assertThat(plan.advice()).contains("8 rows are generated at once");
  }

  @Test
  void llama8b_of32RowsOf128And128_fits16GiB() throws IOException {
    ModelConfig config = ModelConfig.at(LlamaConfigs.llama8b(folder));

    MemoryPlan plan = plan(BackendKind.CUDA, config, workload(config, 32, 128, 128), 16 * GIB);

    assertThat(plan.fits()).as(plan.toString()).isTrue();
    assertThat(plan.settings().maxRows()).isEqualTo(32);
    // 256 tokens a row, keys and values of 8 heads of 128 in 16 bit, and the table.
    long cache = 32L * 2 * 32 * 256 * 8 * 128 * 2;
    assertThat(peak(plan.report(), Purpose.KV_CACHE)).isBetween(cache, cache + 32 * 2 * MIB);
  }

  @Test
  void neox20b_under16GiB_isRefusedWithWhatItWouldTake() throws IOException {
    ModelConfig config = config(NEOX_20B);

    MemoryPlan plan = plan(BackendKind.CUDA, config, workload(config, 32, 8, 32), 16 * GIB);

    assertThat(plan.fits()).isFalse();
    assertThat(plan.mostRows()).isZero();
    assertThat(plan.processBytes()).isBetween(20 * GIB, 22 * GIB);
    assertThat(plan.toString()).contains("does not fit").contains("base weights");
    assertThat(plan.advice()).contains("--budget");
  }

  @Test
  void twoPlans_ofOneQuestion_areEqual() throws IOException {
    ModelConfig config = config(TINY);
    Workload workload = workload(config, 8, 5, 12);

    assertThat(plan(BackendKind.CUDA, config, workload, GIB))
        .isEqualTo(plan(BackendKind.CUDA, config, workload, GIB));
  }

  @ParameterizedTest
  @CsvSource({"WEIGHT_ONLY, 8, 2048", "WEIGHT_ONLY, 3, 40", "LLM_INT8, 8, 2048"})
  void tinyModel_onTheCpu_takesThePlanToTheByte(Int8Mode mode, int maxRows, int maxTokens)
      throws IOException {
    ModelConfig config = config(TINY);
    WeightSource source = WeightSource.synthetic(config, 7);
    Workload workload = new Workload(8, 5, 12, 4, 2, Workload.attentionLora(config), mode, 7);
    MemoryPlan plan =
        new MemoryPlanner(BackendKind.CPU, source, workload)
            .plan(GIB, new PassSettings(maxRows, maxTokens, KeepPlan.everything()));

    try (Backend backend = Backends.open(BackendKind.CPU, GIB)) {
      try (RehearsedPolicy policy =
          RehearsedPolicy.open(backend, source, workload, StepSize.NONE)) {
        StepRehearsal step = new StepRehearsal(policy, workload, plan.settings());
        SyntheticRows rows = step.rollout(step.rows(0), 0);
        try (PassMemory memory = step.openUpdate()) {
          step.score(memory, rows);
          step.update(memory, rows, new PlannedObjective(workload, 2));
        }
      }

      assertThat(plan.fits()).isTrue();
      assertThat(plan.settings().maxTokens()).isEqualTo(maxTokens);
      assertThat(plan.settings().maxRows()).isEqualTo(maxRows);
      assertThat(backend.budget().report().lines())
          .extracting(MemoryReport.Line::purpose, MemoryReport.Line::peakBytes)
          .containsExactlyElementsOf(
              plan.report().lines().stream()
                  .map(line -> tuple(line.purpose(), line.peakBytes()))
                  .toList());
      assertThat(backend.budget().peakBytes()).isEqualTo(plan.arenaBytes());
    }
  }

  @Test
  void steps_inTheMemoryThatWasPlanned_areNeverRefused() throws IOException {
    ModelConfig config = config(TINY);
    WeightSource source = WeightSource.synthetic(config, 7);
    Workload workload = workload(config, 8, 5, 12);
    MemoryPlan plan =
        new MemoryPlanner(BackendKind.CUDA, source, workload)
            .plan(GIB, new PassSettings(3, 40, KeepPlan.products()));

    // One reservation of just that size: 3, 3 and 2 rows at once, all mini-batches, two steps.
    try (Backend backend = Backends.meta(BackendKind.CUDA, plan.processBytes());
        RehearsedPolicy policy = RehearsedPolicy.open(backend, source, workload, StepSize.NONE)) {
      StepRehearsal step = new StepRehearsal(policy, workload, plan.settings());
      for (int i = 0; i < 2; i++) {
        step.prefill(step.rows(i), i);
        SyntheticRows rows = step.rollout(step.rows(i), i);
        try (PassMemory memory = step.openUpdate()) {
          step.score(memory, rows);
          step.update(memory, rows, new PlannedObjective(workload, workload.miniBatches()));
        }
      }
      assertThat(backend.budget().report().highWaterBytes())
          .isEqualTo(plan.report().highWaterBytes());
      assertThat(backend.budget().report().lines())
          .extracting(MemoryReport.Line::peakBytes)
          .containsExactlyElementsOf(
              plan.report().lines().stream().map(MemoryReport.Line::peakBytes).toList());
    }
  }

  @Test
  void tinyModel_underEverSmallerBudgets_lowersUntilItIsRefused() throws IOException {
    ModelConfig config = config(TINY);
    Workload workload = workload(config, 32, 5, 40);
    MemoryPlan all = plan(BackendKind.CPU, config, workload, GIB);
    MemoryPlan lowered = plan(BackendKind.CPU, config, workload, all.processBytes() - 1);
    MemoryPlan refused = plan(BackendKind.CPU, config, workload, 30 * MIB);

    assertThat(all.advice()).isEqualTo("Nothing had to be lowered.");
    assertThat(lowered.fits()).isTrue();
    assertThat(lowered.processBytes()).isLessThan(all.processBytes());
    assertThat(lowered.advice()).startsWith("To fit, ");
    assertThat(refused.fits()).isFalse();
  }

  @Test
  void keepLadder_ofALlama_hasTheStreamBetween() throws IOException {
    ModelConfig config = ModelConfig.at(LlamaConfigs.llama8b(folder));

    assertThat(KeepLadder.cheapestFirst(Families.of(config).architecture(config), 256))
        .containsExactly(
            Slot.NORM, Slot.MLP_ACT, Slot.ATTENTION, Slot.QKV, Slot.MLP_PRE, Slot.MIDDLE);
  }

  @Test
  void keepLadder_dropsWhatIsCheapestPerByteFirst() throws IOException {
    var architecture = Families.of(config(NEOX_20B)).architecture(config(NEOX_20B));

    assertThat(KeepLadder.cheapestFirst(architecture, 40))
        .containsExactly(Slot.NORM, Slot.MLP_ACT, Slot.ATTENTION, Slot.QKV, Slot.MLP_PRE);
    assertThat(KeepLadder.of(architecture, 40, KeepPlan.products()))
        .hasSize(4)
        .startsWith(new KeepPlan(Set.of(Slot.QKV, Slot.ATTENTION, Slot.MLP_PRE)))
        .endsWith(KeepPlan.blockInputs());
  }
}
