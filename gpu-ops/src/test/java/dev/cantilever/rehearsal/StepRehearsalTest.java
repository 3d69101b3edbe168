package dev.cantilever.rehearsal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.BackendKind;
import dev.cantilever.backend.Backends;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.model.LlamaConfigs;
import dev.cantilever.model.PassMemory;
import dev.cantilever.model.PolicyScores;
import dev.cantilever.model.WeightSource;
import dev.cantilever.tensor.Int8Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The phases of a step on the CPU, and the count of their work. */
class StepRehearsalTest {

  private static final long BUDGET = 1L << 30;
  private static final StepSize STEP_SIZE = new StepSize(1e-2, 1e-2, 1);

  @TempDir Path folder;

  private ModelConfig config(String json) throws IOException {
    return ModelConfig.at(Files.writeString(folder.resolve("config.json"), json));
  }

  private ModelConfig tiny() throws IOException {
    return config(
        """
        {"model_type": "gpt_neox", "hidden_size": 64, "num_attention_heads": 4,
         "num_hidden_layers": 2, "intermediate_size": 128, "vocab_size": 160,
         "hidden_act": "gelu", "rotary_pct": 0.25, "max_position_embeddings": 64}
        """);
  }

  private static Workload workload(ModelConfig config, long seed) {
    return new Workload(6, 5, 7, 3, 2, Workload.attentionLora(config), Int8Mode.WEIGHT_ONLY, seed);
  }

  /** What a step leaves: the adapter's digest, and how far the mean log-probability moved. */
  private record Outcome(String digest, double before, double after) {}

  private Outcome run(ModelConfig config, long seed, PassSettings settings) throws IOException {
    Workload workload = workload(config, seed);
    try (Backend backend = Backends.open(BackendKind.CPU, BUDGET)) {
      try (RehearsedPolicy policy =
          RehearsedPolicy.open(
              backend, WeightSource.synthetic(config, seed), workload, STEP_SIZE)) {
        StepRehearsal step = new StepRehearsal(policy, workload, settings);
        step.prefill(step.rows(0), 0);
        SyntheticRows rows = step.rollout(step.rows(0), 0);
        try (PassMemory memory = step.openUpdate()) {
          PolicyScores fresh = step.score(memory, rows);
          assertThat(fresh.policy().logprobs()).isEqualTo(fresh.referenceLogprobs());
          step.update(memory, rows, new Upward(6, 3));
          PolicyScores moved = step.score(memory, rows);
          return new Outcome(
              policy.adapterDigest(),
              mean(fresh.policy().logprobs()),
              mean(moved.policy().logprobs()));
        }
      } finally {
        assertThat(backend.budget().openArenas()).hasSize(1); // the workspace
      }
    }
  }

  private static double mean(float[] values) {
    return IntStream.range(0, values.length).mapToDouble(i -> values[i]).average().orElseThrow();
  }

  @Test
  void step_underAnySettings_leavesTheSameBytes() throws IOException {
    ModelConfig config = tiny();
    PassSettings atOnce = new PassSettings(6, 2048, KeepPlan.everything());

    Outcome outcome = run(config, 3, atOnce);

    assertThat(outcome.after()).isGreaterThan(outcome.before());
    assertThat(run(config, 3, new PassSettings(4, 12, KeepPlan.blockInputs()))).isEqualTo(outcome);
    assertThat(run(config, 4, atOnce).digest()).isNotEqualTo(outcome.digest());
  }

