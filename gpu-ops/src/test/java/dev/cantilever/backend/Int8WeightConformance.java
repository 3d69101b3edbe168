package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Tensor;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every implementation must do of writing and reading weights of int8. */
public abstract class Int8WeightConformance extends OpsConformance {

  private Int8Weight quantized(Tensor source, Int8Mode mode, Optional<Tensor> bias) {
    return FrozenWeightCase.quantized(backend, tensors, source, mode, bias);
  }

  private byte[] integers(Int8Weight weight) {
    return FrozenWeightCase.integers(backend, tensors, weight);
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16"})
  void quantize_everyStorageType_isExact(DType type) {
    for (int[] size : MatmulOpsConformance.SIZES) {
      int inputs = size[1];
      int outputs = size[2];
      float[] values = tensors.normal(outputs * inputs, 0.3);
      Arrays.fill(values, 0, inputs, 0f); // a row of zeros
      Tensor source = tensors.stored(type, values, outputs, inputs);
      float[] stored = tensors.read(source);
      Int8Weight weight = quantized(source, Int8Mode.WEIGHT_ONLY, Optional.empty());
      byte[] q = integers(weight);
      float[] absmax = tensors.read(weight.absmax());
      for (int o = 0; o < outputs; o++) {
        float largest = 0;
        for (int i = 0; i < inputs; i++) {
          largest = Math.max(largest, Math.abs(stored[o * inputs + i]));
        }
        assertThat(absmax[o]).as("absmax of row %d", o).isEqualTo(largest);
        for (int i = 0; i < inputs; i++) {
          double exact = largest == 0 ? 0 : stored[o * inputs + i] * 127.0 / largest;
          // fp32 may take a value within 1e-5 of a tie to either side.
          assertThat(Math.abs(q[o * inputs + i] - exact)).isLessThanOrEqualTo(0.5 + 1e-5);
          assertThat((int) q[o * inputs + i]).isBetween(-127, 127);
        }
      }
    }
  }

  @Test
  void quantize_tiesAndExtremes_roundHalfToEven() {
    float[] values = {127f, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, -127f, 126.5f, -125.5f};
    Tensor source = tensors.of(values, 1, values.length);
    Int8Weight weight = quantized(source, Int8Mode.WEIGHT_ONLY, Optional.empty());
    assertThat(integers(weight)).containsExactly(127, 0, 2, 2, 0, -2, -2, -127, 126, -126);
  }

  @Test
  void writeInt8_everySize_laysTheIntegersAsQuantizeDoes() {
    for (int[] size : MatmulOpsConformance.SIZES) {
      int inputs = size[1];
      int outputs = size[2];
      Tensor source = tensors.of(tensors.normal(outputs * inputs, 0.3), outputs, inputs);
      Int8Weight quantised = quantized(source, Int8Mode.WEIGHT_ONLY, Optional.empty());
      Tensor plain = tensors.output(DType.I8, outputs, inputs);
      backend.matmul().readInt8(plain, quantised);

      Int8Weight written = blank(outputs, inputs);
      backend.transfers().copy(written.absmax(), quantised.absmax());
      backend.matmul().writeInt8(written, plain);

      // Opaque bytes too, so padding is zero whatever lay there.
      assertThat(tensors.readBytes(written.data())).isEqualTo(tensors.readBytes(quantised.data()));
      assertThat(integers(written)).isEqualTo(integers(quantised));
      assertThat(tensors.read(written.absmax())).isEqualTo(tensors.read(quantised.absmax()));
    }
  }

  @Test
  void randomInt8_everySize_isPhiloxByElement() {
    long key = 0x1234_5678_9abc_def0L;
    for (int[] size : MatmulOpsConformance.SIZES) {
      int inputs = size[1];
      int outputs = size[2];
      Int8Weight weight = blank(outputs, inputs);

      backend.matmul().randomInt8(weight, 0.25f, key);

      byte[] expected = new byte[outputs * inputs];
      int[] words = new int[4];
      for (int e = 0; e < expected.length; e++) {
        Philox.words(words, 0, key, e / 4, 0, 2, 0);
        expected[e] = (byte) (Integer.toUnsignedLong(words[e % 4]) * 255 / (1L << 32) - 127);
      }
      assertThat(integers(weight)).as(Arrays.toString(size)).isEqualTo(expected);
      assertThat(tensors.read(weight.absmax())).hasSize(outputs).containsOnly(0.25f);
    }
  }

  @Test
  void randomInt8_manyElements_areUniformOver255Integers() {
    int size = 509;
    Int8Weight weight = blank(size, size);

    backend.matmul().randomInt8(weight, 1, 7);

    int[] counts = new int[256];
    for (byte q : integers(weight)) {
      counts[q + 128]++;
    }
    // Each count is binomial with mean 1016 and deviation below 32: within 6 of these.
    assertThat(counts[0]).isZero();
    for (int q = -127; q <= 127; q++) {
      assertThat(counts[q + 128]).as("count of %d", q).isBetween(825, 1207);
    }
  }

  @Test
  void randomInt8_wrongArguments_areRefused() {
    MatmulOps ops = backend.matmul();
    Int8Weight weight = blank(33, 17);
    Int8Weight fewScales =
        new Int8Weight(
            33,
            17,
            weight.data(),
            tensors.output(DType.F32, 32),
            weight.mode(),
            Optional.empty(),
            Optional.empty());
    assertThatThrownBy(() -> ops.randomInt8(fewScales, 1, 5))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("randomInt8: expected absmax [O=33]");
    for (float absmax : new float[] {-1, Float.NaN, Float.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> ops.randomInt8(weight, absmax, 5))
          .isInstanceOf(ShapeException.class)
          .hasMessageContaining("randomInt8: expected absmax as a finite number");
    }
  }

  private Int8Weight blank(int outputs, int inputs) {
    return new Int8Weight(
        outputs,
        inputs,
        tensors.output(DType.I8, backend.matmul().int8Bytes(outputs, inputs)),
        tensors.output(DType.F32, outputs),
        Int8Mode.WEIGHT_ONLY,
        Optional.empty(),
        Optional.empty());
  }

  @ParameterizedTest
  @EnumSource
  void int8_dataSmallerThanTheBackendsLayout_isRefusedByEveryOperation(Int8Mode mode) {
    if (!backend.capabilities().int8Modes().contains(mode)) {
      return;
    }
    MatmulOps ops = backend.matmul();
    long bytes = ops.int8Bytes(33, 17);
    Tensor x = tensors.of(new float[2 * 17], 2, 17);
    Tensor y = tensors.of(new float[2 * 33], 2, 33);
    Tensor source = tensors.of(new float[33 * 17], 33, 17);
    Tensor plain = tensors.output(DType.I8, 33, 17);
    Tensor panel = tensors.output(DType.U8, 1 << 16);
    for (Tensor data :
        new Tensor[] {tensors.output(DType.I8, bytes - 1), tensors.output(DType.U8, bytes)}) {
      Int8Weight w =
          new Int8Weight(
              33,
              17,
              data,
              tensors.of(new float[33], 33),
              mode,
              Optional.empty(),
              Optional.of(panel));
      assertDataRefused("quantize", data, bytes, () -> ops.quantize(w, source));
      assertDataRefused("randomInt8", data, bytes, () -> ops.randomInt8(w, 1, 5));
      assertDataRefused("writeInt8", data, bytes, () -> ops.writeInt8(w, plain));
      assertDataRefused("readInt8", data, bytes, () -> ops.readInt8(plain, w));
      assertDataRefused("buildPanel", data, bytes, () -> ops.buildPanel(w));
      assertDataRefused("linear", data, bytes, () -> ops.linear(y, x, w));
      assertDataRefused(
          "linearInputGradient", data, bytes, () -> ops.linearInputGradient(x, y, w, false));
    }
  }

  private static void assertDataRefused(String op, Tensor data, long bytes, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOf(ShapeException.class)
        .hasMessageStartingWith(op + ": expected data of " + bytes + " bytes I8")
        .hasMessageContaining("[O=33, I=17], got " + data);
  }
}
