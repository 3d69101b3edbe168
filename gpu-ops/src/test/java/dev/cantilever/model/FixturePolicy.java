package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.adapter.Adapter;
import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.SamplingSpec;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.ScratchDirectory;
import dev.cantilever.hub.TargetModules;
import dev.cantilever.hub.TaskType;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.nn.KvCache;
import dev.cantilever.nn.KvCacheSize;
import dev.cantilever.optim.AdamW;
import dev.cantilever.optim.AdamWSpec;
import dev.cantilever.optim.GradientNorm;
import dev.cantilever.optim.ParameterGroup;
import dev.cantilever.tensor.Tensor;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A small language model of the fixtures in weight-only int8 as a policy: a fresh adapter on every
 * linear layer, a value head, an optimiser. Closing it closes the backend and checks that nothing
 * is left.
 */
final class FixturePolicy implements AutoCloseable {

  /** Under which a generation names the adapter. */
  static final String NAME = "policy";

  private static final long SEED = 20_260_103;

  private final Backend backend;
  private final Arena weights;
  private final Arena trained;
  private final PassMemory memory;
  private final LanguageModel model;
  private final AdamW optimizer;
  private final PolicyModel policy;

  /**
   * Loads the model.
   *
   * @param backend closed with this
   * @param fixture which model, of the fixtures or of {@link DecoderVariant}
   * @param maxTokens most tokens of a pass
   * @param keep what a training pass keeps
   */
  FixturePolicy(Backend backend, String fixture, int maxTokens, KeepPlan keep) throws IOException {
    this(
        backend,
        fixture,
        AdapterConfig.of(4, 8, new TargetModules.AllLinear(), TaskType.CAUSAL_LM),
        maxTokens,
        keep);
  }

  /** As above, with an adapter of other settings. */
  FixturePolicy(Backend backend, String fixture, AdapterConfig config, int maxTokens, KeepPlan keep)
      throws IOException {
    this.backend = backend;
    weights = backend.budget().open("weights", Purpose.BASE_WEIGHTS);
    trained = backend.budget().open("adapter", Purpose.ADAPTER);
    memory = new PassMemory(backend, "test");
    try (ScratchDirectory scratch = ScratchDirectory.temporary("policy");
        ModelDirectory directory =
            ModelDirectory.open(DecoderVariant.checkpoint(fixture, scratch.path()))) {
      model =
          new ModelLoader(
                  backend, directory, BasePrecision.INT8_WEIGHT_ONLY, weights, Optional.empty())
              .languageModel();
    }
    Adapter adapter = Adapter.fresh(backend, trained, NAME, config, model.targets(), SEED);
    ValueHead head = ValueHead.fresh(backend, trained, model.architecture().outputSize(), SEED);
    optimizer =
        new AdamW(
            backend,
            trained,
            AdamWSpec.defaults(),
            List.of(
                new ParameterGroup(adapter.parameters(), 1e-2),
                new ParameterGroup(head.parameters(), 1e-2)));
    optimizer.zeroGradients();
    policy =
        new PolicyModel(
            backend,
            model,
            head,
            new PolicySpec(Set.of(NAME), Set.of(), 1 / 0.7f, maxTokens, 1, keep));
  }

  /** Fills every matrix of the adapter, so that it acts. */
  void wakeAdapter() {
    wakeAdapter(SEED);
  }

