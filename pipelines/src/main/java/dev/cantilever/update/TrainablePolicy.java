package dev.cantilever.update;

import dev.cantilever.adapter.Adapter;
import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.Backend;
import dev.cantilever.host.AdapterRef;
import dev.cantilever.host.Hosted;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.model.LanguageModel;
import dev.cantilever.model.PolicyModel;
import dev.cantilever.model.PolicySpec;
import dev.cantilever.model.ValueHead;
import dev.cantilever.optim.AdamW;
import dev.cantilever.optim.AdamWSpec;
import dev.cantilever.optim.GradientNorm;
import dev.cantilever.optim.ParameterGroup;
import dev.cantilever.ppo.StepSizeSpec;
import dev.cantilever.rehearsal.RunMemory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The adapter in training, the value head and the optimiser, on a hosted model; taken off it when
 * closed.
 */
final class TrainablePolicy implements AutoCloseable {

  private final Backend backend;
  private final StepSizeSpec stepSize;
  private final Arena parameters;
  private final Arena moments;
  private final Adapter adapter;
  private final ValueHead valueHead;
  private final AdamW optimizer;
  private final PolicyModel model;

  private TrainablePolicy(
      Backend backend,
      StepSizeSpec stepSize,
      Arena parameters,
      Arena moments,
      Adapter adapter,
      ValueHead valueHead,
      AdamW optimizer,
      PolicyModel model) {
    this.backend = backend;
    this.stepSize = stepSize;
    this.parameters = parameters;
    this.moments = moments;
    this.adapter = adapter;
    this.valueHead = valueHead;
    this.optimizer = optimizer;
    this.model = model;
  }

  /**
   * Reads the state before the task's step, or makes a fresh policy if there is none.
   *
   * @param reference names of the reference's adapters, already on the model
   */
  static TrainablePolicy open(
      Backend backend, Hosted<LanguageModel> base, Set<String> reference, UpdateTask task)
      throws IOException {
    RunMemory memory = task.memory();
    Arena parameters =
        backend.budget().open("policy adapter and value head", Purpose.ADAPTER, memory.policy());
    Arena moments = backend.budget().open("policy optimizer", Purpose.OPTIMIZER, memory.moments());
    Optional<Adapter> attached = Optional.empty();
    try {
      Adapter adapter = adapter(backend, parameters, base, task);
      attached = Optional.of(adapter);
      ValueHead head = valueHead(backend, parameters, base, task);
      StepSizeSpec stepSize = task.ppo().stepSize();
      AdamW optimizer =
          new AdamW(
              backend,
              moments,
              AdamWSpec.defaults(),
              List.of(
                  new ParameterGroup(adapter.parameters(), stepSize.learningRate()),
                  new ParameterGroup(head.parameters(), stepSize.valueHeadLearningRate())));
      if (task.previous().isPresent()) {
        optimizer.load(PolicyState.optimizer(task.previous().get()));
      }
      Set<String> acting = new HashSet<>(reference);
      acting.add(adapter.name());
      PolicyModel model =
          new PolicyModel(
              backend,
              base.model().forRowsOf(memory.rowTokens()),
              head,
              new PolicySpec(
                  acting,
                  reference,
                  (float) (1 / task.temperature()),
                  memory.settings().maxTokens(),
                  memory.rowTokens(),
                  memory.settings().keep()));
      return new TrainablePolicy(
          backend, stepSize, parameters, moments, adapter, head, optimizer, model);
    } catch (IOException | RuntimeException e) {
      attached.ifPresent(Adapter::detach);
      moments.close();
      parameters.close();
      throw e;
    }
  }

  private static Adapter adapter(
      Backend backend, Arena arena, Hosted<LanguageModel> base, UpdateTask task)
      throws IOException {
    var targets = base.model().targets();
    if (task.previous().isPresent()) {
      Path directory = PolicyState.adapter(task.previous().get());
      return Adapter.load(backend, arena, AdapterRef.POLICY, directory, targets, true);
    }
    task.lora().requireIdentity();
    AdapterConfig config =
        task.lora().config(base.model().architecture().taskType(), base.source());
    return Adapter.fresh(backend, arena, AdapterRef.POLICY, config, targets, task.policy().seed());
  }

  private static ValueHead valueHead(
      Backend backend, Arena arena, Hosted<LanguageModel> base, UpdateTask task)
      throws IOException {
    int hidden = base.model().architecture().outputSize();
    return task.previous().isPresent()
        ? ValueHead.load(backend, arena, hidden, task.previous().get().resolve(ValueHead.FILE))
        : ValueHead.fresh(backend, arena, hidden, task.policy().seed());
  }

  PolicyModel model() {
    return model;
  }

  void zeroGradients() {
    optimizer.zeroGradients();
  }

  /**
   * Clips the gradients and steps.
   *
   * @return the global norm before clipping
   */
  double step() {
    List<Parameter> all = optimizer.parameters();
    double norm = GradientNorm.clip(backend, all, stepSize.maxGradNormOrInfinity());
    optimizer.step(1);
    adapter.parametersChanged();
    return norm;
  }

  /** Writes adapter, value head and optimiser into a state directory. */
  void save(Path state) throws IOException {
    adapter.save(PolicyState.adapter(state));
    valueHead.save(state.resolve(ValueHead.FILE));
    optimizer.save(PolicyState.optimizer(state));
  }

  @Override
  public void close() {
    adapter.detach();
    moments.close();
    parameters.close();
  }
}
