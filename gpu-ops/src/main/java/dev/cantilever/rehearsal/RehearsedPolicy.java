package dev.cantilever.rehearsal;

import dev.cantilever.adapter.Adapter;
import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.NotFiniteException;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.model.BasePrecision;
import dev.cantilever.model.CausalLm;
import dev.cantilever.model.ModelLoader;
import dev.cantilever.model.PolicyModel;
import dev.cantilever.model.PolicySpec;
import dev.cantilever.model.ValueHead;
import dev.cantilever.model.WeightBytes;
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
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A base model in 8 bit with a fresh adapter, value head and optimiser; freed when closed. */
public final class RehearsedPolicy implements AutoCloseable {

  /** Under which spans name the adapter. */
  static final String ADAPTER = "policy";

  private static final double NANOS_PER_SECOND = 1e9;

  private final Backend backend;
  private final StepSize stepSize;
  private final Deque<Arena> arenas = new ArrayDeque<>();
  private final CausalLm model;
  private final double loadSeconds;
  private final Adapter adapter;
  private final ValueHead valueHead;
  private final AdamW optimizer;

  private RehearsedPolicy(
      Backend backend, WeightSource source, Workload workload, StepSize stepSize)
      throws IOException {
    this.backend = backend;
    this.stepSize = stepSize;
    try {
      BasePrecision precision = BasePrecision.of(workload.int8Mode());
      WeightBytes bytes = WeightBytes.of(backend, source, precision, ModelLoader::causalLm);
      Arena weights = open("base weights", Purpose.BASE_WEIGHTS, bytes.base());
      Arena panels = open("weight panels", Purpose.WEIGHT_PANELS, bytes.panels());
      long began = System.nanoTime();
      model = new ModelLoader(backend, source, precision, weights, Optional.of(panels)).causalLm();
      loadSeconds = (System.nanoTime() - began) / NANOS_PER_SECOND;
      Arena parameters = backend.budget().open("policy adapter and value head", Purpose.ADAPTER);
      arenas.push(parameters);
      adapter =
          Adapter.fresh(
              backend,
              parameters,
              ADAPTER,
              workload.lora(),
              model.transformer().targets(),
              workload.seed());
      valueHead =
          ValueHead.fresh(backend, parameters, model.architecture().hiddenSize(), workload.seed());
      Arena moments = backend.budget().open("policy optimizer", Purpose.OPTIMIZER);
      arenas.push(moments);
      optimizer =
          new AdamW(
              backend,
              moments,
              AdamWSpec.defaults(),
              List.of(
                  new ParameterGroup(adapter.parameters(), stepSize.learningRate()),
                  new ParameterGroup(valueHead.parameters(), stepSize.valueHeadLearningRate())));
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Loads the base and makes the rest; the caller closes it before the device.
   *
   * @throws dev.cantilever.memory.BudgetExceededException if it does not fit; nothing stays
   * @throws dev.cantilever.hub.CheckpointException if the source holds no causal model
   */
  public static RehearsedPolicy open(
      Backend backend, WeightSource source, Workload workload, StepSize stepSize)
      throws IOException {
    return new RehearsedPolicy(backend, source, workload, stepSize);
  }

  private Arena open(String name, Purpose purpose, long bytes) {
    Arena arena = backend.budget().open(name, purpose, Math.max(1, bytes));
    arenas.push(arena);
    return arena;
  }

  /** The device. */
  public Backend backend() {
    return backend;
  }

  /** The base, with the adapter on it. */
  public CausalLm model() {
    return model;
  }

  /** Seconds until the base was on the device, from when its first weight was asked for. */
  public double loadSeconds() {
    return loadSeconds;
  }

  /** Numbers that the adapter has. */
  public long adapterElements() {
    return adapter.parameters().stream().mapToLong(p -> p.value().elements()).sum();
  }

  /** Policy with the adapter, reference without. */
  PolicyModel policy(PassSettings settings) {
    return new PolicyModel(
        backend,
        model,
        valueHead,
        new PolicySpec(Set.of(ADAPTER), Set.of(), 1, settings.maxTokens(), settings.keep()));
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
    arenas.forEach(Arena::close);
    arenas.clear();
  }
}
