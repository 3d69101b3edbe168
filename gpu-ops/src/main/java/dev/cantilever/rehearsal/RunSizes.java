package dev.cantilever.rehearsal;

import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.backend.Backend;
import dev.cantilever.model.BasePrecision;
import dev.cantilever.model.LoadedModel;
import dev.cantilever.model.ModelLoader;
import dev.cantilever.model.PassBytes;
import dev.cantilever.model.PassMemory;
import dev.cantilever.model.SequenceClassifier;
import dev.cantilever.model.TokenRows;
import dev.cantilever.model.WeightSource;
import java.io.IOException;
import java.util.Set;

/** The sizes of a run's arenas, found by rehearsing its phases on a device without end. */
final class RunSizes implements AutoCloseable {

  private final RunWorkload workload;
  private final RehearsedPolicy policy;
  private final PassBytes classifier;

  private RunSizes(RunWorkload workload, RehearsedPolicy policy, PassBytes classifier) {
    this.workload = workload;
    this.policy = policy;
    this.classifier = classifier;
  }

  /** Loads what the phases need; the caller closes it before the device. */
  static RunSizes open(Backend endless, WeightSource source, RunWorkload workload)
      throws IOException {
    PassBytes classifier = PassBytes.UNKNOWN;
    if (workload.classifier().isPresent()) {
      classifier = classifierPass(endless, workload.classifier().get());
    }
    return new RunSizes(
        workload,
        RehearsedPolicy.open(endless, source, workload.step(), workload.reference(), StepSize.NONE),
        classifier);
  }

  private static PassBytes classifierPass(Backend endless, RunWorkload.Classifier work)
      throws IOException {
    try (LoadedModel<SequenceClassifier> loaded = loadClassifier(endless, work);
        PassMemory memory = new PassMemory(endless, "scoring")) {
      TokenRows texts = texts(work);
      loaded
          .model()
          .forRowsOf(texts.longest()) // they may not be of quite the same length
          .logits(
              endless,
              memory.upload(texts, Set.of()),
              memory.batch(),
              memory.kept(),
              memory.scratch());
      return memory.peakBytes();
    }
  }

  static LoadedModel<SequenceClassifier> loadClassifier(
      Backend backend, RunWorkload.Classifier work) throws IOException {
    return LoadedModel.open(
        backend,
        work.source().withoutData(),
        BasePrecision.STORED,
        "classifier weights",
        "classifier panels",
        ModelLoader::classifier);
  }

  /** Texts of nearly the same length, all tokens of a pass together. */
  private static TokenRows texts(RunWorkload.Classifier work) {
    int[][] texts = new int[work.rows()][];
    for (int row = 0; row < texts.length; row++) {
      texts[row] =
          new int[work.tokens() / texts.length + (row < work.tokens() % texts.length ? 1 : 0)];
    }
    return TokenRows.of(texts);
  }

  PassBytes classifier() {
    return classifier;
  }

  PassBytes rollout(int rows) {
    PassSettings atOnce = new PassSettings(rows, 1, KeepPlan.blockInputs());
    StepRehearsal step = new StepRehearsal(policy, workload.step().withRows(rows), atOnce);
    try (PassMemory memory = step.openRollout()) {
      step.rollout(memory, step.rows(0), 0);
      return memory.peakBytes();
    }
  }

  PassBytes update(PassSettings settings) {
    StepRehearsal step = new StepRehearsal(policy, workload.step(), settings);
    SyntheticRows rows = step.rows(0);
    try (PassMemory memory = step.openUpdate()) {
      step.score(memory, rows, workload.fullKl());
      step.update(memory, rows, new PlannedObjective(workload.step(), 1));
      return memory.peakBytes();
    }
  }

  /** All sizes, under settings of the passes. */
  RunMemory memory(PassSettings settings) {
    return new RunMemory(
        settings,
        workload.step().rowTokens(),
        actingAdapters(),
        rollout(settings.maxRows()),
        classifier,
        referenceAdapters(),
        policy(),
        moments(),
        update(settings));
  }

  /** The trained adapter takes the same where it is frozen. */
  long actingAdapters() {
    return Math.addExact(policy.referenceBytes(), policy.adapterBytes());
  }

  long referenceAdapters() {
    return policy.referenceBytes();
  }

  long policy() {
    return policy.parameterBytes();
  }

  long moments() {
    return policy.momentBytes();
  }

  @Override
  public void close() {
    policy.close();
  }
}
