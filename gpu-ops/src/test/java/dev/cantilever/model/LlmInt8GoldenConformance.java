package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.TestTensors;
import dev.cantilever.hub.Fixtures;
import dev.cantilever.hub.SafetensorsFile;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Tensor;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** 8-bit linear layers against bitsandbytes on a GPU; case 1 has three outlier columns. */
public abstract class LlmInt8GoldenConformance {

  /** Norm of the difference over norm: the tolerance stated with the fixture. */
  private static final double RELATIVE = 2e-3;

  /** Opens the backend under test; the suite closes it. */
  protected abstract Backend open();

  @ParameterizedTest
  @ValueSource(strings = {"case0", "case1"})
  void linear_llmInt8_equalsBitsandbytes(String name) throws Exception {
    try (SafetensorsFile golden =
            SafetensorsFile.open(Fixtures.path("llm_int8/golden.safetensors"));
        Backend backend = open();
        Arena arena = backend.budget().open("test", Purpose.BASE_WEIGHTS)) {
      TestTensors tensors = new TestTensors(backend, arena, 0);
      int out = Math.toIntExact(golden.entry(name + ".w").shape().dim(0));
      int in = Math.toIntExact(golden.entry(name + ".w").shape().dim(1));
      Int8Weight weight =
          new Int8Weight(
              out,
              in,
              tensors.output(DType.I8, backend.matmul().int8Bytes(out, in)),
              tensors.output(DType.F32, out),
              Int8Mode.LLM_INT8,
              Optional.of(tensors.of(golden.readFloats(name + ".bias"), out)),
              Optional.empty());
      backend.matmul().quantize(weight, tensors.of(golden.readFloats(name + ".w"), out, in));

      Tensor integers = tensors.output(DType.I8, out, in);
      backend.matmul().readInt8(integers, weight);
      assertThat(tensors.readBytes(integers)).isEqualTo(golden.readBytes(name + ".w_int8"));
      assertThat(tensors.read(weight.absmax())).isEqualTo(golden.readFloats(name + ".w_absmax"));

      Tensor x = tensors.of(golden.readFloats(name + ".x"), 24, in);
      Tensor y = tensors.output(DType.F32, 24, out);
      backend.matmul().linear(y, x, weight);
      assertThat(relativeError(tensors.read(y), golden.readFloats(name + ".out")))
          .isLessThan(RELATIVE);

      Tensor dy = tensors.of(golden.readFloats(name + ".grad_out"), 24, out);
      Tensor dx = tensors.output(DType.F32, 24, in);
      backend.matmul().linearInputGradient(dx, dy, weight, false);
      assertThat(relativeError(tensors.read(dx), golden.readFloats(name + ".grad_x")))
          .isLessThan(RELATIVE);
      tensors.verifyGuards();
    }
  }

  private static double relativeError(float[] found, float[] expected) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < found.length; i++) {
      difference += Math.pow((double) found[i] - expected[i], 2);
      norm += Math.pow(expected[i], 2);
    }
    return Math.sqrt(difference / norm);
  }
}
