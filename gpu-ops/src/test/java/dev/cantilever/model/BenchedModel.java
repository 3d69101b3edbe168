package dev.cantilever.model;

import dev.cantilever.adapter.Adapter;
import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.BackendKind;
import dev.cantilever.backend.Backends;
import dev.cantilever.backend.SamplingSpec;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.TargetModules;
import dev.cantilever.hub.TaskType;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.nn.Linear;
import dev.cantilever.nn.TransformerBlock;
import dev.cantilever.optim.AdamW;
import dev.cantilever.optim.AdamWSpec;
import dev.cantilever.optim.ParameterGroup;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * A language model ready for PPO, and the work of one step on it: 8-bit weight-only base with
 * panels, LoRA of rank 16 and alpha 32 on every linear layer, rows of 2 to 8 query and 20 response
 * tokens.
 */
final class BenchedModel implements AutoCloseable {

  static final int RESPONSE = 20;

  private static final long BUDGET_BYTES = 1L << 30;
  private static final String ADAPTER = "policy";
  private static final int UPDATE_ROWS = 8;
  private static final int SCORE_ROWS = 32;
  private static final int ROLLOUT_ROWS = 64;
  private static final double LEARNING_RATE = 1e-5;

  private final Backend backend = Backends.open(BackendKind.CPU, BUDGET_BYTES);
  private final Arena weights;
  private final Arena panels;
  private final Arena adapters;
  private final Arena optimizerArena;
  private final PassMemory memory;
  private final LanguageModel model;
  private final Adapter adapter;
  private final PolicyModel policy;
  private final AdamW optimizer;
  private final ResponseRows updateRows;
  private final ResponseRows scoreRows;
  private final TokenRows queries;
  private int rollouts;

  BenchedModel(Path directory) throws IOException {
    weights = backend.budget().open("weights", Purpose.BASE_WEIGHTS);
    panels = backend.budget().open("panels", Purpose.WEIGHT_PANELS);
    adapters = backend.budget().open("adapters", Purpose.ADAPTER);
    optimizerArena = backend.budget().open("moments", Purpose.OPTIMIZER);
    memory = new PassMemory(backend, "benchmark");
    try (ModelDirectory source = ModelDirectory.open(directory)) {
      model =
          new ModelLoader(
                  backend, source, BasePrecision.INT8_WEIGHT_ONLY, weights, Optional.of(panels))
              .languageModel();
    }
    AdapterConfig lora =
        AdapterConfig.of(16, 32, new TargetModules.AllLinear(), TaskType.CAUSAL_LM);
    adapter = Adapter.fresh(backend, adapters, ADAPTER, lora, model.targets(), 1);
    ValueHead valueHead = ValueHead.fresh(backend, adapters, model.architecture().outputSize(), 2);
    PolicySpec spec =
        new PolicySpec(Set.of(ADAPTER), Set.of(), 1, 1 << 12, 1, KeepPlan.everything());
    policy = new PolicyModel(backend, model, valueHead, spec);
    optimizer =
        new AdamW(
            backend,
            optimizerArena,
            AdamWSpec.defaults(),
            List.of(
                new ParameterGroup(adapter.parameters(), LEARNING_RATE),
                new ParameterGroup(valueHead.parameters(), LEARNING_RATE)));
    updateRows = rows(UPDATE_ROWS);
    scoreRows = rows(SCORE_ROWS);
    queries = TokenRows.of(tokens(ROLLOUT_ROWS, 0));
  }

  private ResponseRows rows(int count) {
    return ResponseRows.of(tokens(count, 0), tokens(count, RESPONSE));
  }

  /** Random rows of {@code length} tokens, or of 2 to 8 in turn if that is 0. */
  private int[][] tokens(int rows, int length) {
    RandomGenerator random = new SplittableRandom(31L * rows + length);
    int[][] tokens = new int[rows][];
    for (int r = 0; r < rows; r++) {
      int count = length == 0 ? 2 + r % 7 : length;
      tokens[r] = random.ints(count, 1, model.vocabSize()).toArray();
    }
    return tokens;
  }

