package dev.cantilever.rehearsal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.BackendKind;
import dev.cantilever.backend.Backends;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.memory.MemoryReport;
import dev.cantilever.model.LlamaConfigs;
import dev.cantilever.model.PassMemory;
import dev.cantilever.model.PolicyScores;
import dev.cantilever.model.WeightSource;
import dev.cantilever.tensor.Int8Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Iterations of PPO on a device that was given just what the plan of the longest says: responses of
 * several lengths, rollouts of fewer rows at once and passes in turns.
 */
public abstract class RehearsalConformance {

  private static final long GIB = 1L << 30;
  private static final long SEED = 7;
  private static final int LONGEST = 21;

  /** Responses of an iteration: the longest comes last too, after what shorter ones left behind. */
  private static final int[] RESPONSES = {LONGEST, 6, 13, LONGEST};

  private static final StepSize STEP_SIZE = new StepSize(1e-2, 1e-2, 1);

  @TempDir private Path folder;
  private ModelConfig config;

  /** The device under test. */
  protected abstract BackendKind device();

  @BeforeEach
  void describe() throws IOException {
    config =
        ModelConfig.at(
            Files.writeString(
                folder.resolve("config.json"),
                """
                {"model_type": "gpt_neox", "hidden_size": 128, "num_attention_heads": 4,
                 "num_hidden_layers": 3, "intermediate_size": 512, "vocab_size": 160,
                 "hidden_act": "gelu", "rotary_pct": 0.25, "max_position_embeddings": 64,
                 "torch_dtype": "float16"}
                """));
  }

  private Workload workload(int response, Int8Mode mode) {
    return new Workload(8, 5, response, 4, 2, Workload.attentionLora(config), mode, SEED);
  }

  private MemoryPlan plan(Int8Mode mode, PassSettings most) throws IOException {
    MemoryPlan plan =
        new MemoryPlanner(device(), WeightSource.synthetic(config, SEED), workload(LONGEST, mode))
            .plan(2 * GIB, most);
    assertThat(plan.fits()).isTrue();
    assertThat(plan.settings().maxRows()).isEqualTo(most.maxRows());
    assertThat(plan.settings().maxTokens()).isEqualTo(most.maxTokens());
    return plan;
  }

  /** Four iterations; the adapter's digest after them. */
  private String run(MemoryPlan plan, Int8Mode mode) throws IOException {
    try (Backend backend = Backends.open(device(), plan.processBytes())) {
      String digest;
      try (RehearsedPolicy policy =
          RehearsedPolicy.open(
              backend, WeightSource.synthetic(config, SEED), workload(LONGEST, mode), STEP_SIZE)) {
        for (int iteration = 0; iteration < RESPONSES.length; iteration++) {
          Workload workload = workload(RESPONSES[iteration], mode);
          iterate(new StepRehearsal(policy, workload, plan.settings()), workload, iteration);
        }
        digest = policy.adapterDigest();
        // Where the driver tells processes apart, it agrees that no more was taken.
        assertThat(backend.driverReading().filter(reading -> !reading.wholeCard()).stream())
            .allSatisfy(
                reading ->
                    assertThat(reading.processBytes()).isLessThanOrEqualTo(plan.processBytes()));
      }
      MemoryReport report = backend.budget().report();
      assertThat(report.lines())
          .extracting(MemoryReport.Line::purpose, MemoryReport.Line::peakBytes)
          .containsExactlyElementsOf(
              plan.report().lines().stream()
                  .map(line -> tuple(line.purpose(), line.peakBytes()))
                  .toList());
      assertThat(report.peakBytes()).isEqualTo(plan.arenaBytes());
      assertThat(report.highWaterBytes()).isEqualTo(plan.report().highWaterBytes());
      return digest;
    }
  }

  private static void iterate(StepRehearsal step, Workload workload, int iteration) {
    SyntheticRows rows = step.rollout(step.rows(iteration), iteration);
    try (PassMemory memory = step.openUpdate()) {
      PolicyScores scores = step.score(memory, rows);
      if (iteration == 0 && workload.int8Mode() == Int8Mode.WEIGHT_ONLY) {
        // A fresh adapter changes no bit.
        assertThat(scores.policy().logprobs()).isEqualTo(scores.referenceLogprobs());
      }
      step.update(memory, rows, new Upward(workload.rows(), workload.miniBatchRows()));
    }
  }

  @ParameterizedTest
  @EnumSource(Int8Mode.class)
  void iterations_ofChangingLengths_takeThePlanToTheByteAndRepeat(Int8Mode mode)
      throws IOException {
    MemoryPlan plan = plan(mode, new PassSettings(3, 60, KeepPlan.products()));

    String digest = run(plan, mode);

    assertThat(run(plan, mode)).isEqualTo(digest);
  }

  @Test
  void iterations_ofALlama_takeThePlanToTheByteHoweverManyAtOnce() throws IOException {
    config = ModelConfig.at(LlamaConfigs.tiny(folder));
    Int8Mode mode = Int8Mode.WEIGHT_ONLY;

    String digest = run(plan(mode, new PassSettings(8, 2048, KeepPlan.everything())), mode);

    assertThat(run(plan(mode, new PassSettings(3, 60, KeepPlan.products())), mode))
        .isEqualTo(digest);
  }

  @Test
  void iterations_ofOtherRowsAtOnceAndTurns_leaveTheSameAdapter() throws IOException {
    Int8Mode mode = Int8Mode.WEIGHT_ONLY;
    String digest = run(plan(mode, new PassSettings(8, 2048, KeepPlan.everything())), mode);

    assertThat(run(plan(mode, new PassSettings(3, 60, KeepPlan.products())), mode))
        .isEqualTo(digest);
    assertThat(run(plan(mode, new PassSettings(4, 26, KeepPlan.blockInputs())), mode))
        .isEqualTo(digest);
  }
}
