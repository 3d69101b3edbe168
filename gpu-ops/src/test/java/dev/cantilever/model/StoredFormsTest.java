package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.adapter.LoraTarget;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.Fixtures;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.ModelDirectoryWriter;
import dev.cantilever.hub.TensorSpec;
import dev.cantilever.hub.TorchArchiveWriter;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.nn.EmbeddingTable;
import dev.cantilever.nn.Linear;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checkpoints that hold the same model in another form. */
class StoredFormsTest {

  @TempDir private Path folder;

  /** Linear layers, head and tables of a model in F32, by the module that comes first in them. */
  private static Map<String, float[]> weights(Path model) throws IOException {
    Map<String, float[]> weights = new TreeMap<>();
    try (Backend backend = Backends.cpu(256L << 20, 2);
        ModelDirectory directory = ModelDirectory.open(model);
        Arena base = backend.budget().open("base", Purpose.BASE_WEIGHTS);
        Arena wide = backend.budget().open("wide", Purpose.BATCH)) {
      LanguageModel loaded =
          new ModelLoader(backend, directory, BasePrecision.STORED, base, Optional.empty())
              .languageModel();
      for (LoraTarget target : loaded.transformer().targets()) {
        weights.put(target.path(), floats(backend, target.linear(), wide));
      }
      weights.put("head", floats(backend, loaded.head(), wide));
      EmbeddingTable tokens = loaded.transformer().embeddings().tokens();
      weights.put(tokens.name(), floats(backend, tokens.values(), wide));
      if (loaded.transformer().encoder().isPresent()) {
        EmbeddingTable read = loaded.transformer().encoder().get().embeddings().tokens();
        weights.put(read.name(), floats(backend, read.values(), wide));
      }
    }
    return weights;
  }

  private static float[] floats(Backend backend, Linear linear, Arena wide) {
    return floats(backend, ((DenseWeight) linear.weight()).values(), wide);
  }

  private static float[] floats(Backend backend, Tensor values, Arena wide) {
    Tensor floats = Tensor.in(wide, DType.F32, values.shape());
    backend.transfers().convert(floats, values);
    float[] read = new float[(int) values.elements()];
    backend.transfers().download(read, floats);
    return read;
  }

  private static void assertSame(Path found, Path expected) throws IOException {
    Map<String, float[]> of = weights(expected);
    Map<String, float[]> read = weights(found);
    assertThat(read.keySet()).isEqualTo(of.keySet());
    of.forEach((path, values) -> assertThat(read.get(path)).as(path).isEqualTo(values));
  }

  /** A copy of a model with other names, or more than one, other types, and more tensors. */
  private Path rewritten(
      String fixture,
      Function<String, List<String>> names,
      Function<String, DType> types,
      List<TensorSpec> more)
      throws IOException {
    Path target = Files.createTempDirectory(folder, fixture);
    try (ModelDirectory source = ModelDirectory.open(Fixtures.path(fixture))) {
      List<TensorSpec> specs = new ArrayList<>(more);
      for (String name : source.names()) {
        for (String written : names.apply(name)) {
          specs.add(new TensorSpec(written, types.apply(name), source.entry(name).shape()));
        }
      }
      try (ModelDirectoryWriter writer =
          ModelDirectoryWriter.create(target, source.config(), specs)) {
        for (String name : source.names()) {
          for (String written : names.apply(name)) {
            writer.write(written, rounded(source.readFloats(name)));
          }
        }
        for (TensorSpec spec : more) {
          writer.write(spec.name(), new float[(int) spec.shape().elements()]);
        }
        writer.publish();
      }
    }
    return target;
  }

  /** Values that every type of 16 bits holds. */
  private static float[] rounded(float[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.round(values[i] * 64) / 64f;
    }
    return values;
  }

  @Test
  void pickles_loaded_areTheSafetensors() throws IOException {
    Path pickles = folder.resolve("pickles");
    TorchArchiveWriter.convert(Fixtures.path("gpt2"), pickles, 2, Map.of());

    assertSame(pickles, Fixtures.path("gpt2"));
  }

