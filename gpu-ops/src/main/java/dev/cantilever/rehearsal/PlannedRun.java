package dev.cantilever.rehearsal;

import dev.cantilever.backend.Backend;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.model.BasePrecision;
import dev.cantilever.model.LanguageModel;
import dev.cantilever.model.LoadedModel;
import dev.cantilever.model.ModelLoader;
import dev.cantilever.model.PassBytes;
import dev.cantilever.model.SequenceClassifier;
import dev.cantilever.model.WeightSource;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * The device of a PPO run: base and classifier stay; each phase opens the arenas that its stage
 * opens under a lease, one piece each, and closes them.
 */
final class PlannedRun implements PlannedDevice {

  private final Backend backend;
  private final RunSizes sizes;
  private final LoadedModel<LanguageModel> base;
  private final Optional<LoadedModel<SequenceClassifier>> classifier;

  private PlannedRun(
      Backend backend,
      RunSizes sizes,
      LoadedModel<LanguageModel> base,
      Optional<LoadedModel<SequenceClassifier>> classifier) {
    this.backend = backend;
    this.sizes = sizes;
    this.base = base;
    this.classifier = classifier;
  }

  /** Loads both models, and makes sure that the classifier can do its pass. */
  static PlannedRun load(Backend backend, WeightSource source, RunWorkload workload, RunSizes sizes)
      throws IOException {
    LoadedModel<LanguageModel> base =
        LoadedModel.open(
            backend,
            source,
            BasePrecision.of(workload.step().int8Mode()),
            "base weights",
            "weight panels",
            ModelLoader::languageModel);
    Optional<LoadedModel<SequenceClassifier>> classifier = Optional.empty();
    try {
      if (workload.classifier().isPresent()) {
        classifier = Optional.of(RunSizes.loadClassifier(backend, workload.classifier().get()));
      }
      PlannedRun run = new PlannedRun(backend, sizes, base, classifier);
      run.scoreByClassifier();
      return run;
    } catch (IOException | RuntimeException e) {
      classifier.ifPresent(LoadedModel::close);
      base.close();
      throw e;
    }
  }

  private void scoreByClassifier() {
    try (Phase phase = new Phase()) {
      phase.take("scoring", sizes.classifier());
    }
  }

  @Override
  public void rollOut(int rows) {
    try (Phase phase = new Phase()) {
      phase.take("frozen adapters", Purpose.ADAPTER, sizes.actingAdapters());
      phase.take("rollout", sizes.rollout(rows));
    }
  }

  @Override
  public void scoreAndUpdate(PassSettings settings) {
    try (Phase phase = new Phase()) {
      phase.take("frozen adapters", Purpose.ADAPTER, sizes.referenceAdapters());
      phase.take("policy adapter and value head", Purpose.ADAPTER, sizes.policy());
      phase.take("policy optimizer", Purpose.OPTIMIZER, sizes.moments());
      phase.take("update", sizes.update(settings));
    }
  }

  @Override
  public void close() {
    classifier.ifPresent(LoadedModel::close);
    base.close();
  }

  /** The arenas of one lease. */
  private final class Phase implements AutoCloseable {

    private final Deque<Arena> arenas = new ArrayDeque<>();

    void take(String use, PassBytes bytes) {
      take(use + " batch", Purpose.BATCH, bytes.batch());
      take(use + " residual stream", Purpose.CHECKPOINTED, bytes.kept());
      take(use + " block", Purpose.ACTIVATION, bytes.scratch());
      take(use + " kv-cache", Purpose.KV_CACHE, bytes.cache());
    }

    void take(String name, Purpose purpose, long bytes) {
      if (bytes > 0) {
        Arena arena = backend.budget().open(name, purpose, bytes);
        arenas.push(arena);
        arena.allocate(bytes);
      }
    }

    @Override
    public void close() {
      arenas.forEach(Arena::close);
    }
  }
}
