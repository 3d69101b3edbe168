package dev.cantilever.adapter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.AdapterWriter;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.HeadNames;
import dev.cantilever.hub.LoraBias;
import dev.cantilever.hub.LoraInit;
import dev.cantilever.hub.LoraModule;
import dev.cantilever.hub.LoraRanks;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.ModelDirectoryWriter;
import dev.cantilever.hub.ModuleSelection;
import dev.cantilever.hub.SafetensorsFile;
import dev.cantilever.hub.TargetModules;
import dev.cantilever.hub.TaskType;
import dev.cantilever.hub.TensorSpec;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.model.BasePrecision;
import dev.cantilever.model.LanguageModel;
import dev.cantilever.model.ModelLoader;
import dev.cantilever.model.PassMemory;
import dev.cantilever.model.TokenRows;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AdapterMergerTest {
  private static final Path NEOX = Path.of("src", "test", "resources", "fixtures", "gpt_neox");
  private static final Path LORA = NEOX.resolve("adapter");
  private static final String QKV = "gpt_neox.layers.0.attention.query_key_value.weight";

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"F32, 1e-5, 1e-7", "F16, 2e-3, 5e-4", "BF16, 2e-2, 4e-3"})
  void merge_anyStorage_givesLogitsOfBaseAndAdapter(DType stored, double logits, double drift)
      throws IOException {
    Path base = folder.resolve("base");
    store(NEOX, base, stored, Long.MAX_VALUE);
    Path merged = folder.resolve("merged");

    MergeTally tally = AdapterMerger.merge(base, LORA, merged);

    assertThat(tally.tensorsMerged()).isPositive();
    assertThat(tally.tensorsMerged() + tally.tensorsCopied()).isEqualTo(28);
    assertThat(tally.drift()).isPositive().isLessThan(drift);
    assertThat(tally.int8Drift()).isBetween(1e-3, 2e-2);
    float[] expected = logits(base, Optional.of(LORA));
    float[] found = logits(merged, Optional.empty());
    assertThat(largestDifference(found, expected)).isLessThan(logits);
    assertThat(largestDifference(logits(base, Optional.empty()), expected))
        .as("the adapter is visible")
        .isGreaterThan(10 * logits);
  }

  @Test
  void merge_fixture_givesPeftsLogits() throws IOException {
    Path merged = folder.resolve("merged");
    AdapterMerger.merge(NEOX, LORA, merged);

    float[] found = logits(merged, Optional.empty());
    try (SafetensorsFile golden = SafetensorsFile.open(NEOX.resolve("golden.safetensors"))) {
      float[] expected = golden.readFloats("merged_logits");
      int[] mask = golden.readInts("attention_mask");
      int vocab = expected.length / mask.length;
      int at = 0;
      for (int i = 0; i < expected.length; i++) {
        if (mask[i / vocab] == 1) {
          assertThat(Math.abs(found[at++] - expected[i])).isLessThan(2e-4f);
        }
      }
    }
  }

  /** What {@code torch.save} of transformers 5's modules has, and a buffer of older versions. */
  @Test
  void merge_baseOfOtherVersionsNames_givesLogitsOfBaseAndAdapter() throws IOException {
    Path base = folder.resolve("base");
    String buffer = "gpt_neox.layers.0.attention.masked_bias";
    try (ModelDirectory model = ModelDirectory.open(NEOX)) {
      List<TensorSpec> specs =
          new ArrayList<>(List.of(new TensorSpec(buffer, DType.F32, Shape.of())));
      for (String name : model.names()) {
        specs.add(new TensorSpec(HeadNames.later(name), DType.F32, model.entry(name).shape()));
      }
      try (ModelDirectoryWriter writer = ModelDirectoryWriter.create(base, model.config(), specs)) {
        writer.write(buffer, new float[] {-1e9f});
        for (String name : model.names()) {
          writer.write(HeadNames.later(name), model.readFloats(name));
        }
        writer.publish();
      }
    }
    Path merged = folder.resolve("merged");

    AdapterMerger.merge(base, LORA, merged);

    float[] expected = logits(NEOX, Optional.of(LORA));
    assertThat(logits(base, Optional.of(LORA))).isEqualTo(expected);
    assertThat(largestDifference(logits(merged, Optional.empty()), expected)).isLessThan(1e-5);
  }

  @Test
  void merge_shardedBase_keepsItsFilesAndTheBytesWithoutBranch() throws IOException {
    Path base = folder.resolve("base");
    store(NEOX, base, DType.F16, 30_000);
    Files.writeString(base.resolve("tokenizer.json"), "{}");
    Path merged = folder.resolve("merged");

    AdapterMerger.merge(base, LORA, merged);

    assertThat(names(merged)).isEqualTo(names(base)).contains("model.safetensors.index.json");
    for (String same : List.of("config.json", "tokenizer.json", "model.safetensors.index.json")) {
      assertThat(merged.resolve(same)).hasSameBinaryContentAs(base.resolve(same));
    }
    try (ModelDirectory before = ModelDirectory.open(base);
        ModelDirectory after = ModelDirectory.open(merged);
        AdapterDirectory adapter = AdapterDirectory.open(LORA)) {
      assertThat(before.files()).hasSizeGreaterThan(2);
      for (String name : before.names()) {
        boolean branch = adapter.modules().containsKey(name.replace(".weight", ""));
        byte[] bytes = after.file(name).readBytes(name);
        if (branch) {
          assertThat(bytes).as(name).isNotEqualTo(before.file(name).readBytes(name));
        } else {
          assertThat(bytes).as(name).isEqualTo(before.file(name).readBytes(name));
        }
      }
    }
  }

  @Test
  void writeShard_again_leavesTheSameBytes() throws IOException {
    Path first = Files.createDirectory(folder.resolve("first"));
    Path second = Files.createDirectory(folder.resolve("second"));
    try (AdapterMerger merger = AdapterMerger.open(NEOX, LORA)) {
      merger.writeShard("model.safetensors", first);
      merger.writeShard("model.safetensors", second);
      merger.writeShard("model.safetensors", second);
    }

    assertThat(second.resolve("model.safetensors"))
        .hasSameBinaryContentAs(first.resolve("model.safetensors"));
    assertThat(names(second)).containsExactly("model.safetensors");
  }

  @ParameterizedTest
  @CsvSource({"true, false", "false, false", "true, true"})
  void merge_storageEitherWayAndRslora_isBasePlusScaledProduct(boolean transposed, boolean rslora)
      throws IOException {
    int in = 5;
    int out = 7;
    int r = 2;
    float[] w = random(in * out, 1);
    float[] a = random(r * in, 2);
    float[] b = random(out * r, 3);
    Path base = folder.resolve("base");
    write(base, DType.F32, transposed ? Shape.of(in, out) : Shape.of(out, in), w);
    Path adapter = adapter(transposed, rslora, in, out, a, b);

    AdapterMerger.merge(base, adapter, folder.resolve("merged"));

    double scale = rslora ? 6 / Math.sqrt(2) : 3;
    try (ModelDirectory merged = ModelDirectory.open(folder.resolve("merged"))) {
      float[] found = merged.readFloats("layer.weight");
      for (int o = 0; o < out; o++) {
        for (int i = 0; i < in; i++) {
          int at = transposed ? i * out + o : o * in + i;
          double product = 0;
          for (int k = 0; k < r; k++) {
            product += (double) b[o * r + k] * a[k * in + i];
          }
          assertThat(found[at]).isEqualTo((float) (w[at] + scale * product));
        }
      }
    }
  }

  @Test
  void merge_adapterOfZeros_leavesTheBaseBitForBit() throws IOException {
    Path base = folder.resolve("base");
    write(base, DType.BF16, Shape.of(7, 5), random(35, 1));
    Path adapter = adapter(false, false, 5, 7, random(10, 2), new float[14]);

    MergeTally tally = AdapterMerger.merge(base, adapter, folder.resolve("merged"));

    assertThat(folder.resolve("merged/model.safetensors"))
        .hasSameBinaryContentAs(base.resolve("model.safetensors"));
    assertThat(tally.drift()).isZero();
  }

  @Test
  void merge_moduleThatTheBaseLacks_isNamedAndNothingIsWritten() throws IOException {
    Path base = folder.resolve("base");
    write(base, DType.F32, Shape.of(7, 5), random(35, 1));

    assertThatThrownBy(() -> AdapterMerger.merge(base, LORA, folder.resolve("merged")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("adapter_model.safetensors")
        .hasMessageContaining(QKV);
    assertThat(names(folder)).containsExactly("base");
  }

  @Test
  void merge_otherShape_isNamedAndNothingIsWritten() throws IOException {
    Path base = folder.resolve("base");
    write(base, DType.F32, Shape.of(7, 6), random(42, 1));
    Path adapter = adapter(false, false, 5, 7, random(10, 2), random(14, 3));

    assertThatThrownBy(() -> AdapterMerger.merge(base, adapter, folder.resolve("merged")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("model.safetensors")
        .hasMessageContaining("layer.weight")
        .hasMessageContaining("[7, 5]")
        .hasMessageContaining("[7, 6]");
    assertThat(names(folder)).containsExactly("adapter", "base");
  }

  @Test
  void merge_truncatedBase_isNamedAndNothingIsWritten() throws IOException {
    Path base = folder.resolve("base");
    store(NEOX, base, DType.F16, 30_000);
    String second = names(base).stream().filter(n -> n.startsWith("model-00002")).findAny().get();
    Path shard = base.resolve(second);
    byte[] bytes = Files.readAllBytes(shard);
    Files.write(shard, Arrays.copyOf(bytes, bytes.length - 1));

    assertThatThrownBy(() -> AdapterMerger.merge(base, LORA, folder.resolve("merged")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(second)
        .hasMessageContaining("truncated");
    assertThat(names(folder)).containsExactly("base");
  }

  @Test
  void merge_doraAdapterWithoutLengths_isRefusedByName() throws IOException {
    Path adapter = Files.createDirectory(folder.resolve("adapter"));
    Files.copy(
        LORA.resolve("adapter_model.safetensors"), adapter.resolve("adapter_model.safetensors"));
    Files.writeString(
        adapter.resolve("adapter_config.json"),
        Files.readString(LORA.resolve("adapter_config.json"))
            .replace("\"use_dora\": false", "\"use_dora\": true"));

    assertThatThrownBy(() -> AdapterMerger.merge(NEOX, adapter, folder.resolve("merged")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("use_dora");
    assertThat(names(folder)).containsExactly("adapter");
  }

  @ParameterizedTest
  @CsvSource({"F32, 3e38", "F16, 70000", "BF16, 3e38"})
  void merge_valueThatTheStorageCannotHold_isNamedAndNothingIsWritten(DType stored, float value)
      throws IOException {
    Path base = folder.resolve("base");
    write(base, stored, Shape.of(7, 5), random(35, 1));
    float[] a = new float[10];
    float[] b = new float[14];
    a[3] = 1;
    b[4] = value;
    Path adapter = adapter(false, false, 5, 7, a, b); // of scale 3

    assertThatThrownBy(() -> AdapterMerger.merge(base, adapter, folder.resolve("merged")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("layer.weight")
        .hasMessageContaining("finite in " + stored)
        .hasMessageContaining("row 2");
    assertThat(names(folder)).containsExactly("adapter", "base");
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
  void merge_adapterThatIsNotFinite_isNamedAndNothingIsWritten(float value) throws IOException {
    Path base = folder.resolve("base");
    write(base, DType.F32, Shape.of(7, 5), random(35, 1));
    float[] b = new float[14];
    b[4] = value;
    Path adapter = adapter(false, false, 5, 7, new float[10], b);

    assertThatThrownBy(() -> AdapterMerger.merge(base, adapter, folder.resolve("merged")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("layer.lora_B.weight")
        .hasMessageContaining(value + " at element 4");
    assertThat(names(folder)).containsExactly("adapter", "base");
  }

  @Test
  void merge_intoAFolderWithFiles_isRefused() throws IOException {
    Files.writeString(folder.resolve("mine.txt"), "keep");

    assertThatThrownBy(() -> AdapterMerger.merge(NEOX, LORA, folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("expected nothing there yet");
    assertThat(names(folder)).containsExactly("mine.txt");
  }

  /** Logits at every valid token of the fixture. */
  private static float[] logits(Path model, Optional<Path> lora) throws IOException {
    try (SafetensorsFile golden = SafetensorsFile.open(NEOX.resolve("golden.safetensors"));
        ModelDirectory directory = ModelDirectory.open(model);
        Backend backend = Backends.cpu(128L << 20, 2);
        Arena weights = backend.budget().open("weights", Purpose.BASE_WEIGHTS);
        Arena adapters = backend.budget().open("adapters", Purpose.ADAPTER);
        PassMemory memory = new PassMemory(backend, "test")) {
      LanguageModel lm =
          new ModelLoader(backend, directory, BasePrecision.STORED, weights, Optional.empty())
              .languageModel();
      if (lora.isPresent()) {
        Adapter.load(backend, adapters, "a", lora.get(), lm.targets(), false);
      }
      TokenRows rows =
          TokenRows.ofPadded(
              golden.readInts("input_ids"),
              golden.readInts("attention_mask"),
              Math.toIntExact(golden.entry("input_ids").shape().dim(1)));
      return lm.logits(backend, memory, rows, lora.isPresent() ? Set.of("a") : Set.of());
    }
  }

  private static double largestDifference(float[] found, float[] expected) {
    assertThat(found).hasSameSizeAs(expected);
    double largest = 0;
    for (int i = 0; i < found.length; i++) {
      largest = Math.max(largest, Math.abs((double) found[i] - expected[i]));
    }
    return largest;
  }

  /** Writes a checkpoint again with another type and other shards. */
  private static void store(Path source, Path target, DType dtype, long shardBytes)
      throws IOException {
    try (ModelDirectory model = ModelDirectory.open(source)) {
      List<TensorSpec> specs =
          model.names().stream()
              .map(name -> new TensorSpec(name, dtype, model.entry(name).shape()))
              .toList();
      try (ModelDirectoryWriter writer =
          ModelDirectoryWriter.create(target, model.config(), specs, shardBytes)) {
        for (TensorSpec spec : specs) {
          writer.write(spec.name(), model.readFloats(spec.name()));
        }
        writer.publish();
      }
    }
  }

  /** A checkpoint of one matrix. */
  private static void write(Path target, DType dtype, Shape shape, float[] values)
      throws IOException {
    List<TensorSpec> specs = List.of(new TensorSpec("layer.weight", dtype, shape));
    try (ModelDirectoryWriter writer =
        ModelDirectoryWriter.create(target, ModelConfig.read(NEOX), specs)) {
      writer.write("layer.weight", values);
      writer.publish();
    }
  }

  /** An adapter of rank 2 and alpha 6 on one module. */
  private Path adapter(boolean fanInFanOut, boolean rslora, int in, int out, float[] a, float[] b)
      throws IOException {
    Path target = folder.resolve("adapter");
    LoraModule module = new LoraModule("layer", in, out);
    AdapterConfig config =
        new AdapterConfig(
            new LoraRanks(2, 6, rslora, Map.of(), Map.of()),
            0,
            ModuleSelection.of(TargetModules.of("layer")),
            false,
            LoraBias.NONE,
            LoraInit.DEFAULT,
            fanInFanOut,
            TaskType.CAUSAL_LM,
            "");
    try (AdapterWriter writer = AdapterWriter.create(target, config, List.of(module))) {
      writer.writeA(module, a);
      writer.writeB(module, b);
      writer.finish();
    }
    return target;
  }

  private static float[] random(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextDouble(-1, 1);
    }
    return values;
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