  /** Forward, backward and AdamW of one mini-batch. */
  void update() {
    optimizer.zeroGradients();
    policy.train(
        memory,
        updateRows,
        (firstRow, scores) -> {
          int m = scores.logprobs().length;
          float[] logprobs = new float[m];
          float[] values = new float[m];
          for (int i = 0; i < m; i++) {
            logprobs[i] = (i % 3 - 1f) / m;
            values[i] = 0.1f * scores.values()[i] / m;
          }
          return new TokenGradients(logprobs, values);
        });
    optimizer.step(1);
  }

  /** Scores of policy and reference. */
  PolicyScores score() {
    return policy.score(memory, scoreRows, false);
  }

  /** A response to every query. */
  List<Generation> generate() {
    int[] limits = new int[ROLLOUT_ROWS];
    long[] ids = new long[ROLLOUT_ROWS];
    for (int r = 0; r < ROLLOUT_ROWS; r++) {
      limits[r] = RESPONSE;
      ids[r] = r;
    }
    GenerationSpec spec =
        new GenerationSpec(
            Set.of(ADAPTER), SamplingSpec.PLAIN, StopRule.never(), 7, rollouts++, ROLLOUT_ROWS);
    return new Generator(backend, model).generate(memory, queries, ids, limits, spec);
  }

  long updateTokens() {
    return updateRows.tokens().tokens();
  }

  long scoreTokens() {
    return 2L * scoreRows.tokens().tokens();
  }

  long generatedTokens() {
    return (long) ROLLOUT_ROWS * RESPONSE;
  }

  /** Of {@link #update}: forward and input gradient of the base, both of the head. */
  double updateFlops() {
    long tokens = updateTokens();
    long responses = (long) UPDATE_ROWS * RESPONSE;
    return 2.0 * (tokens * (blocks() + blocks() - withoutGradient()) + 2 * responses * head());
  }

  /** Of the adapters in {@link #update}: A and B forward, and two gradients of each. */
  double updateAdapterFlops() {
    return 2.0 * 3 * updateTokens() * adapter();
  }

  /** Of {@link #score}: forward of the base, and head, for policy and reference. */
  double scoreFlops() {
    return 2.0 * (scoreTokens() * blocks() + 2.0 * SCORE_ROWS * RESPONSE * head());
  }

  /** Of the adapter in {@link #score}: the policy's half. */
  double scoreAdapterFlops() {
    return 2.0 * scoreRows.tokens().tokens() * adapter();
  }

  /** Of {@link #generate}: forward of the base, and head. */
  double generateFlops() {
    return 2.0 * (rolloutTokens() * blocks() + generatedTokens() * head());
  }

  /** Of the adapter in {@link #generate}. */
  double generateAdapterFlops() {
    return 2.0 * rolloutTokens() * adapter();
  }

  private long rolloutTokens() {
    return queries.tokens() + (long) ROLLOUT_ROWS * (RESPONSE - 1);
  }

  private long adapter() {
    return adapter.parameters().stream().mapToLong(p -> p.value().elements()).sum();
  }

  private long blocks() {
    return model.transformer().blocks().stream().mapToLong(BenchedModel::elements).sum();
  }

  private static long elements(TransformerBlock block) {
    return elements(block.attention().qkv())
        + elements(block.attention().output())
        + elements(block.mlp().up())
        + elements(block.mlp().down());
  }

  /** Before the first block nothing is trained, so nothing goes back through what reads it. */
  private long withoutGradient() {
    TransformerBlock first = model.transformer().blocks().get(0);
    return elements(first.attention().qkv()) + elements(first.mlp().up());
  }

  private long head() {
    return (long) model.head().weight().outFeatures() * model.head().weight().inFeatures();
  }

  private static long elements(Linear linear) {
    return (long) linear.weight().outFeatures() * linear.weight().inFeatures();
  }

  @Override
  public void close() {
    memory.close();
    optimizerArena.close();
    adapters.close();
    panels.close();
    weights.close();
    backend.close();
  }
}
