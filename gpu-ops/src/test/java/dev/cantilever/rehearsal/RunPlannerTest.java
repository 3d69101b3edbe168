package dev.cantilever.rehearsal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.BackendKind;
import dev.cantilever.backend.Backends;
import dev.cantilever.backend.SamplingSpec;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.LoraBias;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.TargetModules;
import dev.cantilever.hub.TaskType;
import dev.cantilever.memory.MemoryReport;
import dev.cantilever.memory.Purpose;
import dev.cantilever.model.BasePrecision;
import dev.cantilever.model.GenerationSpec;
import dev.cantilever.model.Generator;
import dev.cantilever.model.ModelLoader;
import dev.cantilever.model.PassBytes;
import dev.cantilever.model.PassMemory;
import dev.cantilever.model.PolicyModel;
import dev.cantilever.model.ResponseRows;
import dev.cantilever.model.StopRule;
import dev.cantilever.model.TokenGradients;
import dev.cantilever.model.TokenRows;
import dev.cantilever.model.WeightBytes;
import dev.cantilever.model.WeightSource;
import dev.cantilever.tensor.Int8Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Plans of whole runs: what is loaded together, and passes over rows of any lengths. */
class RunPlannerTest {

  private static final long GIB = 1L << 30;
  private static final int ROWS = 24;
  private static final int PROMPT = 7;
  private static final int RESPONSE = 9;
  private static final AdapterConfig LORA =
      AdapterConfig.of(4, 8, new TargetModules.AllLinear(), TaskType.CAUSAL_LM);
  private static final AdapterConfig WITH_LENGTHS =
      new AdapterConfig(
          LORA.ranks(),
          0,
          LORA.modules(),
          true,
          LoraBias.LORA_ONLY,
          LORA.init(),
          false,
          LORA.taskType(),
          "");

  private static final String BASE =
      """
      {"model_type": "gpt_neox", "hidden_size": 64, "num_attention_heads": 4,
       "num_hidden_layers": 3, "intermediate_size": 256, "vocab_size": 160,
       "hidden_act": "gelu", "rotary_pct": 0.25, "max_position_embeddings": 64}
      """;

  private static final String ENCODER_DECODER =
      """
      {"model_type": "t5", "d_model": 64, "d_kv": 16, "num_heads": 4, "d_ff": 128,
       "num_layers": 2, "num_decoder_layers": 3, "vocab_size": 160, "decoder_start_token_id": 0,
       "feed_forward_proj": "gated-gelu", "tie_word_embeddings": false}
      """;

  private static final String CLASSIFIER =
      """
      {"model_type": "distilbert", "architectures": ["DistilBertForSequenceClassification"],
       "dim": 64, "n_heads": 4, "n_layers": 2, "hidden_dim": 128, "vocab_size": 100,
       "max_position_embeddings": 32, "activation": "gelu", "torch_dtype": "float16",
       "id2label": {"0": "NEGATIVE", "1": "POSITIVE"}}
      """;

  @TempDir Path folder;

  private WeightSource source(String name, String config) throws IOException {
    Path directory = Files.createDirectories(folder.resolve(name));
    return WeightSource.synthetic(
        ModelConfig.at(Files.writeString(directory.resolve("config.json"), config)), 3);
  }

  private WeightSource base() throws IOException {
    return base(false);
  }

  private WeightSource base(boolean encoder) throws IOException {
    return source("base", encoder ? ENCODER_DECODER : BASE);
  }

  private RunWorkload.Classifier classifier(int tokens) throws IOException {
    return new RunWorkload.Classifier(source("classifier", CLASSIFIER), 8, tokens);
  }

  private static RunWorkload run(
      List<AdapterConfig> reference, Optional<RunWorkload.Classifier> classifier) {
    return run(LORA, reference, classifier);
  }

  private static RunWorkload run(
      AdapterConfig lora,
      List<AdapterConfig> reference,
      Optional<RunWorkload.Classifier> classifier) {
    return new RunWorkload(
        new Workload(ROWS, PROMPT, RESPONSE, 12, 1, lora, Int8Mode.WEIGHT_ONLY, 5),
        ROWS / 2,
        reference,
        true,
        classifier);
  }

