package dev.cantilever.rehearsal;

import dev.cantilever.adapter.Adapter;
import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.NotFiniteException;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.model.BasePrecision;
import dev.cantilever.model.LanguageModel;
import dev.cantilever.model.LoadedModel;
import dev.cantilever.model.ModelLoader;
import dev.cantilever.model.PolicyModel;
import dev.cantilever.model.PolicySpec;
import dev.cantilever.model.ValueHead;
import dev.cantilever.model.WeightSource;
import dev.cantilever.optim.AdamW;
import dev.cantilever.optim.AdamWSpec;
import dev.cantilever.optim.GradientNorm;
import dev.cantilever.optim.ParameterGroup;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/**
 * A base model in 8 bit with a fresh adapter, value head and optimiser, and where a plan asks for
 * them frozen adapters under it; freed when closed.
 */
public final class RehearsedPolicy implements AutoCloseable {

  /** Under which spans name the adapter. */
  static final String ADAPTER = "policy";

  private final Backend backend;
  private final StepSize stepSize;
  private final LoadedModel<LanguageModel> base;
  private final LanguageModel model;
  private final Arena frozen;
  private final Arena parameters;
  private final Arena moments;
  private final Set<String> reference = new HashSet<>();
  private final Adapter adapter;
  private final long adapterBytes;
  private final ValueHead valueHead;
  private final AdamW optimizer;

  private RehearsedPolicy(
      Backend backend,
      WeightSource source,
      Workload workload,
      List<AdapterConfig> under,
      StepSize stepSize)
      throws IOException {
    this.backend = backend;
    this.stepSize = stepSize;
    base =
        LoadedModel.open(
            backend,
            source,
            BasePrecision.of(workload.int8Mode()),
            "base weights",
            "weight panels",
            ModelLoader::languageModel);
    model = base.model().forRowsOf(workload.rowTokens());
    frozen = backend.budget().open("frozen adapters", Purpose.ADAPTER);
    parameters = backend.budget().open("policy adapter and value head", Purpose.ADAPTER);
    moments = backend.budget().open("policy optimizer", Purpose.OPTIMIZER);
    try {
      for (AdapterConfig config : under) {
        String name = "reference " + reference.size();
        Adapter.planned(backend, frozen, name, config, model.targets());
        reference.add(name);
      }
      adapter =
          Adapter.fresh(
              backend, parameters, ADAPTER, workload.lora(), model.targets(), workload.seed());
      adapterBytes = parameters.usedBytes();
      valueHead =
          ValueHead.fresh(backend, parameters, model.architecture().outputSize(), workload.seed());
      optimizer =
          new AdamW(
              backend,
              moments,
              AdamWSpec.defaults(),
              List.of(
                  new ParameterGroup(adapter.parameters(), stepSize.learningRate()),
                  new ParameterGroup(valueHead.parameters(), stepSize.valueHeadLearningRate())));
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Loads the base and makes the rest; the caller closes it before the device.
   *
   * @throws dev.cantilever.memory.BudgetExceededException if it does not fit; nothing stays
   * @throws dev.cantilever.hub.CheckpointException if the source holds no language model
   */
  public static RehearsedPolicy open(
      Backend backend, WeightSource source, Workload workload, StepSize stepSize)
      throws IOException {
    return open(backend, source, workload, List.of(), stepSize);
  }

  /**
   * As above, over frozen adapters that policy and reference share; these have no values, so for
   * plans only.
   */
  static RehearsedPolicy open(
      Backend backend,
      WeightSource source,
      Workload workload,
      List<AdapterConfig> reference,
      StepSize stepSize)
      throws IOException {
    return new RehearsedPolicy(backend, source, workload, reference, stepSize);
  }

  /** The device. */
  public Backend backend() {
    return backend;
  }

  /** The base, with the adapter on it, for rows of the workload. */
  public LanguageModel model() {
    return model;
  }

  /** Seconds until the base was on the device, from when its first weight was asked for. */
  public double loadSeconds() {
    return base.seconds();
  }

  /** Bytes of the frozen adapters. */
  long referenceBytes() {
    return frozen.usedBytes();
  }

  /** Bytes of the adapter alone. */
  long adapterBytes() {
    return adapterBytes;
  }

  /** Bytes of adapter and value head. */
  long parameterBytes() {
    return parameters.usedBytes();
  }

  /** Bytes of the optimiser. */
  long momentBytes() {
    return moments.usedBytes();
  }

  /** Names of the adapters that act in a rollout. */
  Set<String> actingAdapters() {
    Set<String> acting = new HashSet<>(reference);
    acting.add(ADAPTER);
    return acting;
  }

  /** Numbers that the adapter has on some modules of the checkpoint. */
  double adapterElements(List<String> modules) {
    return adapter.parameters().stream()
        .filter(p -> modules.stream().anyMatch(module -> p.name().contains("." + module + ".")))
        .mapToDouble(p -> p.value().elements())
        .sum();
  }

  /** Policy with the adapter, reference without; no pass is larger than one of longest rows. */
  PolicyModel policy(Workload workload, PassSettings settings) {
    return new PolicyModel(
        backend,
        model,
        valueHead,
        new PolicySpec(
            actingAdapters(),
            reference,
            1,
            settings.maxTokens(),
            workload.rowTokens(),
            settings.keep()));
  }

  void zeroGradients() {
    optimizer.zeroGradients();
  }

  /** Clips the gradients and steps. */
  void step() {
    double norm = GradientNorm.clip(backend, optimizer.parameters(), stepSize.maxGradNorm());
    if (!Double.isFinite(norm)) {
      throw new NotFiniteException(
          "gradient norm: expected a finite number, found %s at optimiser step %d. Lower the learning rate, or report it."
              .formatted(norm, optimizer.steps() + 1));
    }
    optimizer.step(1);
    adapter.parametersChanged();
  }

  /** SHA-256 over names and values of the adapter, in hexadecimal. */
  public String adapterDigest() {
    MessageDigest digest = sha256();
    for (Parameter parameter : adapter.parameters()) {
      digest.update(parameter.name().getBytes(StandardCharsets.UTF_8));
      float[] values = new float[Math.toIntExact(parameter.value().elements())];
      backend.transfers().download(values, parameter.value());
      ByteBuffer bytes =
          ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(values);
      digest.update(bytes);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new LinkageError("every Java platform has SHA-256", e);
    }
  }

  @Override
  public void close() {
    moments.close();
    parameters.close();
    frozen.close();
    base.close();
  }
}
