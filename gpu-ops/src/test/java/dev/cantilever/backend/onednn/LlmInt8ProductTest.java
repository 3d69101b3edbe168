package dev.cantilever.backend.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.backend.Backend;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.MemoryReport;
import dev.cantilever.memory.Purpose;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Tensor;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LlmInt8ProductTest {

  private static final int ROWS = 70;
  private static final int IN = 96;
  private static final int OUT = 130;

  /** Everything in one piece: the integers of all rows, and all outlier columns. */
  private static final long AMPLE = 1 << 20;

  @ParameterizedTest
  @CsvSource({"8192, 0", "8192, 3", "2048, 40", "1024, 3", "16384, 96"})
  void forward_moreThanTheWorkspaceHolds_hasTheSameBitsAndDoesNotOutgrowIt(
      long workspace, int outliers) {
    float[] expected = forward(AMPLE, outliers, workspaceBytes -> {});

    float[] found = forward(workspace, outliers, grown -> assertThat(grown).isEqualTo(workspace));

    assertThat(found).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 64})
  void forward_workspaceBelowOneRow_growsByWhatOneRowTakes(long workspace) {
    float[] expected = forward(AMPLE, 3, workspaceBytes -> {});

    float[] found = forward(workspace, 3, grown -> assertThat(grown).isLessThan(4096));

    assertThat(found).isEqualTo(expected);
  }

  private interface Grown {
    void check(long workspaceBytes);
  }

  private static float[] forward(long workspaceBytes, int outliers, Grown grown) {
    Random random = new Random(7);
    try (Backend backend = OneDnnBackend.create(8L << 20, 2, workspaceBytes);
        Arena arena = backend.budget().open("test", Purpose.ACTIVATION)) {
      Int8Weight weight =
          new Int8Weight(
              OUT,
              IN,
              Tensor.in(arena, DType.I8, backend.matmul().int8Bytes(OUT, IN)),
              Tensor.in(arena, DType.F32, OUT),
              Int8Mode.LLM_INT8,
              Optional.of(normal(backend, arena, random, DType.F16, 0, OUT)),
              Optional.empty());
      backend.matmul().quantize(weight, normal(backend, arena, random, DType.F32, 0, OUT, IN));
      Tensor x = normal(backend, arena, random, DType.F32, outliers, ROWS, IN);
      Tensor y = Tensor.in(arena, DType.F32, ROWS, OUT);
      backend.matmul().linear(y, x, weight);
      grown.check(
          backend.budget().report().lines().stream()
              .filter(line -> line.purpose() == Purpose.WORKSPACE)
              .mapToLong(MemoryReport.Line::peakBytes)
              .sum());
      float[] values = new float[ROWS * OUT];
      backend.transfers().download(values, y);
      return values;
    }
  }

  /** Normal values; in the last row the first {@code outliers} columns are outliers. */
  private static Tensor normal(
      Backend backend, Arena arena, Random random, DType type, int outliers, long... dims) {
    Tensor floats = Tensor.in(arena, DType.F32, dims);
    float[] values = new float[Math.toIntExact(floats.elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) Math.max(-5, Math.min(5, random.nextGaussian()));
    }
    for (int k = 0; k < outliers; k++) {
      values[values.length - IN + k] = 6 + k;
    }
    backend.transfers().upload(floats, values);
    Tensor stored = Tensor.in(arena, type, dims);
    backend.transfers().convert(stored, floats);
    return stored;
  }
}
