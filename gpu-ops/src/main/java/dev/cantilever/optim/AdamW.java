package dev.cantilever.optim;

import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.AdamWStep;
import dev.cantilever.backend.AdamWTensors;
import dev.cantilever.backend.Backend;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.SafetensorsFile;
import dev.cantilever.hub.SafetensorsWriter;
import dev.cantilever.hub.TensorEntry;
import dev.cantilever.hub.TensorSpec;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * AdamW (Loshchilov and Hutter 2019) over groups of parameters, equal to torch.optim.AdamW in fp32.
 */
public final class AdamW {

  private record Moments(Tensor first, Tensor second) {}

  private static final String STEP = "step";
  private static final String FIRST = "exp_avg.";
  private static final String SECOND = "exp_avg_sq.";

  private final Backend backend;
  private final AdamWSpec spec;
  private final List<ParameterGroup> groups;
  private final Map<String, Moments> moments = new LinkedHashMap<>();
  private int step;

  /**
   * Makes an optimizer with zero moments.
   *
   * @param arena where the moments live, twice the parameters' bytes
   */
  public AdamW(Backend backend, Arena arena, AdamWSpec spec, List<ParameterGroup> groups) {
    this.backend = backend;
    this.spec = spec;
    this.groups = List.copyOf(groups);
    for (ParameterGroup group : groups) {
      for (Parameter parameter : group.parameters()) {
        Moments fresh =
            new Moments(
                Tensor.in(arena, DType.F32, parameter.value().shape()),
                Tensor.in(arena, DType.F32, parameter.value().shape()));
        backend.transfers().zero(fresh.first());
        backend.transfers().zero(fresh.second());
        if (moments.put(parameter.name(), fresh) != null) {
          throw new IllegalArgumentException("Two parameters are named " + parameter.name());
        }
      }
    }
  }

  /** Number of steps done. */
  public int steps() {
    return step;
  }

  /** Every parameter, in the order of their updates. */
  public List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>();
    groups.forEach(group -> all.addAll(group.parameters()));
    return all;
  }

  /** Sets all gradients to zero. */
  public void zeroGradients() {
    for (Parameter parameter : parameters()) {
      backend.transfers().zero(parameter.gradient());
    }
  }

  /**
   * Updates every parameter from its gradient.
   *
   * @param factor of the schedule, on every group's learning rate
   */
  public void step(double factor) {
    step++;
    for (ParameterGroup group : groups) {
      AdamWStep scalars =
          new AdamWStep(
              group.learningRate() * factor,
              spec.beta1(),
              spec.beta2(),
              spec.eps(),
              spec.weightDecay(),
              step);
      backend.optimizer().adamW(group.parameters().stream().map(this::tensorsOf).toList(), scalars);
    }
  }

  private AdamWTensors tensorsOf(Parameter parameter) {
    Moments m = momentsOf(parameter);
    return new AdamWTensors(parameter.value(), parameter.gradient(), m.first(), m.second());
  }

  private Moments momentsOf(Parameter parameter) {
    Moments found = moments.get(parameter.name());
    if (found == null) {
      throw new IllegalStateException("No moments for " + parameter.name());
    }
    return found;
  }

  /** Writes moments and step number; torch's names, {@code exp_avg.*} and {@code exp_avg_sq.*}. */
  public void save(Path file) throws IOException {
    List<TensorSpec> specs = new ArrayList<>();
    specs.add(new TensorSpec(STEP, DType.F32, Shape.of(1)));
    moments.forEach(
        (name, m) -> {
          specs.add(new TensorSpec(FIRST + name, DType.F32, m.first().shape()));
          specs.add(new TensorSpec(SECOND + name, DType.F32, m.second().shape()));
        });
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs)) {
      writer.write(STEP, new float[] {step});
      for (Map.Entry<String, Moments> entry : moments.entrySet()) {
        write(writer, FIRST + entry.getKey(), entry.getValue().first());
        write(writer, SECOND + entry.getKey(), entry.getValue().second());
      }
      writer.finish();
    }
  }

  private void write(SafetensorsWriter writer, String name, Tensor tensor) throws IOException {
    float[] values = new float[Math.toIntExact(tensor.elements())];
    backend.transfers().download(values, tensor);
    writer.write(name, values);
  }

  /** Reads what {@link #save} wrote; parameters must be the same. */
  public void load(Path file) throws IOException {
    try (SafetensorsFile source = SafetensorsFile.open(file)) {
      for (Map.Entry<String, Moments> entry : moments.entrySet()) {
        read(source, FIRST + entry.getKey(), entry.getValue().first());
        read(source, SECOND + entry.getKey(), entry.getValue().second());
      }
      step = (int) source.readFloats(STEP)[0];
    }
  }

  private void read(SafetensorsFile source, String name, Tensor target) throws IOException {
    TensorEntry entry = source.entry(name);
    if (!entry.shape().equals(target.shape())) {
      throw new CheckpointException(
          source.path()
              + ": expected '"
              + name
              + "' of shape "
              + target.shape()
              + ", found "
              + entry.shape()
              + ". The optimizer state belongs to another adapter; start the run afresh.");
    }
    backend.transfers().upload(target, source.readFloats(name));
  }
}
