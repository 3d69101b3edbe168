package dev.cantilever.model;

import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.MatmulOps;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.SafetensorsFile;
import dev.cantilever.hub.SafetensorsWriter;
import dev.cantilever.hub.TensorSpec;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * From a hidden state behind the final norm to the value of that state: one linear layer with a
 * bias, as trl's (its dropout is off, like all dropout in RL).
 */
public final class ValueHead {

  /** File name in a state directory. */
  public static final String FILE = "value_head.safetensors";

  private static final String WEIGHT = "v_head.summary.weight";
  private static final String BIAS = "v_head.summary.bias";

  private final Backend backend;
  private final Parameter weight; // [1, C] f32
  private final Parameter bias; // [1, 1] f32

  private ValueHead(Backend backend, Arena arena, int hiddenSize) {
    this.backend = backend;
    this.weight = Parameter.in(arena, WEIGHT, Shape.of(1, hiddenSize));
    this.bias = Parameter.in(arena, BIAS, Shape.of(1, 1));
  }

  /** A new head, weight and bias from U(−1/√E, 1/√E) as torch initialises a linear layer. */
  public static ValueHead fresh(Backend backend, Arena arena, int hiddenSize, long seed) {
    ValueHead head = new ValueHead(backend, arena, hiddenSize);
    SplittableRandom random = new SplittableRandom(seed * 31 + WEIGHT.hashCode());
    double bound = 1 / Math.sqrt(hiddenSize);
    float[] values = new float[hiddenSize + 1];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) ((2 * random.nextDouble() - 1) * bound);
    }
    float[] rows = Arrays.copyOf(values, hiddenSize);
    backend.transfers().upload(head.weight.value(), rows);
    backend.transfers().upload(head.bias.value(), new float[] {values[hiddenSize]});
    return head;
  }

  /** Reads a head; {@code v_head.summary.weight} and {@code .bias} as trl names them. */
  public static ValueHead load(Backend backend, Arena arena, int hiddenSize, Path file)
      throws IOException {
    ValueHead head = new ValueHead(backend, arena, hiddenSize);
    try (SafetensorsFile source = SafetensorsFile.open(file)) {
      head.upload(head.weight, source, Shape.of(1, hiddenSize));
      head.upload(head.bias, source, Shape.of(1));
    }
    return head;
  }

  private void upload(Parameter parameter, SafetensorsFile source, Shape expected)
      throws IOException {
    Shape found = source.entry(parameter.name()).shape();
    if (!found.equals(expected)) {
      throw new CheckpointException(
          "%s: expected '%s' of shape %s, found %s. The value head belongs to another model."
              .formatted(source.path(), parameter.name(), expected, found));
    }
    backend.transfers().upload(parameter.value(), source.readFloats(parameter.name()));
  }

  /** Weight, then bias. */
  public List<Parameter> parameters() {
    return List.of(weight, bias);
  }

  /**
   * Values of hidden states.
   *
   * @param values [M, 1] F32
   * @param hidden [M, E] F32
   * @param ones [M, 1] F32, all one
   */
  void forward(Tensor values, Tensor hidden, Tensor ones) {
    MatmulOps matmul = backend.matmul();
    matmul.project(values, 0, hidden, weight.value(), 1, false);
    matmul.project(values, 0, ones, bias.value(), 1, true);
  }

  /**
   * Adds to the parameters' gradients and to the gradient of the hidden states.
   *
   * @param dHidden [M, E] F32, added to
   * @param dValues [M, 1] F32
   * @param rows the rows the M tokens belong to
   */
  void backward(Tensor dHidden, Tensor dValues, Tensor hidden, Tensor ones, PackedRows rows) {
    MatmulOps matmul = backend.matmul();
    matmul.projectWeightGradient(weight.gradient(), dValues, 0, hidden, 1, rows);
    matmul.projectWeightGradient(bias.gradient(), dValues, 0, ones, 1, rows);
    matmul.projectInputGradient(dHidden, dValues, 0, weight.value(), 1, true);
  }

  /** Writes the head. */
  public void save(Path file) throws IOException {
    int hidden = weight.value().size(1);
    List<TensorSpec> specs =
        List.of(
            new TensorSpec(WEIGHT, DType.F32, Shape.of(1, hidden)),
            new TensorSpec(BIAS, DType.F32, Shape.of(1)));
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs)) {
      float[] rows = new float[hidden];
      backend.transfers().download(rows, weight.value());
      writer.write(WEIGHT, rows);
      float[] one = new float[1];
      backend.transfers().download(one, bias.value());
      writer.write(BIAS, one);
      writer.finish();
    }
  }
}
