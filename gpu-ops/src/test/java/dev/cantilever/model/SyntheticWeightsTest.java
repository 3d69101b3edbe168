package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cantilever.adapter.Adapter;
import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.backend.SamplingSpec;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.ModuleSelection;
import dev.cantilever.hub.TargetModules;
import dev.cantilever.hub.TaskType;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.memory.Purpose;
import dev.cantilever.nn.TransformerBlock;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Models of which only the description is there. */
class SyntheticWeightsTest {

  private static final Path FIXTURES = Path.of("src", "test", "resources", "fixtures");
  private static final int LAYERS = 8;

  /* Every tensor of it is a multiple of the CPU's alignment, so that an arena has no padding. */
  private static final String TINY =
      """
      {"model_type": "gpt_neox", "hidden_size": 64, "num_attention_heads": 4,
       "num_hidden_layers": 8, "intermediate_size": 256, "vocab_size": 160,
       "hidden_act": "gelu", "rotary_pct": 0.25, "max_position_embeddings": 64%s}
      """;

  @TempDir Path folder;

  private Backend backend;
  private PassMemory memory;

  @BeforeEach
  void open() {
    backend = Backends.cpu(256L << 20, 2);
    memory = new PassMemory(backend, "test");
  }

  @AfterEach
  void everythingIsGivenBack() {
    memory.close();
    backend.close();
    assertThat(backend.budget().openArenas()).isEmpty();
    assertThat(backend.budget().liveBytes()).isZero();
  }

  private ModelConfig tiny(String more) throws IOException {
    return ModelConfig.at(Files.writeString(folder.resolve("tiny.json"), TINY.formatted(more)));
  }

  private WeightSource tiny(long seed) throws IOException {
    return WeightSource.synthetic(tiny(""), seed);
  }

  private LanguageModel load(WeightSource source, BasePrecision precision, Arena base)
      throws IOException {
    return new ModelLoader(backend, source, precision, base, Optional.empty()).languageModel();
  }

  private Arena base() {
    return backend.budget().open("base", Purpose.BASE_WEIGHTS);
  }

  private float[] read(Tensor tensor) {
    try (Arena wide = backend.budget().open("wide", Purpose.BATCH)) {
      Tensor floats = Tensor.in(wide, DType.F32, tensor.shape());
      backend.transfers().convert(floats, tensor);
      float[] values = new float[Math.toIntExact(tensor.elements())];
      backend.transfers().download(values, floats);
      return values;
    }
  }

  private static double deviation(float[] values) {
    double squares = 0;
    for (float value : values) {
      squares += (double) value * value;
    }
    return Math.sqrt(squares / values.length);
  }

  private static void assertFinite(float[] values) {
    for (float value : values) {
      assertThat(value).isFinite();
    }
  }

  @ParameterizedTest
  @EnumSource
  void tinyModel_generatedScoredAndTrained_isFinite(BasePrecision precision) throws IOException {
    try (Arena base = base();
        Arena adapters = backend.budget().open("adapters", Purpose.ADAPTER)) {
      LanguageModel model = load(tiny(5), precision, base);
      AdapterConfig lora =
          AdapterConfig.of(4, 8, new TargetModules.AllLinear(), TaskType.CAUSAL_LM);
      Adapter adapter = Adapter.fresh(backend, adapters, "a", lora, model.targets(), 1);
      ValueHead head = ValueHead.fresh(backend, adapters, 64, 2);
      PolicyModel policy =
          new PolicyModel(
              backend,
              model,
              head,
              new PolicySpec(Set.of("a"), Set.of(), 1, 1 << 12, 1, KeepPlan.everything()));
      TokenRows queries = TokenRows.of(new int[][] {{3, 7, 11}, {150, 0}});

      List<Generation> responses =
          new Generator(backend, model)
              .generate(
                  memory,
                  queries,
                  new long[] {0, 1},
                  new int[] {6, 6},
                  new GenerationSpec(Set.of("a"), SamplingSpec.PLAIN, StopRule.never(), 7, 0, 2));
      ResponseRows rows =
          ResponseRows.of(
              new int[][] {{3, 7, 11}, {150, 0}},
              responses.stream().map(Generation::tokens).toArray(int[][]::new));
      float[] reference = policy.score(memory, rows, false).referenceLogprobs();
      for (Parameter parameter : adapter.parameters()) {
        backend.transfers().zero(parameter.gradient());
      }
      for (Parameter parameter : head.parameters()) {
        backend.transfers().zero(parameter.gradient());
      }
      policy.train(
          memory, rows, (first, scores) -> new TokenGradients(scores.logprobs(), scores.values()));

      assertFinite(reference);
      // Not a choice among a few tokens only: log 160 is 5.1, and the logits' deviation below 1.
      assertThat(reference).hasSize(12);
      double mean = 0;
      for (float logprob : reference) {
        mean += logprob / 12;
      }
      assertThat(mean).isBetween(-7.0, -3.5);
      boolean any = false;
      for (Parameter parameter : adapter.parameters()) {
        float[] gradient = read(parameter.gradient());
        assertFinite(gradient);
        any |= deviation(gradient) > 0;
      }
      assertThat(any).isTrue();
    }
  }

