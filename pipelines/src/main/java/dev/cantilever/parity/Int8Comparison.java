package dev.cantilever.parity;

import dev.cantilever.backend.Backend;
import dev.cantilever.hub.SafetensorsFile;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.memory.Purpose;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Tensor;
import java.io.IOException;
import java.util.Optional;

/** Computes one case of an 8-bit linear layer and measures each result against the fixture's. */
final class Int8Comparison {
  private final Backend backend;
  private final SafetensorsFile golden;
  private final String name;
  private final int rows; // N
  private final int in;
  private final int out;

  Int8Comparison(Backend backend, SafetensorsFile golden, String name) {
    this.backend = backend;
    this.golden = golden;
    this.name = name;
    this.rows = Math.toIntExact(golden.entry(key("x")).shape().dim(0));
    this.in = Math.toIntExact(golden.entry(key("w")).shape().dim(1));
    this.out = Math.toIntExact(golden.entry(key("w")).shape().dim(0));
  }

  Int8ParityReport.CaseErrors compare() throws IOException {
    try (Arena arena = backend.budget().open("int8 parity", Purpose.BASE_WEIGHTS)) {
      Int8Weight asPaper = quantized(arena, Int8Mode.LLM_INT8);
      Int8Weight weightOnly = quantized(arena, Int8Mode.WEIGHT_ONLY);
      return new Int8ParityReport.CaseErrors(
          name,
          differing(integers(arena, asPaper), golden.readBytes(key("w_int8"))),
          differing(download(asPaper.absmax()), golden.readFloats(key("w_absmax"))),
          Deviation.relative(key("out"), output(arena, asPaper), golden.readFloats(key("out"))),
          gradientError(arena, asPaper),
          Deviation.relative(key("out"), output(arena, weightOnly), dequantizedProduct()),
          gradientError(arena, weightOnly));
    }
  }

  private Int8Weight quantized(Arena arena, Int8Mode mode) throws IOException {
    Int8Weight weight =
        new Int8Weight(
            out,
            in,
            Tensor.in(arena, DType.I8, backend.matmul().int8Bytes(out, in)),
            Tensor.in(arena, DType.F32, out),
            mode,
            Optional.of(upload(arena, "bias", out)),
            Optional.empty());
    backend.matmul().quantize(weight, upload(arena, "w", out, in));
    return weight;
  }

  private byte[] integers(Arena arena, Int8Weight weight) {
    Tensor integers = Tensor.in(arena, DType.I8, out, in);
    backend.matmul().readInt8(integers, weight);
    HostMemory host = new HostMemory();
    long address = host.allocate(integers.bytes());
    try {
      backend.transfers().download(address, integers);
      byte[] found = new byte[out * in];
      HostMemory.get(address, found, 0, found.length);
      return found;
    } finally {
      host.free(address, integers.bytes());
    }
  }

  private float[] output(Arena arena, Int8Weight weight) throws IOException {
    Tensor y = Tensor.in(arena, DType.F32, rows, out);
    backend.matmul().linear(y, upload(arena, "x", rows, in), weight);
    return download(y);
  }

  private double gradientError(Arena arena, Int8Weight weight) throws IOException {
    Tensor dx = Tensor.in(arena, DType.F32, rows, in);
    backend.matmul().linearInputGradient(dx, upload(arena, "grad_out", rows, out), weight, false);
    return Deviation.relative(key("grad_x"), download(dx), golden.readFloats(key("grad_x")));
  }

  /** x·Wᵀ + b in double precision, W from the fixture's integers and scales. */
  private float[] dequantizedProduct() throws IOException {
    byte[] integers = golden.readBytes(key("w_int8"));
    double[] absmax = golden.readDoubles(key("w_absmax"));
    double[] bias = golden.readDoubles(key("bias"));
    double[] x = golden.readDoubles(key("x"));
    float[] product = new float[rows * out];
    for (int row = 0; row < rows; row++) {
      for (int o = 0; o < out; o++) {
        double sum = 0;
        for (int i = 0; i < in; i++) {
          sum += x[row * in + i] * integers[o * in + i];
        }
        product[row * out + o] = (float) (sum * absmax[o] / 127 + bias[o]);
      }
    }
    return product;
  }

  private static int differing(byte[] found, byte[] expected) {
    int count = Math.abs(found.length - expected.length);
    for (int i = 0; i < Math.min(found.length, expected.length); i++) {
      count += found[i] == expected[i] ? 0 : 1;
    }
    return count;
  }

  private static int differing(float[] found, float[] expected) {
    int count = Math.abs(found.length - expected.length);
    for (int i = 0; i < Math.min(found.length, expected.length); i++) {
      count += found[i] == expected[i] ? 0 : 1;
    }
    return count;
  }

  private Tensor upload(Arena arena, String tensor, long... dims) throws IOException {
    Tensor target = Tensor.in(arena, DType.F32, dims);
    backend.transfers().upload(target, golden.readFloats(key(tensor)));
    return target;
  }

  private float[] download(Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.elements())];
    backend.transfers().download(values, tensor);
    return values;
  }

  private String key(String tensor) {
    return name + "." + tensor;
  }
}