  /** Fills every matrix of the adapter with numbers of a seed. */
  void wakeAdapter(long seed) {
    Random random = new Random(seed);
    for (Parameter parameter : optimizer.parameters()) {
      float[] values = new float[Math.toIntExact(parameter.value().elements())];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (0.1 * random.nextGaussian());
      }
      backend.transfers().upload(parameter.value(), values);
    }
  }

  List<Generation> generate(TokenRows queries, long[] ids, int[] limits, int rowsAtOnce) {
    return generate(queries, ids, limits, rowsAtOnce, Set.of(NAME), SEED);
  }

  /** Responses under the adapter, if it is named, drawn from a seed. */
  List<Generation> generate(
      TokenRows queries,
      long[] ids,
      int[] limits,
      int rowsAtOnce,
      Set<String> adapters,
      long seed) {
    return new Generator(backend, model)
        .generate(memory, queries, ids, limits, spec(rowsAtOnce, adapters, StopRule.never(), seed));
  }

  /** Responses under the adapter that end at some tokens, looked at after so many steps. */
  List<Generation> generateStopping(
      TokenRows queries,
      long[] ids,
      int[] limits,
      int rowsAtOnce,
      StopRule stop,
      int mostSteps,
      long seed) {
    return new Generator(backend, model, mostSteps)
        .generate(memory, queries, ids, limits, spec(rowsAtOnce, Set.of(NAME), stop, seed));
  }

  private static GenerationSpec spec(
      int rowsAtOnce, Set<String> adapters, StopRule stop, long seed) {
    return new GenerationSpec(adapters, SamplingSpec.PLAIN, stop, seed, 3, rowsAtOnce);
  }

  /**
   * Responses under the adapter, ending at some tokens, in a planned KV cache, of which no more is
   * taken; where there is an encoder, beside all that it makes of rows that are there at once.
   */
  List<Generation> generateWithin(
      KvCacheSize cache,
      TokenRows queries,
      long[] ids,
      int[] limits,
      int rowsAtOnce,
      StopRule stop) {
    long ofSource = sourceCacheBytes(queries, rowsAtOnce);
    PassBytes bytes = new PassBytes(0, 0, 0, cacheBytes(cache) + ofSource);
    try (PassMemory arenas = new PassMemory(backend, "planned", bytes)) {
      List<Generation> generations =
          new Generator(backend, model)
              .generate(arenas, queries, ids, limits, spec(rowsAtOnce, Set.of(NAME), stop, SEED));
      assertThat(arenas.peakBytes().cache()).isLessThanOrEqualTo(bytes.cache());
      return generations;
    }
  }

  private long cacheBytes(KvCacheSize size) {
    try (Arena arena = backend.budget().open("measured kv-cache", Purpose.KV_CACHE)) {
      Architecture architecture = model.architecture();
      new KvCache(backend, arena, architecture.block().attention(), architecture.layers(), size);
      return arena.usedBytes();
    }
  }

  /** Of what an encoder makes of queries, as many as may be there at once. */
  private long sourceCacheBytes(TokenRows queries, int rowsAtOnce) {
    int[] lengths = IntStream.range(0, queries.rows()).map(queries::length).toArray();
    return GenerationCache.sourceBytes(
        backend, model.architecture(), KvCacheSize.of(rowsAtOnce, lengths));
  }

  /** The embedding of a token, [C]. */
  float[] embedding(int token) {
    Tensor row = embeddingRow(token);
    float[] values = new float[Math.toIntExact(row.elements())];
    backend.transfers().download(values, row);
    return values;
  }

  /** Gives a token another embedding. */
  void embed(int token, float[] values) {
    backend.transfers().upload(embeddingRow(token), values);
  }

  private Tensor embeddingRow(int token) {
    return model.transformer().embeddings().tokens().values().slice(token, token + 1L);
  }

  PolicyScores score(ResponseRows rows) {
    return policy.score(memory, rows, true);
  }

  void train(ResponseRows rows, TokenLoss loss) {
    policy.train(memory, rows, loss);
  }

  /** Clips, steps, and sets the gradients to zero. */
  void step() {
    GradientNorm.clip(backend, optimizer.parameters(), 1);
    optimizer.step(1);
    optimizer.zeroGradients();
  }

  /** The gradients of all parameters, one behind the other. */
  float[] gradients() {
    return joined(optimizer.parameters().stream().map(Parameter::gradient).toList());
  }

  /** All parameters, one behind the other. */
  float[] parameters() {
    return joined(optimizer.parameters().stream().map(Parameter::value).toList());
  }

  private float[] joined(List<Tensor> tensors) {
    float[] all = new float[tensors.stream().mapToInt(t -> Math.toIntExact(t.elements())).sum()];
    int at = 0;
    for (Tensor tensor : tensors) {
      float[] values = new float[Math.toIntExact(tensor.elements())];
      backend.transfers().download(values, tensor);
      System.arraycopy(values, 0, all, at, values.length);
      at += values.length;
    }
    return all;
  }

  @Override
  public void close() {
    memory.close();
    trained.close();
    weights.close();
    backend.close();
    assertThat(backend.budget().openArenas()).isEmpty();
    assertThat(backend.budget().liveBytes()).isZero();
  }
}