  @ParameterizedTest
  @EnumSource
  void twoLoads_ofOneSeed_haveTheSameBytes(BasePrecision precision) throws IOException {
    byte[] first = bytes(5, precision);

    assertThat(bytes(5, precision)).isEqualTo(first);
    assertThat(bytes(6, precision)).isNotEqualTo(first);
  }

  private byte[] bytes(long seed, BasePrecision precision) throws IOException {
    WeightSource source = tiny(seed);
    WeightBytes sizes = WeightBytes.of(backend, source, precision, ModelLoader::languageModel);
    try (Arena base = backend.budget().open("base", Purpose.BASE_WEIGHTS, sizes.base())) {
      LanguageModel model = load(source, precision, base);
      assertThat(base.reservedBytes()).isEqualTo(base.usedBytes()).isEqualTo(sizes.base());
      byte[] bytes = new byte[Math.toIntExact(base.usedBytes())];
      HostMemory.get(
          model.transformer().embeddings().tokens().values().address(), bytes, 0, bytes.length);
      return bytes;
    }
  }

  @Test
  void tensors_byRole_haveTheDeviationOfAFreshTransformer() throws IOException {
    try (Arena base = base();
        Arena plain = backend.budget().open("integers", Purpose.BATCH)) {
      LanguageModel model = load(tiny(5), BasePrecision.INT8_WEIGHT_ONLY, base);
      TransformerBlock block = model.transformer().blocks().get(3);
      double residual = 0.02 / Math.sqrt(2 * LAYERS);

      assertThat(read(block.attentionNorm().gamma())).containsOnly(1);
      assertThat(model.transformer().embeddings().tokens().values().dtype()).isEqualTo(DType.F16);
      // Of n uniform numbers the root mean square is off by 0.45/√n; six of these, n ≥ 4096.
      assertThat(deviation(read(model.transformer().embeddings().tokens().values())))
          .isCloseTo(0.02, within(0.02 * 0.042));
      assertThat(deviation(dequantised(block.mlp().up().weight(), plain)))
          .isCloseTo(0.02, within(0.02 * 0.042));
      assertThat(deviation(dequantised(block.mlp().down().weight(), plain)))
          .isCloseTo(residual, within(residual * 0.042));
      assertThat(deviation(dequantised(block.attention().output().weight(), plain)))
          .isCloseTo(residual, within(residual * 0.042));
      assertThat(read(block.mlp().up().weight().bias().orElseThrow()))
          .isNotEqualTo(
              read(model.transformer().blocks().get(4).mlp().up().weight().bias().orElseThrow()));
    }
  }

  private float[] dequantised(Weight weight, Arena arena) {
    Int8Weight int8 = (Int8Weight) weight;
    int out = int8.outFeatures();
    int in = int8.inFeatures();
    Tensor integers = Tensor.in(arena, DType.I8, out, in);
    backend.matmul().readInt8(integers, int8);
    byte[] q = new byte[out * in];
    HostMemory.get(integers.address(), q, 0, q.length);
    float[] absmax = read(int8.absmax());
    float[] values = new float[q.length];
    for (int e = 0; e < q.length; e++) {
      values[e] = q[e] * absmax[e / in] / 127;
    }
    return values;
  }

