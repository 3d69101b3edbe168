package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cantilever.adapter.Adapter;
import dev.cantilever.adapter.AdapterMerger;
import dev.cantilever.adapter.LoraTarget;
import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.Backend;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.LayerSelection;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.ModuleSelection;
import dev.cantilever.hub.TargetModules;
import dev.cantilever.hub.TaskType;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * An adapter on every linear layer, on each part of those that are fused when loaded. The reference
 * fixtures have adapters on a few layers only; merging goes by the checkpoint's modules, one by
 * one, and so does not know of parts.
 */
public abstract class AdapterPartsConformance {

  private static final TokenRows ROWS =
      TokenRows.of(new int[] {5, 9, 11, 80, 2}, new int[] {7, 41}, new int[] {1, 95, 17, 60, 33});

  private static final ModuleSelection ALL = ModuleSelection.of(new TargetModules.AllLinear());

  /** Of logits, in fp32: the tolerance stated with the fixtures. */
  private static final float LOGITS = 2e-4f;

  @TempDir Path folder;

  /** Opens the backend under test, which rounds nothing below F32; the suite closes it. */
  protected abstract Backend open();

  static Stream<String> checkpoints() {
    return Stream.concat(
        Stream.of("gpt_neox", "llama", "qwen2", "qwen3", "gpt2"), DecoderVariant.names());
  }

  @ParameterizedTest
  @MethodSource("checkpoints")
  void adapterOnEveryLinear_logitsAndGradients_areThoseOfItsMergeAndOfDifferences(String name)
      throws IOException {
    assertAsMerged(name, all -> ALL);
  }

  /** All but the first, which carries a branch, since an adapter has some. */
  @ParameterizedTest
  @MethodSource("checkpoints")
  void everyLinearHeldWhole_logitsAndGradients_areThoseOfItsMergeAndOfDifferences(String name)
      throws IOException {
    assertAsMerged(
        name,
        all ->
            new ModuleSelection(
                TargetModules.of(all.get(0)),
                new TargetModules.None(),
                LayerSelection.ALL,
                all.subList(1, all.size())));
  }

  private void assertAsMerged(String name, Function<List<String>, ModuleSelection> selection)
      throws IOException {
    Path base = DecoderVariant.checkpoint(name, folder);
    try (Backend backend = open();
        Arena weights = backend.budget().open("weights", Purpose.BASE_WEIGHTS);
        Arena parameters = backend.budget().open("adapter", Purpose.ADAPTER);
        PassMemory memory = new PassMemory(backend, "test")) {
      LanguageModel model = load(backend, weights, base);
      List<String> paths = model.targets().linears().stream().map(LoraTarget::path).toList();
      Adapter adapter =
          Adapter.fresh(
              backend,
              parameters,
              "all",
              AdapterConfig.of(2, 4, new TargetModules.AllLinear(), TaskType.CAUSAL_LM)
                  .withModules(selection.apply(paths)),
              model.targets(),
              11);
      List<float[]> values = fill(backend, adapter);
      float[] found = model.logits(backend, memory, ROWS, Set.of("all"));

      Path saved = folder.resolve("adapter");
      Path merged = folder.resolve("merged");
      adapter.save(saved);
      assertThat(AdapterMerger.merge(base, saved, merged).tensorsMerged())
          .isEqualTo(adapter.config().modules().saved().isEmpty() ? paths.size() : 1);
      float[] expected = load(backend, weights, merged).logits(backend, memory, ROWS, Set.of());
      for (int i = 0; i < found.length; i++) {
        assertThat(found[i]).isCloseTo(expected[i], within(LOGITS));
      }

      LanguageModel ofAll = model.forRowsOf(ROWS.longest()); // all in one pass
      LanguageLoss loss = new LanguageLoss(backend, ofAll, Set.of("all"), KeepPlan.products());
      loss.train(memory, ResponseRows.ofTexts(ROWS), 1, OptionalLong.empty());
      for (int p = 0; p < values.size(); p++) {
        Parameter parameter = adapter.parameters().get(p);
        assertDirection(backend, memory, loss, parameter, values.get(p));
      }
    }
  }

  private static LanguageModel load(Backend backend, Arena weights, Path path) throws IOException {
    try (ModelDirectory directory = ModelDirectory.open(path)) {
      return new ModelLoader(backend, directory, BasePrecision.STORED, weights, Optional.empty())
          .languageModel();
    }
  }

  /** Fills every matrix, so that all act; what with. */
  private static List<float[]> fill(Backend backend, Adapter adapter) {
    Random random = new Random(12);
    return adapter.parameters().stream()
        .map(
            parameter -> {
              float[] drawn = new float[Math.toIntExact(parameter.value().elements())];
              for (int i = 0; i < drawn.length; i++) {
                drawn[i] = (float) (0.1 * random.nextGaussian());
              }
              backend.transfers().upload(parameter.value(), drawn);
              backend.transfers().zero(parameter.gradient());
              return drawn;
            })
        .toList();
  }

  /** The slope of the loss along a parameter's gradient is the gradient's norm. */
  private static void assertDirection(
      Backend backend, PassMemory memory, LanguageLoss loss, Parameter parameter, float[] at) {
    float[] gradient = new float[at.length];
    backend.transfers().download(gradient, parameter.gradient());
    double norm = 0;
    for (float g : gradient) {
      norm += (double) g * g;
    }
    norm = Math.sqrt(norm);
    double step = 1e-2;
    double[] losses = new double[2];
    for (int side = 0; side < 2; side++) {
      float[] moved = new float[at.length];
      for (int i = 0; i < moved.length; i++) {
        moved[i] = (float) (at[i] + (1 - 2 * side) * step / norm * gradient[i]);
      }
      backend.transfers().upload(parameter.value(), moved);
      losses[side] = Arrays.stream(loss.totals(memory, ResponseRows.ofTexts(ROWS))).sum();
    }
    backend.transfers().upload(parameter.value(), at);
    // Of a sum of 9 losses near 5 with roundings of 1e-6 each, over 2e-2; and of the cubes.
    assertThat((losses[0] - losses[1]) / (2 * step))
        .as(parameter.name())
        .isCloseTo(norm, within(0.01 * norm + 1e-3));
  }
}
