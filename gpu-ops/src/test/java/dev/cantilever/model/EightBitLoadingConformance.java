package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cantilever.adapter.LoraTarget;
import dev.cantilever.backend.Backend;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.Fixtures;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.memory.Purpose;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Checkpoints of bitsandbytes: what is loaded are the integers and magnitudes of the file. */
public abstract class EightBitLoadingConformance {

  private static final Predicate<String> BLOCKS = module -> module.matches(".*\\.\\d+\\..*");

  @TempDir private Path folder;
  private Backend backend;
  private Arena base;
  private final EightBitCheckpoint checkpoint = new EightBitCheckpoint();

  /** Opens the backend under test, with at least 64 MiB; the suite closes it. */
  protected abstract Backend open();

  @BeforeEach
  void openBackend() {
    backend = open();
    base = backend.budget().open("base", Purpose.BASE_WEIGHTS);
  }

  @AfterEach
  void closeAll() {
    base.close();
    backend.close();
    assertThat(backend.budget().openArenas()).isEmpty();
  }

  private Path write(
      String fixture, Predicate<String> quantised, Consumer<ObjectNode> settings, int format)
      throws IOException {
    Path target = folder.resolve("model");
    checkpoint.write(
        Fixtures.path(fixture), target, fixture.equals("gpt2"), quantised, settings, format);
    return target;
  }

  private LanguageModel load(Path model, BasePrecision precision) throws IOException {
    try (ModelDirectory directory = ModelDirectory.open(model)) {
      return new ModelLoader(backend, directory, precision, base, Optional.empty()).languageModel();
    }
  }

  private byte[] integers(Int8Weight weight) {
    int size = weight.outFeatures() * weight.inFeatures();
    HostMemory host = new HostMemory();
    long address = host.allocate(size);
    try (Arena arena = backend.budget().open("read", Purpose.BATCH)) {
      Tensor plain = Tensor.in(arena, DType.I8, weight.outFeatures(), weight.inFeatures());
      backend.matmul().readInt8(plain, weight);
      backend.transfers().download(address, plain);
      byte[] bytes = new byte[size];
      HostMemory.get(address, bytes, 0, size);
      return bytes;
    } finally {
      host.free(address, size);
    }
  }

  private void assertHolds(LoraTarget target) {
    Int8Weight weight = (Int8Weight) target.linear().weight();
    int from = target.column();
    int to = from + target.outFeatures();
    int in = weight.inFeatures();
    float[] absmax = new float[weight.outFeatures()];
    backend.transfers().download(absmax, weight.absmax());
    assertThat(Arrays.copyOfRange(integers(weight), from * in, to * in))
        .as(target.path())
        .isEqualTo(checkpoint.integers(target.path()));
    assertThat(Arrays.copyOfRange(absmax, from, to))
        .as(target.path())
        .isEqualTo(checkpoint.magnitudes(target.path()));
  }

  @ParameterizedTest
  @EnumSource
  void weights_ofEveryPrecision_areTheFilesIntegers(BasePrecision precision) throws IOException {
    Int8Mode mode = precision == BasePrecision.LLM_INT8 ? Int8Mode.LLM_INT8 : Int8Mode.WEIGHT_ONLY;
    LanguageModel model = load(write("qwen2", BLOCKS, settings -> {}, 0), precision);

    assertThat(model.transformer().targets()).isNotEmpty();
    for (LoraTarget target : model.transformer().targets()) {
      assertHolds(target);
      assertThat(((Int8Weight) target.linear().weight()).mode()).isEqualTo(mode);
    }
  }

  @Test
  void weights_ofTransposedLayers_areOutByInInTheFile() throws IOException {
    LanguageModel model =
        load(write("gpt2", BLOCKS, settings -> {}, 0), BasePrecision.INT8_WEIGHT_ONLY);

    model.transformer().targets().forEach(this::assertHolds);
  }

  /** bitsandbytes leaves the last layer of a classifier alone, not the one before it. */
  @ParameterizedTest
  @EnumSource
  void hidden_ofAClassifiersHead_isAsStored(BasePrecision precision) throws IOException {
    String pooler = "bert.pooler.dense";
    Path model = write("bert_cls", BLOCKS.or(pooler::equals), settings -> {}, 0);
    try (ModelDirectory directory = ModelDirectory.open(model)) {
      SequenceClassifier loaded =
          new ModelLoader(backend, directory, precision, base, Optional.empty()).classifier();
      assertThat(integers((Int8Weight) loaded.hidden().orElseThrow().weight()))
          .isEqualTo(checkpoint.integers(pooler));
      assertThat(loaded.output().weight()).isInstanceOf(DenseWeight.class);
    }
  }

  @Test
  void weights_skipped_stayAsStored() throws IOException {
    Path model =
        write(
            "gpt_neox",
            BLOCKS.and(module -> !module.endsWith("dense_4h_to_h")),
            settings -> settings.putArray("llm_int8_skip_modules").add("dense_4h_to_h"),
            0);
    for (LoraTarget target : load(model, BasePrecision.INT8_WEIGHT_ONLY).transformer().targets()) {
      if (target.path().endsWith("dense_4h_to_h")) {
        assertThat(target.linear().weight()).isInstanceOf(DenseWeight.class);
      } else {
        assertHolds(target);
      }
    }
  }

  @Test
  void load_integersInTiles_isRefused() throws IOException {
    Path model = write("gpt_neox", BLOCKS, settings -> {}, 2);
    refused(model, BasePrecision.INT8_WEIGHT_ONLY, "weight_format", "found 2");
  }

  @Test
  void load_otherThresholdInLlmInt8_isRefused() throws IOException {
    Path model = write("gpt_neox", BLOCKS, settings -> settings.put("llm_int8_threshold", 5.0), 0);
    refused(model, BasePrecision.LLM_INT8, "llm_int8_threshold", "found 5.0");
    load(model, BasePrecision.INT8_WEIGHT_ONLY);
  }

  @Test
  void load_skippedModuleIn8Bit_isRefused() throws IOException {
    Path model =
        write(
            "gpt_neox",
            BLOCKS,
            settings -> settings.putArray("llm_int8_skip_modules").add("dense_4h_to_h"),
            0);
    refused(model, BasePrecision.INT8_WEIGHT_ONLY, "llm_int8_skip_modules", "dense_4h_to_h");
  }

  @Test
  void load_partOfAFusedLayerNotIn8Bit_isRefused() throws IOException {
    Path model =
        write("qwen2", BLOCKS.and(module -> !module.endsWith("k_proj")), settings -> {}, 0);
    refused(model, BasePrecision.INT8_WEIGHT_ONLY, "k_proj.weight", "to be I8");
  }

  @Test
  void open_fourBit_isRefused() throws IOException {
    Path model =
        write(
            "gpt_neox",
            BLOCKS,
            settings -> settings.put("load_in_8bit", false).put("load_in_4bit", true),
            0);
    refused(model, BasePrecision.INT8_WEIGHT_ONLY, "quantization_config", "load_in_4bit");
  }

  private void refused(Path model, BasePrecision precision, String... parts) {
    assertThatThrownBy(() -> load(model, precision))
        .isInstanceOf(CheckpointException.class)
        .satisfies(
            thrown ->
                assertThat(List.of(parts))
                    .allSatisfy(part -> assertThat(thrown).hasMessageContaining(part)));
  }
}