  @Test
  void work_ofNeox20b_isWhatItsShapesSay() throws IOException {
    ModelConfig config =
        config(
            """
            {"model_type": "gpt_neox", "hidden_size": 6144, "num_attention_heads": 64,
             "num_hidden_layers": 44, "intermediate_size": 24576, "vocab_size": 50432,
             "hidden_act": "gelu_fast", "rotary_pct": 0.25, "torch_dtype": "float16"}
            """);
    Workload workload =
        new Workload(32, 8, 32, 4, 4, Workload.attentionLora(config), Int8Mode.WEIGHT_ONLY, 7);
    StepWork work;
    try (Backend backend = Backends.meta(BackendKind.CUDA, Long.MAX_VALUE);
        RehearsedPolicy policy =
            RehearsedPolicy.open(
                backend, WeightSource.synthetic(config, 7), workload, StepSize.NONE)) {
      work = StepWork.of(policy, workload, new PassSettings(32, 2048, KeepPlan.everything()));
    }
    double linears = 44 * 12.0 * 6144 * 6144;
    double head = 50_432.0 * 6144;

    // 19.93 GB of integers, 0.62 of head, 0.83 of cache, 0.07 of adapter; scales add 10 MB.
    assertThat(work.decodeStep().bytes()).isCloseTo(21.45e9, within(0.03e9));
    assertThat(work.rounds()).isEqualTo(1);
    assertThat(work.miniBatches()).isEqualTo(32);
    // 2560 tokens of policy and reference in passes of 25 rows.
    assertThat(work.scorePasses()).isEqualTo(2);
    double scored = work.score().flops() * work.scorePasses();
    assertThat(scored).isBetween(2 * 2560 * linears, 2 * 2560 * linears * 1.05);
    // Forward and input gradient of 160 tokens, 128 of them through the head and back.
    double credited = 2 * 160 * 2 * linears + 2 * 128 * 2 * head;
    assertThat(work.miniBatch().flops()).isBetween(0.97 * credited, 1.02 * credited);
    DeviceCeilings h100 = new DeviceCeilings(3.02e12, 780e12);
    assertThat(work.decodeStep().floorSeconds(h100)).isCloseTo(7.1e-3, within(0.05e-3));
    assertThat(work.updateSeconds(h100)).isCloseTo(0.52, within(0.02));
    assertThat(work.rolloutSeconds(h100)).isCloseTo(0.23, within(0.01));
  }

  @Test
  void step_ofALlamaUnderAnySettings_leavesTheSameBytes() throws IOException {
    ModelConfig config = ModelConfig.at(LlamaConfigs.tiny(folder));

    Outcome outcome = run(config, 3, new PassSettings(6, 2048, KeepPlan.everything()));

    assertThat(outcome.after()).isGreaterThan(outcome.before());
    assertThat(run(config, 3, new PassSettings(4, 12, KeepPlan.blockInputs()))).isEqualTo(outcome);
  }

  @Test
  void work_ofLlama8b_countsGateAndGroupedKeys() throws IOException {
    ModelConfig config = ModelConfig.at(LlamaConfigs.llama8b(folder));
    Workload workload =
        new Workload(32, 128, 128, 4, 1, Workload.attentionLora(config), Int8Mode.WEIGHT_ONLY, 7);
    StepWork work;
    try (Backend backend = Backends.meta(BackendKind.CUDA, Long.MAX_VALUE);
        RehearsedPolicy policy =
            RehearsedPolicy.open(
                backend, WeightSource.synthetic(config, 7), workload, StepSize.NONE)) {
      work = StepWork.of(policy, workload, new PassSettings(32, 4096, KeepPlan.everything()));
    }
    double qkv = (4096 + 2 * 1024) * 4096.0;
    double block = qkv + 4096.0 * 4096 + 3 * 14_336.0 * 4096;
    double linears = 32 * block;
    double scales = 32 * 4 * (6144.0 + 4096 + 2 * 14_336 + 4096);
    double head = 128_256.0 * 4096;
    // A and B of rank 16 on queries, keys and values apart.
    double adapter = 32 * 16.0 * (3 * 4096 + 4096 + 2 * 1024);
    double context = 128 + 64;
    double cache = 32 * context * 2 * 8 * 128 * 32 * 2;

    assertThat(work.decodeStep().bytes())
        .isCloseTo(linears + scales + 2 * head + 4 * adapter + cache, within(1.0));
    double attention = 4 * 32 * context * 32 * 128 * 32;
    assertThat(work.decodeStep().flops())
        .isCloseTo(2 * 32 * (linears + adapter + head) + attention, within(1.0));
    // Backward: nothing goes through the first QKV, but through the first gate and up it does.
    double tokens = 4 * 256;
    double meanAttention = 4 * tokens * 128.5 * 32 * 128 * 32;
    double forward = 2 * tokens * (linears + adapter) + 2 * 4 * 128 * head + meanAttention;
    double backward =
        2 * tokens * (linears - qkv + 2 * adapter) + 2 * 4 * 128 * head + 2 * meanAttention;
    assertThat(work.miniBatch().flops()).isCloseTo(forward + backward, within(10.0));
  }

