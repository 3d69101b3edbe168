package dev.cantilever.parity;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.BackendKind;
import dev.cantilever.backend.Backends;
import dev.cantilever.host.LoadWatcher;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.model.BasePrecision;
import dev.cantilever.model.ModelGolden;
import dev.cantilever.model.ModelKind;
import dev.cantilever.model.ModelLoader;
import dev.cantilever.model.PassMemory;
import dev.cantilever.model.SequenceClassifier;
import dev.cantilever.model.TokenRows;
import dev.cantilever.model.WeightSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/** Compares a whole model with the fixture folder of what transformers and peft computed. */
public final class ModelParity {
  private ModelParity() {}

  /**
   * Computes what the fixture holds and reports the errors. The base is held as stored, which is
   * fp32 in the fixtures.
   *
   * @param folder holds {@code config.json}, {@code model.safetensors}, {@code golden.safetensors}
   *     and perhaps {@code adapter/}
   * @param kind where to compute
   * @param budgetBytes hard ceiling of the device's memory
   * @param loads shows how far a checkpoint is loaded
   * @throws IOException if a file cannot be read
   * @throws dev.cantilever.OpsException if the family is unknown, a file is missing or broken, or
   *     the budget is too small
   */
  public static ModelParityReport run(
      Path folder, BackendKind kind, long budgetBytes, LoadWatcher loads) throws IOException {
    try (ModelDirectory directory = ModelDirectory.open(folder);
        ModelGolden golden = ModelGolden.open(folder);
        Backend backend = Backends.openFullPrecision(kind, budgetBytes)) {
      return golden.logitsRank() == 2
          ? classifier(backend, directory, golden, loads)
          : new LanguageComparison(backend, directory, golden, loads).compare();
    }
  }

  private static ModelParityReport classifier(
      Backend backend, ModelDirectory directory, ModelGolden golden, LoadWatcher loads)
      throws IOException {
    try (Arena weights = backend.budget().open("weights", Purpose.BASE_WEIGHTS);
        PassMemory memory = new PassMemory(backend, "parity")) {
      SequenceClassifier model = load(backend, directory, weights, loads, ModelLoader::classifier);
      TokenRows rows = golden.rows();
      rows.requireFits(model.transformer().architecture());
      float[][] logits =
          model
              .forRowsOf(rows.longest()) // by transformers they went through it in one batch
              .logits(
                  backend,
                  memory.upload(rows, Set.of()),
                  memory.batch(),
                  memory.kept(),
                  memory.scratch());
      int labels = model.labels().size();
      float[] found = new float[logits.length * labels];
      for (int row = 0; row < logits.length; row++) {
        System.arraycopy(logits[row], 0, found, row * labels, labels);
      }
      double error = Deviation.maxAbs("logits", found, golden.floats("logits"));
      return new ModelParityReport(
          OptionalDouble.of(error),
          Optional.empty(),
          OptionalDouble.empty(),
          OptionalDouble.empty(),
          OptionalDouble.empty(),
          OptionalDouble.empty());
    }
  }

  /** Loads a checkpoint in the precision that it is stored in. */
  static <M> M load(
      Backend backend,
      ModelDirectory checkpoint,
      Arena weights,
      LoadWatcher loads,
      ModelKind<M> kind)
      throws IOException {
    try (LoadWatcher.Watched watched = loads.begin(checkpoint)) {
      return kind.load(
          new ModelLoader(
              backend,
              WeightSource.of(checkpoint, watched::read),
              BasePrecision.STORED,
              weights,
              Optional.empty()));
    }
  }
}
