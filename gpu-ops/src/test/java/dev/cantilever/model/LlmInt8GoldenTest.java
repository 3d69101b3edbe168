package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.hub.SafetensorsFile;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.memory.Purpose;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Tensor;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** 8-bit linear layers against bitsandbytes on a GPU; case 1 has three outlier columns. */
class LlmInt8GoldenTest {

  private static final Path GOLDEN =
      Path.of("src", "test", "resources", "fixtures", "llm_int8", "golden.safetensors");

  /** Norm of the difference over norm: the tolerance stated with the fixture. */
  private static final double RELATIVE = 2e-3;

  @ParameterizedTest
  @ValueSource(strings = {"case0", "case1"})
  void linear_llmInt8_equalsBitsandbytes(String name) throws Exception {
    try (SafetensorsFile golden = SafetensorsFile.open(GOLDEN);
        Backend backend = Backends.cpu(64L << 20, 2);
        Arena arena = backend.budget().open("test", Purpose.BASE_WEIGHTS)) {
      int out = Math.toIntExact(golden.entry(name + ".w").shape().dim(0));
      int in = Math.toIntExact(golden.entry(name + ".w").shape().dim(1));
      Int8Weight weight =
          new Int8Weight(
              out,
              in,
              Tensor.in(arena, DType.I8, backend.matmul().int8Bytes(out, in)),
              Tensor.in(arena, DType.F32, out),
              Int8Mode.LLM_INT8,
              Optional.of(floats(backend, arena, golden, name + ".bias", out)),
              Optional.empty());
      backend.matmul().quantize(weight, floats(backend, arena, golden, name + ".w", out, in));

      Tensor integers = Tensor.in(arena, DType.I8, out, in);
      backend.matmul().readInt8(integers, weight);
      byte[] found = new byte[out * in];
      HostMemory.get(integers.address(), found, 0, found.length);
      assertThat(found).isEqualTo(golden.readBytes(name + ".w_int8"));
      float[] absmax = new float[out];
      backend.transfers().download(absmax, weight.absmax());
      assertThat(absmax).isEqualTo(golden.readFloats(name + ".w_absmax"));

      Tensor x = floats(backend, arena, golden, name + ".x", 24, in);
      Tensor y = Tensor.in(arena, DType.F32, 24, out);
      backend.matmul().linear(y, x, weight);
      assertThat(relativeError(backend, y, golden.readFloats(name + ".out"))).isLessThan(RELATIVE);

      Tensor dy = floats(backend, arena, golden, name + ".grad_out", 24, out);
      Tensor dx = Tensor.in(arena, DType.F32, 24, in);
      backend.matmul().linearInputGradient(dx, dy, weight, false);
      assertThat(relativeError(backend, dx, golden.readFloats(name + ".grad_x")))
          .isLessThan(RELATIVE);
    }
  }

  private static Tensor floats(
      Backend backend, Arena arena, SafetensorsFile golden, String name, long... dims)
      throws Exception {
    Tensor tensor = Tensor.in(arena, DType.F32, dims);
    backend.transfers().upload(tensor, golden.readFloats(name));
    return tensor;
  }

  private static double relativeError(Backend backend, Tensor tensor, float[] expected) {
    float[] found = new float[expected.length];
    backend.transfers().download(found, tensor);
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < found.length; i++) {
      difference += Math.pow((double) found[i] - expected[i], 2);
      norm += Math.pow(expected[i], 2);
    }
    return Math.sqrt(difference / norm);
  }
}
