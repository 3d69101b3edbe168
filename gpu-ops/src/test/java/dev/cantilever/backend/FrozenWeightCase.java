package dev.cantilever.backend;

import static dev.cantilever.backend.TestTensors.widen;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.Optional;

/**
 * A frozen weight on a device with what it stands for.
 *
 * @param values [O, I]
 * @param bias [O], zeros where it has none
 */
public record FrozenWeightCase(Weight weight, double[] values, double[] bias) {

  /** The forms a frozen weight comes in. */
  public enum Form {
    F32,
    F16,
    BF16,
    WEIGHT_ONLY,
    LLM_INT8;

    boolean declaredBy(Backend backend) {
      return switch (this) {
        case F32, F16, BF16 -> backend.capabilities().weightTypes().contains(DType.valueOf(name()));
        case WEIGHT_ONLY, LLM_INT8 ->
            backend.capabilities().int8Modes().contains(Int8Mode.valueOf(name()));
      };
    }

    private boolean int8() {
      return this == WEIGHT_ONLY || this == LLM_INT8;
    }

    /** How rows are rounded before they meet such a weight. */
    double inputRounding(Backend backend) {
      return this == F32 ? 0 : StorageRounding.unit(backend.capabilities().matrixInputs());
    }
  }

  /** Random values, with a random bias or without. */
  public static FrozenWeightCase random(
      Backend backend, TestTensors tensors, Form form, int inputs, int outputs, boolean withBias) {
    float[] values = tensors.normal(outputs * inputs, 0.5);
    DType type = form.int8() ? DType.F32 : DType.valueOf(form.name());
    Optional<Tensor> bias =
        withBias
            ? Optional.of(tensors.stored(type, tensors.normal(outputs, 1), outputs))
            : Optional.empty();
    if (form.int8()) {
      Tensor matrix = tensors.of(values, outputs, inputs);
      return of(backend, tensors, matrix, Int8Mode.valueOf(form.name()), bias);
    }
    Tensor stored = tensors.stored(type, values, outputs, inputs);
    return new FrozenWeightCase(
        DenseWeight.of(stored, bias), widen(tensors.read(stored)), read(tensors, bias, outputs));
  }

  /** The 8-bit form of a matrix [O, I], as a case. */
  static FrozenWeightCase of(
      Backend backend, TestTensors tensors, Tensor matrix, Int8Mode mode, Optional<Tensor> bias) {
    Int8Weight weight = quantized(backend, tensors, matrix, mode, bias);
    double[] stored =
        ReferenceMatmulOps.dequantize(
            integers(backend, tensors, weight), tensors.read(weight.absmax()), weight.inFeatures());
    return new FrozenWeightCase(weight, stored, read(tensors, bias, weight.outFeatures()));
  }

  private static double[] read(TestTensors tensors, Optional<Tensor> bias, int outputs) {
    return bias.map(b -> widen(tensors.read(b))).orElse(new double[outputs]);
  }

  /** The 8-bit form of a matrix [O, I]. */
  static Int8Weight quantized(
      Backend backend, TestTensors tensors, Tensor source, Int8Mode mode, Optional<Tensor> bias) {
    int outputs = source.size(0);
    int inputs = source.size(1);
    Int8Weight weight =
        new Int8Weight(
            outputs,
            inputs,
            tensors.output(DType.I8, backend.matmul().int8Bytes(outputs, inputs)),
            tensors.output(DType.F32, outputs),
            mode,
            bias,
            Optional.empty());
    backend.matmul().quantize(weight, source);
    return weight;
  }

  /** The integers of a weight, row-major. */
  static byte[] integers(Backend backend, TestTensors tensors, Int8Weight weight) {
    Tensor plain = tensors.output(DType.I8, weight.outFeatures(), weight.inFeatures());
    backend.matmul().readInt8(plain, weight);
    return tensors.readBytes(plain);
  }
}
