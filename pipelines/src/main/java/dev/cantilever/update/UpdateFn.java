package dev.cantilever.update;

import dev.cantilever.backend.Backend;
import dev.cantilever.host.AdapterRef;
import dev.cantilever.host.AttachedAdapters;
import dev.cantilever.host.Hosted;
import dev.cantilever.host.ModelHost;
import dev.cantilever.host.ModelLease;
import dev.cantilever.host.ModelRef;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.StagedDirectory;
import dev.cantilever.model.LanguageModel;
import dev.cantilever.model.PassMemory;
import dev.cantilever.ppo.KlController;
import dev.cantilever.ppo.RunningMoments;
import dev.cantilever.row.Rollout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.transforms.DoFn;

/** The path of a committed manifest to the path of the next state, on the leased device. */
final class UpdateFn extends DoFn<String, String> {

  private static final long serialVersionUID = 1L;

  private final UpdateTask task;
  private final Counter deviceNanos =
      Metrics.counter(
          UpdatePolicy.DEVICE_NANOS.getNamespace(), UpdatePolicy.DEVICE_NANOS.getName());

  UpdateFn(UpdateTask task) {
    this.task = task;
  }

  @ProcessElement
  public void process(@Element String manifest, OutputReceiver<String> states)
      throws IOException, InterruptedException {
    Path state = Path.of(task.stateDirectory());
    if (!Files.exists(state)) { // else an earlier try of this bundle got to the end
      update(ExpectedRollouts.read(Path.of(manifest), task), state);
    }
    states.output(state.toString());
  }

  private void update(List<Rollout> rollouts, Path target)
      throws IOException, InterruptedException {
    Optional<PolicyState> previous = previous();
    try (StagedDirectory staged = StagedDirectory.create(target)) {
      StepOutcome outcome = train(rollouts, previous, staged.path());
      // The lease is back: what follows is files.
      new PolicyState(
              task.step(),
              outcome.controller(),
              outcome.moments(),
              task.policy().base().digest(),
              referenceDigest())
          .write(staged.path());
      DerivedFiles.commit(task, outcome, digestAfter(staged.path()));
      staged.publish();
    }
  }

  /** Trains under a lease, and leaves the tensors in a directory. */
  private StepOutcome train(List<Rollout> rollouts, Optional<PolicyState> previous, Path tensors)
      throws IOException, InterruptedException {
    KlController controller =
        previous.map(PolicyState::controller).orElseGet(() -> task.ppo().kl().start());
    RunningMoments moments = previous.map(PolicyState::moments).orElseGet(RunningMoments::empty);
    try (ModelLease lease =
        ModelHost.lease(task.policy().device(), "update policy", deviceNanos::inc)) {
      Backend backend = lease.backend();
      Hosted<LanguageModel> base = lease.model(task.policy().base());
      try (AttachedAdapters reference =
              lease.attach(base, referenceAdapters(), task.memory().referenceAdapters());
          TrainablePolicy policy = TrainablePolicy.open(backend, base, reference.names(), task);
          PassMemory memory = new PassMemory(backend, "update", task.memory().update())) {
        StepOutcome outcome =
            new StepUpdate(task, policy, rollouts).run(memory, controller, moments);
        policy.save(tensors);
        return outcome;
      }
    }
  }

  private Optional<PolicyState> previous() throws IOException {
    if (task.previous().isEmpty()) {
      return Optional.empty();
    }
    PolicyState state = PolicyState.read(task.previous().get());
    if (state.step() != task.step() - 1
        || !state.baseDigest().equals(task.policy().base().digest())
        || !state.referenceDigest().equals(referenceDigest())) {
      throw new CheckpointException(
          "%s: expected the state after step %d over base %s and reference %s, found step %d over %s and %s. Continue with the base and the reference adapters that the run began with."
              .formatted(
                  task.previousState(),
                  task.step() - 1,
                  task.policy().base().digest(),
                  referenceDigest(),
                  state.step(),
                  state.baseDigest(),
                  state.referenceDigest()));
    }
    return Optional.of(state);
  }

  private String referenceDigest() {
    return task.policy().withAdapters(referenceAdapters()).adapterDigest();
  }

  /** As the next step's rollouts will state it. */
  private String digestAfter(Path state) throws IOException {
    List<AdapterRef> acting = new ArrayList<>(referenceAdapters());
    acting.add(new AdapterRef(AdapterRef.POLICY, ModelRef.of(PolicyState.adapter(state))));
    return task.policy().withAdapters(acting).adapterDigest();
  }

  private List<AdapterRef> referenceAdapters() {
    return task.policy().adapters().stream()
        .filter(adapter -> !adapter.name().equals(AdapterRef.POLICY))
        .toList();
  }
}