  @ParameterizedTest
  @CsvSource({"float32, F32", "bfloat16, BF16", "float16, F16"})
  void storedType_namedByTheConfig_isThatOfEverythingNotQuantised(String name, DType type)
      throws IOException {
    WeightSource source = WeightSource.synthetic(tiny(", \"torch_dtype\": \"" + name + "\""), 5);
    try (Arena base = base()) {
      LanguageModel model = load(source, BasePrecision.INT8_WEIGHT_ONLY, base);
      TransformerBlock block = model.transformer().blocks().get(0);

      assertThat(model.transformer().embeddings().tokens().values().dtype()).isEqualTo(type);
      assertThat(block.mlpNorm().gamma().dtype()).isEqualTo(type);
      assertThat(read(block.mlpNorm().gamma())).containsOnly(1);
      assertThat(block.mlp().up().weight().bias().orElseThrow().dtype()).isEqualTo(type);
      assertThat(model.head().weight())
          .extracting(head -> head.bias().isPresent())
          .isEqualTo(false);
    }
  }

  @ParameterizedTest
  @CsvSource({"bfloat16", "float16"})
  void headAndEmbeddingsHeldWhole_over16Bits_beginAsTheBase_andActRounded(String name)
      throws IOException {
    WeightSource source = WeightSource.synthetic(tiny(", \"torch_dtype\": \"" + name + "\""), 5);
    try (Arena base = base();
        Arena adapters = backend.budget().open("adapters", Purpose.ADAPTER)) {
      LanguageModel model = load(source, BasePrecision.INT8_WEIGHT_ONLY, base);
      TokenRows rows = TokenRows.of(new int[] {5, 9, 11, 80, 2}, new int[] {7, 41});
      AdapterConfig plain =
          AdapterConfig.of(2, 4, new TargetModules.AllLinear(), TaskType.CAUSAL_LM);
      AdapterConfig config =
          plain.withModules(
              new ModuleSelection(
                  plain.modules().targets(),
                  plain.modules().excluded(),
                  plain.modules().layers(),
                  List.of("embed_in", "embed_out")));
      Adapter adapter = Adapter.fresh(backend, adapters, "a", config, model.targets(), 1);
      float[] bare = model.logits(backend, memory, rows, Set.of());
      assertThat(model.logits(backend, memory, rows, Set.of("a"))).isEqualTo(bare);

      for (Parameter parameter : adapter.parameters()) {
        float[] values = read(parameter.value());
        for (int i = 0; i < values.length; i++) {
          values[i] += 1e-3f * (i % 7);
        }
        backend.transfers().upload(parameter.value(), values);
      }
      adapter.parametersChanged();
      float[] moved = model.logits(backend, memory, rows, Set.of("a"));
      assertThat(moved).isNotEqualTo(bare);
      assertThat(model.logits(backend, memory, rows, Set.of())).isEqualTo(bare);
      adapter.save(folder.resolve("saved"));
      Adapter.load(backend, adapters, "b", folder.resolve("saved"), model.targets(), false);
      assertThat(model.logits(backend, memory, rows, Set.of("b"))).isEqualTo(moved);
    }
  }

  @Test
  void storedType_thatTheDeviceCannotHold_isRefusedNamingTheConfig() throws IOException {
    WeightSource source = WeightSource.synthetic(tiny(", \"dtype\": \"float64\""), 5);
    try (Arena base = base()) {
      assertThatThrownBy(() -> load(source, BasePrecision.STORED, base))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("tiny.json: expected 'gpt_neox.embed_in.weight' to be one of");
    }
  }

  @Test
  void quantisedByAnotherTool_isRefused() throws IOException {
    ModelConfig config = tiny(", \"quantization_config\": {\"bits\": 4}");

    assertThatThrownBy(() -> WeightSource.synthetic(config, 5))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("quantization_config");
  }

  @ParameterizedTest
  @EnumSource
  void weightBytes_ofSyntheticWeights_areWhatLoadingTakes(BasePrecision precision)
      throws IOException {
    ModelConfig config = ModelConfig.at(FIXTURES.resolve("gpt_neox")); // nothing divides by 64
    assertBytes(WeightSource.synthetic(config, 5), precision, ModelLoader::languageModel);
    ModelConfig gated = ModelConfig.at(FIXTURES.resolve("qwen2"));
    assertBytes(WeightSource.synthetic(gated, 5), precision, ModelLoader::languageModel);
    for (String name : List.of("gpt2", "opt")) {
      ModelConfig learned = ModelConfig.at(FIXTURES.resolve(name));
      assertBytes(WeightSource.synthetic(learned, 5), precision, ModelLoader::languageModel);
    }
    for (String name : List.of("distilbert_cls", "roberta_cls", "deberta_v2_conv_cls")) {
      ModelConfig classifier = ModelConfig.at(FIXTURES.resolve(name));
      assertBytes(WeightSource.synthetic(classifier, 5), precision, ModelLoader::classifier);
    }
  }