  @Test
  void step_ofAnEncoderDecoderUnderAnySettings_leavesTheSameBytes() throws IOException {
    ModelConfig config = config(t5(2, 32, 8, 4, 64, 96));

    Outcome outcome = run(config, 3, new PassSettings(6, 2048, KeepPlan.everything()));

    assertThat(outcome.after()).isGreaterThan(outcome.before());
    assertThat(run(config, 3, new PassSettings(4, 12, KeepPlan.blockInputs()))).isEqualTo(outcome);
  }

  private static String t5(int layers, int hidden, int headSize, int heads, int inner, int vocab) {
    return """
        {"model_type": "t5", "d_model": %d, "d_kv": %d, "num_heads": %d, "d_ff": %d,
         "num_layers": %d, "vocab_size": %d, "feed_forward_proj": "gated-gelu",
         "decoder_start_token_id": 0, "tie_word_embeddings": false}
        """
        .formatted(hidden, headSize, heads, inner, layers, vocab);
  }

  /** Of Flan-T5-XXL: what an encoder reads goes through other layers than what a decoder does. */
  @Test
  void work_ofAnEncoderDecoder_countsEachTokenWhereItGoes() throws IOException {
    ModelConfig config = config(t5(24, 4096, 64, 64, 10_240, 32_128));
    Workload workload =
        new Workload(16, 96, 32, 4, 1, Workload.attentionLora(config), Int8Mode.WEIGHT_ONLY, 7);
    StepWork work;
    try (Backend backend = Backends.meta(BackendKind.CUDA, Long.MAX_VALUE);
        RehearsedPolicy policy =
            RehearsedPolicy.open(
                backend, WeightSource.synthetic(config, 7), workload, StepSize.NONE)) {
      work = StepWork.of(policy, workload, new PassSettings(16, 1024, KeepPlan.everything()));
    }
    double square = 4096.0 * 4096;
    double mlp = 3 * 10_240.0 * 4096;
    double own = 24 * (6 * square + mlp); // of a decoder's token
    double source = 24 * (4 * square + mlp + 2 * square); // and of an encoder's
    double head = 32_128.0 * 4096;
    double matrices = 16.0 * 2 * 4096; // A and B of rank 16 on a square
    double ownAdapter = 24 * 4 * matrices; // q, k, v of its own, q of the encoder's
    double sourceAdapter = 24 * 5 * matrices;
    double keys = 24 * (1 + 16 + 96);

    double ownScales = 24 * 4.0 * (6 * 4096 + 2 * 10_240 + 4096);
    assertThat(work.decodeStep().bytes())
        .isCloseTo(
            own + ownScales + 2 * head + 4 * ownAdapter + 16 * keys * 2 * 4096 * 2, within(1.0));
    assertThat(work.decodeStep().flops())
        .isCloseTo(2 * 16 * (own + ownAdapter + head) + 4 * 16 * keys * 4096, within(1.0));
    double read = 4 * 96;
    double tokens = 4 * 32;
    double attention =
        4 * read * 96 * 24 * 4096 + 4 * tokens * 24 * (16.5 + 96) * 4096; // both, forward
    double forward =
        2 * read * (source + sourceAdapter)
            + 2 * tokens * (own + ownAdapter)
            + 2 * tokens * head
            + attention;
    double backward =
        2 * read * (source - 3 * square + 2 * sourceAdapter)
            + 2 * tokens * (own - 3 * square + 2 * ownAdapter)
            + 2 * tokens * head
            + 2 * attention;
    assertThat(work.miniBatch().flops()).isCloseTo(forward + backward, within(10.0));
  }

  @Test
  void ceilings_ofTheCpu_arePositiveAndGivenBack() {
    try (Backend backend = Backends.open(BackendKind.CPU, 64L << 20)) {
      DeviceCeilings ceilings = DeviceCeilings.measure(backend);

      assertThat(ceilings.bytesPerSecond()).isPositive().isFinite();
      assertThat(ceilings.flopsPerSecond()).isPositive().isFinite();
      assertThat(backend.budget().openArenas()).hasSize(1);
    }
  }
}
