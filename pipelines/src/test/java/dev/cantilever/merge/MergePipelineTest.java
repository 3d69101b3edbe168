package dev.cantilever.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.adapter.Adapter;
import dev.cantilever.adapter.AdapterMerger;
import dev.cantilever.adapter.MergeTally;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.AdapterWriter;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.LoraModule;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.TargetModules;
import dev.cantilever.hub.TaskType;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.model.BasePrecision;
import dev.cantilever.model.LanguageModel;
import dev.cantilever.model.ModelLoader;
import dev.cantilever.model.PassMemory;
import dev.cantilever.model.TokenRows;
import dev.cantilever.sample.EmbeddedSample;
import dev.cantilever.sample.EmbeddedSamples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.apache.beam.runners.direct.DirectOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MergePipelineTest {
  @TempDir private static Path inputs;
  private static Path base;
  private static Path adapter;

  @TempDir private Path folder;

  @BeforeAll
  static void baseAndAdapter() throws IOException {
    base = EmbeddedSamples.extract(EmbeddedSample.LANGUAGE_MODEL, inputs);
    adapter = adapter(inputs.resolve("adapter"), 0.02f);
  }

  @Test
  void run_oneOrThreeWorkers_writeTheBytesOfAMergeOnOneThread() throws IOException {
    MergeTally tally = AdapterMerger.merge(base, adapter, folder.resolve("serial"));

    MergeSummary one = merge("one", 1);
    MergeSummary three = merge("three", 3);

    assertThat(names(folder)).containsExactly("one", "serial", "three");
    List<String> files = names(folder.resolve("serial"));
    assertThat(files).isEqualTo(names(base));
    for (String name : files) {
      Path serial = folder.resolve("serial").resolve(name);
      assertThat(folder.resolve("one").resolve(name)).hasSameBinaryContentAs(serial);
      assertThat(folder.resolve("three").resolve(name)).hasSameBinaryContentAs(serial);
    }
    assertThat(one)
        .isEqualTo(MergeSummary.of(tally, one.out()))
        .isEqualTo(MergeSummary.of(tally, folder.resolve("one").toString()));
    assertThat(three).isEqualTo(MergeSummary.of(tally, folder.resolve("three").toString()));
    assertThat(three.tensorsMerged()).isEqualTo(branches(base).size());
    assertThat(three.drift()).isBetween(1e-6, 5e-4);
  }

  /** Half precision rounds by 2^-11 at most, so logits may move by about that of the largest. */
  @Test
  void run_embeddedModel_givesLogitsOfBaseAndAdapterUpToItsStorage() throws IOException {
    merge("merged", 2);

    float[] expected = logits(base, Optional.of(adapter));
    double error = largestDifference(logits(folder.resolve("merged"), Optional.empty()), expected);
    double visible = largestDifference(logits(base, Optional.empty()), expected);
    double largest = largestDifference(expected, new float[expected.length]);
    assertThat(error).isLessThan(largest * 0x1p-11);
    assertThat(visible).isGreaterThan(10 * error);
  }

  @Test
  void run_valueThatCannotBeStored_failsNamingTheTensorAndLeavesNothing() throws IOException {
    Path diverged = adapter(inputs.resolve("diverged"), 1e6f);
    MergeSpec spec = new MergeSpec(base.toString(), diverged.toString(), out("merged"));

    assertThatThrownBy(() -> MergePipeline.run(spec, options(3)))
        .isInstanceOf(Pipeline.PipelineExecutionException.class)
        .hasRootCauseInstanceOf(CheckpointException.class)
        .rootCause()
        .hasMessageContaining(".safetensors")
        .hasMessageContaining("query_key_value.weight")
        .hasMessageContaining("finite in F16");
    assertThat(names(folder)).isEmpty();
  }

  @Test
  void run_moduleThatTheBaseLacks_failsBeforeAPipelineIsMade() throws IOException {
    Path other = inputs.resolve("other");
    LoraModule module = new LoraModule("gpt_neox.layers.99.attention.dense", 4, 4);
    AdapterConfig config = AdapterConfig.of(1, 2, TargetModules.of("dense"), TaskType.CAUSAL_LM);
    try (AdapterWriter writer = AdapterWriter.create(other, config, List.of(module))) {
      writer.writeA(module, new float[4]);
      writer.writeB(module, new float[4]);
      writer.finish();
    }
    MergeSpec spec =
        new MergeSpec(base.toString(), other.toString(), folder.resolve("a/b").toString());

    assertThatThrownBy(() -> MergePipeline.run(spec, options(1)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("gpt_neox.layers.99.attention.dense");
    assertThat(names(folder)).isEmpty();
  }

  @Test
  void run_destinationWithFiles_isRefusedAndKept() throws IOException {
    Path out = Files.createDirectory(folder.resolve("out"));
    Files.writeString(out.resolve("mine.txt"), "keep");
    MergeSpec spec = new MergeSpec(base.toString(), adapter.toString(), out.toString());

    assertThatThrownBy(() -> MergePipeline.run(spec, options(1)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("expected nothing there yet");
    assertThat(names(out)).containsExactly("mine.txt");
  }

  @Test
  void main_options_areTheSpec() throws IOException {
    MergePipeline.main(
        new String[] {
          "--model=" + base, "--adapter=" + adapter, "--out=" + out("merged"),
        });

    try (ModelDirectory merged = ModelDirectory.open(folder.resolve("merged"))) {
      assertThat(merged.config().modelType()).isEqualTo("gpt_neox");
    }
  }

  private static float[] logits(Path model, Optional<Path> lora) throws IOException {
    try (ModelDirectory directory = ModelDirectory.open(model);
        Backend backend = Backends.cpu(256L << 20, 2);
        Arena weights = backend.budget().open("weights", Purpose.BASE_WEIGHTS);
        Arena adapters = backend.budget().open("adapters", Purpose.ADAPTER);
        PassMemory memory = new PassMemory(backend, "test")) {
      LanguageModel lm =
          new ModelLoader(backend, directory, BasePrecision.STORED, weights, Optional.empty())
              .languageModel();
      if (lora.isPresent()) {
        Adapter.load(backend, adapters, "a", lora.get(), lm.targets(), false);
      }
      TokenRows rows = TokenRows.of(new int[] {5, 90, 1100, 2700, 44}, new int[] {7, 8, 9});
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

  private MergeSummary merge(String name, int workers) throws IOException {
    return MergePipeline.run(
        new MergeSpec(base.toString(), adapter.toString(), out(name)), options(workers));
  }

  private String out(String name) {
    return folder.resolve(name).toString();
  }

  private static DirectOptions options(int workers) {
    DirectOptions options = PipelineOptionsFactory.create().as(DirectOptions.class);
    options.setTargetParallelism(workers);
    return options;
  }

  /** An adapter whose matrices are random and not zero, on two layers of every block. */
  private static Path adapter(Path target, float size) throws IOException {
    List<LoraModule> modules = branches(base);
    SplittableRandom random = new SplittableRandom(7);
    AdapterConfig config =
        AdapterConfig.of(4, 8, TargetModules.of("query_key_value"), TaskType.CAUSAL_LM);
    try (AdapterWriter writer = AdapterWriter.create(target, config, modules)) {
      for (LoraModule module : modules) {
        writer.writeA(module, random(random, 4 * module.inFeatures(), size));
        writer.writeB(module, random(random, 4 * module.outFeatures(), size));
      }
      writer.finish();
    }
    return target;
  }

  private static List<LoraModule> branches(Path model) throws IOException {
    List<LoraModule> modules = new ArrayList<>();
    try (ModelDirectory directory = ModelDirectory.open(model)) {
      for (String name : directory.names()) {
        if (name.endsWith("query_key_value.weight")) {
          modules.add(
              new LoraModule(
                  name.replace(".weight", ""),
                  directory.entry(name).shape().dim(1),
                  directory.entry(name).shape().dim(0)));
        }
      }
    }
    return modules;
  }

  private static float[] random(SplittableRandom random, long count, float size) {
    float[] values = new float[(int) count];
    for (int i = 0; i < values.length; i++) {
      values[i] = size * (float) random.nextDouble(-1, 1);
    }
    return values;
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