  @ParameterizedTest
  @EnumSource
  void weightBytes_ofACheckpoint_areWhatLoadingTakes(BasePrecision precision) throws IOException {
    try (ModelDirectory causal = ModelDirectory.open(FIXTURES.resolve("gpt_neox"));
        ModelDirectory gated = ModelDirectory.open(FIXTURES.resolve("llama"));
        ModelDirectory relative = ModelDirectory.open(FIXTURES.resolve("deberta_v2_conv_cls"));
        ModelDirectory classifier = ModelDirectory.open(FIXTURES.resolve("distilbert_cls"))) {
      assertBytes(WeightSource.of(gated), precision, ModelLoader::languageModel);
      assertBytes(WeightSource.of(causal), precision, ModelLoader::languageModel);
      assertBytes(WeightSource.of(classifier), precision, ModelLoader::classifier);
      assertBytes(WeightSource.of(relative), precision, ModelLoader::classifier);
    }
  }

  @Test
  void weightBytes_ofNeoX20b_areKnownFromItsConfigAlone() throws IOException {
    long hidden = 6144;
    Path file =
        Files.writeString(
            folder.resolve("neox-20b.json"),
            """
            {"model_type": "gpt_neox", "hidden_size": 6144, "num_attention_heads": 64,
             "num_hidden_layers": 44, "intermediate_size": 24576, "vocab_size": 50432,
             "hidden_act": "gelu_fast", "rotary_pct": 0.25, "torch_dtype": "float16"}
            """);
    WeightSource source = WeightSource.synthetic(ModelConfig.at(file), 5);

    WeightBytes sizes =
        WeightBytes.of(backend, source, BasePrecision.INT8_WEIGHT_ONLY, ModelLoader::languageModel);

    // A block: 12·C² integers, a scale and a 16-bit bias for each of 9·C outputs, two norms.
    long block = 12 * hidden * hidden + (4 + 2) * 9 * hidden + 2 * 4 * hidden;
    assertThat(sizes.base()).isEqualTo(44 * block + 2 * 2 * 50_432 * hidden + 2 * 2 * hidden);
  }

  @Test
  void weightBytes_ofLlama8b_areKnownFromItsConfigAlone() throws IOException {
    WeightSource source = WeightSource.synthetic(ModelConfig.at(LlamaConfigs.llama8b(folder)), 5);

    WeightBytes sizes =
        WeightBytes.of(backend, source, BasePrecision.INT8_WEIGHT_ONLY, ModelLoader::languageModel);

    // A block: integers and a scale an output of QKV, output, gate and up, down; two norms.
    long outputs = (4096 + 2 * 1024) + 2 * 14_336 + 4096;
    long block = outputs * (4096 + 4) + 4096L * (14_336 + 4) + 2 * 2 * 4096;
    assertThat(sizes.base()).isEqualTo(32 * block + 2 * 2 * 128_256L * 4096 + 2 * 4096);
  }

  private void assertBytes(WeightSource source, BasePrecision precision, ModelKind<?> kind)
      throws IOException {
    WeightBytes sizes = WeightBytes.of(backend, source, precision, kind);
    try (Arena base = backend.budget().open("base", Purpose.BASE_WEIGHTS, sizes.base());
        Arena panels = backend.budget().open("panels", Purpose.WEIGHT_PANELS, sizes.panels())) {
      kind.load(new ModelLoader(backend, source, precision, base, Optional.of(panels)));

      assertThat(base.reservedBytes()).isEqualTo(base.usedBytes()).isEqualTo(sizes.base());
      assertThat(panels.reservedBytes()).isEqualTo(panels.usedBytes()).isEqualTo(sizes.panels());
      assertThat(sizes.base()).isPositive();
      assertThat(sizes.panels()).isPositive();
    }
  }

  @Test
  void loading_inEightBit_needsNoMatrixBesideTheWeights() throws IOException {
    WeightSource source = tiny(5);
    WeightBytes sizes =
        WeightBytes.of(backend, source, BasePrecision.INT8_WEIGHT_ONLY, ModelLoader::languageModel);
    long before = backend.budget().liveBytes();
    try (Arena base = backend.budget().open("base", Purpose.BASE_WEIGHTS, sizes.base())) {
      assertThat(load(source, BasePrecision.INT8_WEIGHT_ONLY, base).vocabSize()).isEqualTo(160);

      assertThat(backend.budget().peakBytes()).isEqualTo(before + sizes.base());
    }
  }
}