  @Test
  void partsOfOneLayerInThreeTypes_loaded_areThoseOfOneType() throws IOException {
    Function<String, DType> mixed =
        name ->
            name.contains("q_proj") ? DType.F16 : name.contains("v_proj") ? DType.BF16 : DType.F32;
    Path found = rewritten("qwen2", List::of, mixed, List.of());

    assertSame(found, rewritten("qwen2", List::of, name -> DType.F32, List.of()));
  }

  @Test
  void load_watched_tellsOfEveryByte() throws IOException {
    AtomicLong read = new AtomicLong();
    try (Backend backend = Backends.cpu(256L << 20, 2);
        ModelDirectory directory = ModelDirectory.open(Fixtures.path("gpt_neox"));
        Arena base = backend.budget().open("base", Purpose.BASE_WEIGHTS)) {
      new ModelLoader(
              backend,
              WeightSource.of(directory, read::addAndGet),
              BasePrecision.INT8_WEIGHT_ONLY,
              base,
              Optional.empty())
          .languageModel();
      assertThat(read.get()).isEqualTo(directory.bytes());
    }
  }

  @Test
  void bareModelWithOldBuffers_loaded_isTheModel() throws IOException {
    Path found =
        rewritten(
            "gpt2",
            name -> List.of(name.replaceFirst("^transformer\\.", "")),
            name -> DType.F32,
            List.of(
                new TensorSpec("h.0.attn.bias", DType.F32, Shape.of(1, 1, 8, 8)),
                new TensorSpec("h.0.attn.masked_bias", DType.F32, Shape.of())));

    assertSame(found, rewritten("gpt2", List::of, name -> DType.F32, List.of()));
  }

  /** As T5's older conversions are. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "encoder.embed_tokens",
        "decoder.embed_tokens",
        "encoder.embed_tokens,decoder.embed_tokens",
        "shared,encoder.embed_tokens,decoder.embed_tokens"
      })
  void embeddingOfAnEncoderDecoder_underAnyOfItsNames_isTheModels(String modules)
      throws IOException {
    for (String fixture : List.of("t5_plain", "flan_t5")) {
      Path found = rewritten(fixture, embeddingAs(modules), name -> DType.F32, List.of());
      Path plain = rewritten(fixture, List::of, name -> DType.F32, List.of());

      assertSame(found, plain);
    }
  }

  private static Function<String, List<String>> embeddingAs(String modules) {
    return name ->
        name.equals("shared.weight")
            ? Stream.of(modules.split(",")).map(module -> module + ".weight").toList()
            : List.of(name);
  }

  /** As transformers takes them: each as it is stored, others as what is stored first. */
  @Test
  void embeddingsOfEncoderAndDecoder_thatDiffer_areThoseStored() throws IOException {
    TensorSpec other = new TensorSpec("decoder.embed_tokens.weight", DType.F32, Shape.of(96, 32));
    Map<String, float[]> plain =
        weights(rewritten("t5_plain", List::of, name -> DType.F32, List.of()));
    for (String first : List.of("shared", "encoder.embed_tokens")) {
      Map<String, float[]> found =
          weights(rewritten("t5_plain", embeddingAs(first), name -> DType.F32, List.of(other)));

      assertThat(found.get("decoder.embed_tokens")).containsOnly(0f);
      assertThat(found.get("encoder.embed_tokens")).isEqualTo(plain.get("encoder.embed_tokens"));
      assertThat(found.get("head")).isEqualTo(plain.get("head"));
    }
  }

  /** Of which older transformers took the embedding, and newer ones the head. */
  @Test
  void headThatIsTied_storedWithOtherContents_isRefusedByName() throws IOException {
    Path same =
        rewritten(
            "gpt2",
            name ->
                name.equals("transformer.wte.weight")
                    ? List.of(name, "lm_head.weight")
                    : List.of(name),
            name -> DType.F32,
            List.of());
    assertSame(same, rewritten("gpt2", List::of, name -> DType.F32, List.of()));

    Path other =
        rewritten(
            "gpt2",
            List::of,
            name -> DType.F32,
            List.of(new TensorSpec("lm_head.weight", DType.F32, Shape.of(96, 48))));
    assertThatThrownBy(() -> weights(other))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("'lm_head.weight' and 'transformer.wte.weight' to be the same")
        .hasMessageContaining("Set 'tie_word_embeddings' to false");
  }
}