  private static PassSettings most() {
    return new PassSettings(ROWS, 2048, KeepPlan.products());
  }

  private RunPlan plan(BackendKind device, RunWorkload run, long budget) throws IOException {
    return new RunPlanner(device, base(), run).plan(budget, most());
  }

  private static long peak(RunPlan plan, Purpose purpose) {
    return plan.plan().report().lines().stream()
        .filter(line -> line.purpose() == purpose)
        .mapToLong(MemoryReport.Line::peakBytes)
        .findFirst()
        .orElse(0);
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void plan_withAClassifier_holdsItsWeightsToTheByte(BackendKind device) throws IOException {
    RunWorkload.Classifier classifier = classifier(64);

    RunPlan with = plan(device, run(List.of(), Optional.of(classifier)), GIB);
    RunPlan without = plan(device, run(List.of(), Optional.empty()), GIB);

    assertThat(with.plan().fits()).as(with.plan().toString()).isTrue();
    try (Backend backend = Backends.meta(device, GIB)) {
      long weights =
          WeightBytes.of(
                  backend, classifier.source(), BasePrecision.STORED, ModelLoader::classifier)
              .base();
      assertThat(peak(with, Purpose.BASE_WEIGHTS) - peak(without, Purpose.BASE_WEIGHTS))
          .isEqualTo(weights)
          .isPositive();
    }
    assertThat(with.memory().update()).isEqualTo(without.memory().update());
    assertThat(with.memory().rollout()).isEqualTo(without.memory().rollout());
    assertThat(without.memory().classifier()).isEqualTo(PassBytes.UNKNOWN);
  }

  @Test
  void plan_overAFrozenAdapter_holdsItInRolloutAndUpdate() throws IOException {
    RunPlan bare = plan(BackendKind.CPU, run(List.of(), Optional.empty()), GIB);
    RunPlan over = plan(BackendKind.CPU, run(List.of(LORA), Optional.empty()), GIB);

    long adapter = bare.memory().actingAdapters();
    assertThat(bare.memory().referenceAdapters()).isZero();
    assertThat(over.memory().referenceAdapters()).isEqualTo(adapter);
    assertThat(over.memory().actingAdapters()).isEqualTo(2 * adapter);
    assertThat(peak(over, Purpose.ADAPTER) - peak(bare, Purpose.ADAPTER)).isEqualTo(adapter);
  }

  @Test
  void plan_ofAClassifierWhosePassDoesNotFit_isRefusedNamingIt() throws IOException {
    RunPlan roomy = plan(BackendKind.CPU, run(List.of(), Optional.empty()), GIB);
    long budget = roomy.plan().processBytes() + (1 << 20);

    RunPlan refused =
        plan(BackendKind.CPU, run(List.of(), Optional.of(classifier(1 << 14))), budget);

    assertThat(refused.plan().fits()).isFalse();
    assertThat(refused.plan().advice()).contains("classifier", "--budget");
    assertThat(refused.plan().processBytes()).isGreaterThan(budget);
  }

  @Test
  void plan_ofLessThanItBeganFrom_lowersAndStaysBelow() throws IOException {
    RunWorkload run = run(List.of(), Optional.empty());
    long roomy = plan(BackendKind.CPU, run, GIB).plan().processBytes();

    MemoryPlan lowered = plan(BackendKind.CPU, run, roomy - 1).plan();

    assertThat(lowered.fits()).isTrue();
    assertThat(lowered.processBytes()).isLessThan(roomy);
    assertThat(lowered.advice()).startsWith("To fit");
  }

  /**
   * Passes of 40 tokens cut rows of 16 in other places than shorter ones, were they not counted.
   */
  @ParameterizedTest
  @CsvSource({
    "40, false, false",
    "96, false, false",
    "2048, false, false",
    "40, true, false",
    "2048, true, false",
    "40, false, true",
    "96, false, true",
    "2048, true, true"
  })
  void passes_overRowsOfAnyLengths_stayWithinThePlansArenas(
      int maxTokens, boolean lengths, boolean encoder) throws IOException {
    AdapterConfig lora = lengths ? WITH_LENGTHS : LORA;
    RunWorkload run = run(lora, List.of(lora), Optional.empty());
    PassSettings settings = new PassSettings(ROWS, maxTokens, KeepPlan.products());
    SplittableRandom random = new SplittableRandom(11);
    try (Backend backend = Backends.meta(BackendKind.CUDA, Long.MAX_VALUE);
        RunSizes sizes = RunSizes.open(backend, base(encoder).withoutData(), run);
        RehearsedPolicy policy =
            RehearsedPolicy.open(
                backend, base(encoder).withoutData(), run.step(), run.reference(), StepSize.NONE)) {
      PassBytes planned = sizes.update(settings);
      PolicyModel model = policy.policy(run.step(), settings);
      for (int repeat = 0; repeat < 50; repeat++) {
        try (PassMemory memory = new PassMemory(backend, "update")) {
          model.score(memory, rows(random, ROWS), true);
          model.train(
              memory,
              rows(random, run.step().miniBatchRows()),
              (first, scores) ->
                  new TokenGradients(
                      new float[scores.logprobs().length], new float[scores.logprobs().length]));
          PassBytes taken = memory.peakBytes();
          assertThat(taken.batch()).isLessThanOrEqualTo(planned.batch());
          assertThat(taken.kept()).isLessThanOrEqualTo(planned.kept());
          assertThat(taken.scratch()).isLessThanOrEqualTo(planned.scratch());
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"CPU, false", "CUDA, false", "CPU, true", "CUDA, true"})
  void rollouts_ofRowsOfAnyLengths_stayWithinThePlansArenas(BackendKind device, boolean encoder)
      throws IOException {
    int prompt = 23;
    int response = 30;
    Workload longest = new Workload(9, prompt, response, 3, 1, LORA, Int8Mode.WEIGHT_ONLY, 5);
    RunWorkload run = new RunWorkload(longest, 9, List.of(), true, Optional.empty());
    SplittableRandom random = new SplittableRandom(12);
    try (Backend backend = Backends.meta(device, Long.MAX_VALUE);
        RunSizes sizes = RunSizes.open(backend, base(encoder).withoutData(), run);
        RehearsedPolicy policy =
            RehearsedPolicy.open(backend, base(encoder).withoutData(), longest, StepSize.NONE)) {
      for (int maxRows : new int[] {1, 4, 9}) {
        PassBytes planned = sizes.rollout(maxRows);
        for (int repeat = 0; repeat < 20; repeat++) {
          int rows = 1 + random.nextInt(30);
          int[][] queries = new int[rows][]; // all of one token, so that some are equal
          int[] limits = new int[rows];
          for (int row = 0; row < rows; row++) {
            queries[row] = new int[random.nextBoolean() ? prompt : 1 + random.nextInt(prompt)];
            limits[row] = 1 + random.nextInt(response);
          }
          try (PassMemory memory = new PassMemory(backend, "rollout", planned)) {
            new Generator(backend, policy.model())
                .generate(
                    memory, TokenRows.of(queries), new long[rows], limits, spec(policy, maxRows));
            PassBytes taken = memory.peakBytes();
            assertThat(taken.batch()).isLessThanOrEqualTo(planned.batch());
            assertThat(taken.kept()).isLessThanOrEqualTo(planned.kept());
            assertThat(taken.scratch()).isLessThanOrEqualTo(planned.scratch());
            assertThat(taken.cache()).isLessThanOrEqualTo(planned.cache());
          }
        }
      }
    }
  }

  private static GenerationSpec spec(RehearsedPolicy policy, int maxRows) {
    return new GenerationSpec(
        policy.actingAdapters(), SamplingSpec.PLAIN, StopRule.never(), 5, 0, maxRows);
  }

  private static ResponseRows rows(SplittableRandom random, int count) {
    int[][] queries = new int[count][];
    int[][] responses = new int[count][];
    IntStream.range(0, count)
        .forEach(
            row -> {
              queries[row] = new int[1 + random.nextInt(PROMPT)];
              responses[row] = new int[1 + random.nextInt(RESPONSE)];
            });
    return ResponseRows.of(queries, responses);
  }
}
