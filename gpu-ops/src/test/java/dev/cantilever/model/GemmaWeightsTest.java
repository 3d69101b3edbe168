package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.SafetensorsFile;
import dev.cantilever.hub.SafetensorsWriter;
import dev.cantilever.hub.TensorSpec;
import dev.cantilever.nn.RmsNorm;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is made of Gemma's norms and of the factor of its embeddings where weights are of 16 bit: as
 * where the same numbers are stored in 32.
 */
class GemmaWeightsTest {

  @TempDir Path folder;

  @Test
  void normsOf16Bit_haveOneAddedWithoutRounding() throws IOException {
    Path original = DecoderVariant.checkpoint("GEMMA", folder);
    Path rounded = Files.createDirectory(folder.resolve("rounded"));
    Files.copy(original.resolve("config.json"), rounded.resolve("config.json"));
    Path weights = rounded.resolve("model.safetensors");
    try (ModelDirectory from = ModelDirectory.open(original);
        SafetensorsWriter writer =
            SafetensorsWriter.create(
                weights,
                LlamaVariant.GEMMA.tensors().stream()
                    .map(spec -> new TensorSpec(spec.name(), DType.BF16, spec.shape()))
                    .toList())) {
      for (TensorSpec spec : LlamaVariant.GEMMA.tensors()) {
        writer.write(spec.name(), from.file(spec.name()).readFloats(spec.name()));
      }
      writer.finish();
    }

    try (Backend backend = Backends.cpu(64L << 20, 1);
        ModelDirectory directory = ModelDirectory.open(rounded);
        SafetensorsFile stored = SafetensorsFile.open(weights);
        LoadedModel<LanguageModel> model = load(backend, WeightSource.of(directory))) {
      float[] found = finalNorm(backend, model.model());
      float[] offsets = stored.readFloats("model.norm.weight");
      for (int i = 0; i < found.length; i++) {
        assertThat(found[i]).isEqualTo(1 + offsets[i]);
      }
      float root = (float) Math.sqrt(DecoderVariant.WIDTH);
      assertThat(model.model().transformer().embeddings().scale()).isEqualTo(root);
    }
  }

  @Test
  void normsOfASeed_areOne() throws IOException {
    ModelConfig config = ModelConfig.at(DecoderVariant.checkpoint("GEMMA", folder));
    try (Backend backend = Backends.cpu(64L << 20, 1);
        LoadedModel<LanguageModel> model = load(backend, WeightSource.synthetic(config, 1))) {
      assertThat(finalNorm(backend, model.model())).containsOnly(1f);
    }
  }

  /** Into arenas of the sizes that were planned. */
  private static LoadedModel<LanguageModel> load(Backend backend, WeightSource source)
      throws IOException {
    return LoadedModel.open(
        backend, source, BasePrecision.STORED, "weights", "panels", ModelLoader::languageModel);
  }

  private static float[] finalNorm(Backend backend, LanguageModel model) {
    Tensor gamma = ((RmsNorm) model.transformer().finalNorm().orElseThrow()).gamma();
    assertThat(gamma.dtype()).isEqualTo(DType.F32);
    float[] values = new float[gamma.size(0)];
    backend.transfers().download(values, gamma);
    return values;
  }
}
