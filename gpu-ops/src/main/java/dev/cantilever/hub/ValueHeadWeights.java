package dev.cantilever.hub;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The weights of a value head: a linear layer from a hidden state to one number, under trl's names
 * {@code v_head.summary.weight} {@code [1, C]} and {@code v_head.summary.bias} {@code [1]}. They
 * lie in a file of their own beside an adapter, or inside a full model saved by trl.
 */
public final class ValueHeadWeights {

  /** The name of the file beside an adapter. */
  public static final String FILE = "value_head.safetensors";

  /** The names of the two tensors. */
  public static final String WEIGHT = "v_head.summary.weight";

  public static final String BIAS = "v_head.summary.bias";

  private final float[] weight; // [C]
  private final float bias;

  /**
   * A value head.
   *
   * @param weight one factor per element of the hidden state; copied
   */
  public ValueHeadWeights(float[] weight, float bias) {
    if (weight.length == 0) {
      throw new CheckpointException(
          "Expected a value head weight for each hidden element, found none. Pass [C] floats.");
    }
    this.weight = weight.clone();
    this.bias = bias;
  }

  /**
   * Reads {@value #FILE} of a directory.
   *
   * @throws CheckpointException if it is missing, damaged, or of other shapes
   */
  public static ValueHeadWeights read(Path directory) throws IOException {
    try (SafetensorsFile file = SafetensorsFile.open(directory.resolve(FILE))) {
      return read(file, file);
    }
  }

  /**
   * The value head inside a full model, if it has one.
   *
   * @throws CheckpointException if it has half of one, or one of other shapes
   */
  public static Optional<ValueHeadWeights> find(ModelDirectory model) throws IOException {
    if (!model.contains(WEIGHT) && !model.contains(BIAS)) {
      return Optional.empty();
    }
    return Optional.of(read(model.file(WEIGHT), model.file(BIAS)));
  }

  /** Writes {@value #FILE} into a directory in F32, atomically. */
  public void write(Path directory) throws IOException {
    List<TensorSpec> specs =
        List.of(
            new TensorSpec(WEIGHT, DType.F32, Shape.of(1, weight.length)),
            new TensorSpec(BIAS, DType.F32, Shape.of(1)));
    try (SafetensorsWriter writer = SafetensorsWriter.create(directory.resolve(FILE), specs)) {
      writer.write(WEIGHT, weight);
      writer.write(BIAS, new float[] {bias});
      writer.finish();
    }
  }

  /** One factor per element of the hidden state, {@code [C]}; a copy. */
  public float[] weight() {
    return weight.clone();
  }

  /** The constant term. */
  public float bias() {
    return bias;
  }

  private static ValueHeadWeights read(TensorFile weightFile, TensorFile biasFile)
      throws IOException {
    Shape weight = weightFile.entry(WEIGHT).shape();
    Shape bias = biasFile.entry(BIAS).shape();
    if (weight.rank() != 2 || weight.dim(0) != 1 || !bias.equals(Shape.of(1))) {
      throw new CheckpointException(
          "%s: expected %s [1, hidden] and %s [1], found %s and %s. Use a head of one output."
              .formatted(weightFile.path(), WEIGHT, BIAS, weight, bias));
    }
    return new ValueHeadWeights(weightFile.readFloats(WEIGHT), biasFile.readFloats(BIAS)[0]);
  }
}
