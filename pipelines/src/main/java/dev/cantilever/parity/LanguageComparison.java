package dev.cantilever.parity;

import dev.cantilever.adapter.Adapter;
import dev.cantilever.adapter.AdapterMerger;
import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.SamplingSpec;
import dev.cantilever.host.LoadWatcher;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.ScratchDirectory;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.model.Generation;
import dev.cantilever.model.GenerationSpec;
import dev.cantilever.model.Generator;
import dev.cantilever.model.LanguageLoss;
import dev.cantilever.model.LanguageModel;
import dev.cantilever.model.ModelGolden;
import dev.cantilever.model.ModelLoader;
import dev.cantilever.model.ModelRows;
import dev.cantilever.model.PassMemory;
import dev.cantilever.model.ResponseRows;
import dev.cantilever.model.StopRule;
import dev.cantilever.model.TokenRows;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/** Computes what a language model's fixture holds, and measures each against it. */
final class LanguageComparison {

  /** Name of the adapter within the process. */
  private static final String ADAPTER = "parity";

  private static final String GRADIENT = "grad.";

  private final Backend backend;
  private final ModelDirectory directory;
  private final ModelGolden golden;
  private final LoadWatcher loads;

  LanguageComparison(
      Backend backend, ModelDirectory directory, ModelGolden golden, LoadWatcher loads) {
    this.backend = backend;
    this.directory = directory;
    this.golden = golden;
    this.loads = loads;
  }

  ModelParityReport compare() throws IOException {
    ModelParityReport plain = compareUnmerged();
    return golden.has("merged_logits") ? plain.withMergedLogits(merged()) : plain;
  }

  private ModelParityReport compareUnmerged() throws IOException {
    ModelRows rows = golden.modelRows();
    try (Arena weights = backend.budget().open("weights", Purpose.BASE_WEIGHTS);
        Arena adapters = backend.budget().open("adapter", Purpose.ADAPTER);
        PassMemory memory = new PassMemory(backend, "parity")) {
      LanguageModel model = load(directory, weights);
      OptionalDouble logits = logits(model, memory, rows, "logits", Set.of());
      Optional<Boolean> greedy = greedy(model, memory);
      OptionalDouble adapterLogits = OptionalDouble.empty();
      OptionalDouble loss = OptionalDouble.empty();
      OptionalDouble gradients = OptionalDouble.empty();
      if (golden.has("adapter_logits") || golden.has("adapter_loss")) {
        Adapter adapter =
            Adapter.load(
                backend,
                adapters,
                ADAPTER,
                directory.path().resolve("adapter"),
                model.targets(),
                true);
        adapterLogits = logits(model, memory, rows, "adapter_logits", Set.of(ADAPTER));
        if (golden.has("adapter_loss")) {
          loss = OptionalDouble.of(trainOnce(model, memory, adapter));
          gradients = gradients(adapter);
        }
      }
      return new ModelParityReport(
          logits, greedy, adapterLogits, OptionalDouble.empty(), loss, gradients);
    }
  }

  /** The error of the checkpoint that merging the fixture's adapter gives. */
  private double merged() throws IOException {
    try (ScratchDirectory scratch = ScratchDirectory.temporary("parity")) {
      Path merged = scratch.path().resolve("merged");
      Path base = WidenedCheckpoint.of(directory, scratch.path().resolve("base"));
      AdapterMerger.merge(base, directory.path().resolve("adapter"), merged);
      try (ModelDirectory checkpoint = ModelDirectory.open(merged);
          Arena weights = backend.budget().open("merged weights", Purpose.BASE_WEIGHTS);
          PassMemory memory = new PassMemory(backend, "parity")) {
        LanguageModel model = load(checkpoint, weights);
        return logits(model, memory, golden.modelRows(), "merged_logits", Set.of()).orElseThrow();
      }
    }
  }

  /** As it computes the fixture's rows: by transformers they went through it in one batch. */
  private LanguageModel ofBatch(LanguageModel model) throws IOException {
    return model.forRowsOf(golden.modelRows().tokens().longest());
  }

  private LanguageModel load(ModelDirectory checkpoint, Arena weights) throws IOException {
    return ModelParity.load(backend, checkpoint, weights, loads, ModelLoader::languageModel);
  }

  private OptionalDouble logits(
      LanguageModel model, PassMemory memory, ModelRows rows, String name, Set<String> active)
      throws IOException {
    if (!golden.has(name)) {
      return OptionalDouble.empty();
    }
    float[] found = ofBatch(model).logits(backend, memory, rows, active);
    return OptionalDouble.of(Deviation.maxAbs(name, found, golden.valid(name, model.vocabSize())));
  }

  private Optional<Boolean> greedy(LanguageModel model, PassMemory memory) throws IOException {
    if (!golden.has("greedy")) {
      return Optional.empty();
    }
    int[] expected = golden.ints("greedy");
    int[] begun = golden.begun();
    GenerationSpec spec =
        new GenerationSpec(Set.of(), SamplingSpec.GREEDY, StopRule.never(), 0, 0, 1);
    List<Generation> found =
        new Generator(backend, model)
            .generate(
                memory,
                golden.rows().slice(0, 1),
                new long[] {0},
                new int[] {expected.length - begun.length},
                spec);
    int[] whole = TokenRows.of(begun, found.get(0).tokens()).ids();
    return Optional.of(Arrays.equals(whole, expected));
  }

  /** Leaves the loss's gradients in the adapter and returns the loss's error. */
  private double trainOnce(LanguageModel model, PassMemory memory, Adapter adapter)
      throws IOException {
    for (Parameter parameter : adapter.parameters()) {
      backend.transfers().zero(parameter.gradient());
    }
    ResponseRows rows = golden.predictedRows();
    double scale = 1.0 / rows.predicted();
    double total =
        new LanguageLoss(backend, ofBatch(model), Set.of(ADAPTER), KeepPlan.everything())
            .train(memory, rows, scale, OptionalLong.empty());
    return Math.abs(total * scale - golden.floats("adapter_loss")[0]);
  }

  private OptionalDouble gradients(Adapter adapter) throws IOException {
    Set<String> expected = new TreeSet<>(golden.names(GRADIENT));
    if (expected.isEmpty()) {
      return OptionalDouble.empty();
    }
    double largest = 0;
    for (Map.Entry<String, float[]> gradient : adapter.gradients().entrySet()) {
      String name = GRADIENT + gradient.getKey();
      float[] found = gradient.getValue();
      largest = Math.max(largest, Deviation.relative(name, found, golden.floats(name)));
      expected.remove(name);
    }
    if (!expected.isEmpty()) {
      throw new CheckpointException(
          "%s: expected gradients of the adapter's matrices only, found %s. Restore the fixture."
              .formatted(directory.path(), expected));
    }
    return OptionalDouble.of(largest);
  }
}
