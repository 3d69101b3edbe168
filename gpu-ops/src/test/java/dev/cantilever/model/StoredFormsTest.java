package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.adapter.LoraTarget;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.hub.Fixtures;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.ModelDirectoryWriter;
import dev.cantilever.hub.TensorSpec;
import dev.cantilever.hub.TorchArchiveWriter;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints that hold the same model in another form. */
class StoredFormsTest {

  @TempDir private Path folder;

  /** The linear layers of a model in F32, by the module that comes first in them. */
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
        Tensor values = ((DenseWeight) target.linear().weight()).values();
        Tensor floats = Tensor.in(wide, DType.F32, values.shape());
        backend.transfers().convert(floats, values);
        float[] read = new float[(int) values.elements()];
        backend.transfers().download(read, floats);
        weights.put(target.path(), read);
      }
    }
    return weights;
  }

  private static void assertSame(Path found, Path expected) throws IOException {
    Map<String, float[]> of = weights(expected);
    Map<String, float[]> read = weights(found);
    assertThat(read.keySet()).isEqualTo(of.keySet());
    of.forEach((path, values) -> assertThat(read.get(path)).as(path).isEqualTo(values));
  }

  /** A copy of a model with other names, other types, and more tensors. */
  private Path rewritten(
      String fixture,
      Function<String, String> names,
      Function<String, DType> types,
      List<TensorSpec> more)
      throws IOException {
    Path target = folder.resolve("rewritten");
    try (ModelDirectory source = ModelDirectory.open(Fixtures.path(fixture))) {
      List<TensorSpec> specs = new ArrayList<>(more);
      for (String name : source.names()) {
        specs.add(new TensorSpec(names.apply(name), types.apply(name), source.entry(name).shape()));
      }
      try (ModelDirectoryWriter writer =
          ModelDirectoryWriter.create(target, source.config(), specs)) {
        for (String name : source.names()) {
          writer.write(names.apply(name), rounded(source.readFloats(name)));
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
    Path found = rewritten("qwen2", name -> name, mixed, List.of());
    Path aside = folder.resolve("mixed");
    Files.move(found, aside);

    assertSame(aside, rewritten("qwen2", name -> name, name -> DType.F32, List.of()));
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
            name -> name.replaceFirst("^transformer\\.", ""),
            name -> DType.F32,
            List.of(
                new TensorSpec("h.0.attn.bias", DType.F32, Shape.of(1, 1, 8, 8)),
                new TensorSpec("h.0.attn.masked_bias", DType.F32, Shape.of())));
    Path aside = folder.resolve("bare");
    Files.move(found, aside);

    assertSame(aside, rewritten("gpt2", name -> name, name -> DType.F32, List.of()));
  }
}
