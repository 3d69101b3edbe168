package dev.cantilever.backend.onednn;

import static dev.cantilever.backend.onednn.NativeBlocks.floats;
import static dev.cantilever.backend.onednn.NativeBlocks.gaussian;
import static dev.cantilever.backend.onednn.NativeBlocks.ints;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cantilever.backend.onednn.WeightView.Layout;
import dev.cantilever.memory.HostMemory;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class MatrixProductTest {
  private final Workers workers = new Workers(2);
  private final MatrixProduct product = new MatrixProduct(workers);
  private final NativeBlocks memory = new NativeBlocks();

  @AfterEach
  void free() {
    memory.close();
    workers.close();
  }

  /** The truth to the bit: one chain of fused multiply-adds for each output, k ascending. */
  private static float[] chain(float[] x, float[] w, int rows, int out, int in) {
    float[] y = new float[rows * out];
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < out; c++) {
        float sum = 0f;
        for (int k = 0; k < in; k++) {
          sum = Math.fma(x[r * in + k], w[c * in + k], sum);
        }
        y[r * out + c] = sum;
      }
    }
    return y;
  }

  private static float[] transpose(float[] w, int rows, int columns) {
    float[] t = new float[w.length];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        t[j * rows + i] = w[i * columns + j];
      }
    }
    return t;
  }

  private float[] forward(MatrixProduct with, float[] x, WeightView w, int rows) {
    long y = memory.bytes(4L * rows * w.out());
    with.forward(y, memory.floats(x), w, rows, Epilogue.plain());
    return floats(y, rows * w.out());
  }

  private float[] inputGradient(MatrixProduct with, float[] dy, WeightView w, int rows) {
    long dx = memory.bytes(4L * rows * w.in());
    with.inputGradient(dx, memory.floats(dy), w, rows, 0, 1f, false);
    return floats(dx, rows * w.in());
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, 1",
    "3, 5, 7",
    "8, 32, 256",
    "9, 33, 257",
    "17, 48, 31",
    "241, 65, 300",
    "500, 130, 40",
    "2, 700, 513"
  })
  void forward_anyShape_isTheChainBitForBit(int rows, int out, int in) {
    float[] x = gaussian(rows * in, 1);
    float[] w = gaussian(out * in, 2);
    WeightView view = new WeightView(memory.floats(w), Layout.F32, out, in);
    assertThat(forward(product, x, view, rows)).isEqualTo(chain(x, w, rows, out, in));
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "3, 5, 7", "9, 33, 257", "17, 257, 31", "241, 65, 300"})
  void inputGradient_anyShape_isTheChainBitForBit(int rows, int out, int in) {
    float[] dy = gaussian(rows * out, 1);
    float[] w = gaussian(out * in, 2);
    WeightView view = new WeightView(memory.floats(w), Layout.F32, out, in);
    assertThat(inputGradient(product, dy, view, rows))
        .isEqualTo(chain(dy, transpose(w, out, in), rows, in, out));
  }

  @Test
  void forward_longSums_agreeWithDoubles() {
    int rows = 5;
    int out = 40;
    int in = 3000;
    float[] x = gaussian(rows * in, 1);
    float[] w = gaussian(out * in, 2);
    WeightView view = new WeightView(memory.floats(w), Layout.F32, out, in);
    float[] y = forward(product, x, view, rows);
    // 3000 roundings of half an ulp of a sum near 55 add up to about 1e-4 as a random walk.
    for (int i = 0; i < y.length; i++) {
      double sum = 0;
      for (int k = 0; k < in; k++) {
        sum += (double) x[i / out * in + k] * w[i % out * in + k];
      }
      assertThat((double) y[i]).isCloseTo(sum, within(5e-4));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 23, 24, 25, 48, 63, 64, 100, 300})
  void bothDirections_rowsCountPermutedOrSharedByWorkers_keepTheirBits(int rows) {
    int out = 200;
    int in = 270;
    int all = 300;
    float[] x = gaussian(all * in, 1);
    float[] dy = gaussian(all * out, 3);
    WeightView w = new WeightView(memory.floats(gaussian(out * in, 2)), Layout.F32, out, in);
    float[] y = forward(product, x, w, all);
    float[] dx = inputGradient(product, dy, w, all);
    Random random = new Random(rows);
    int[] chosen = random.ints(rows, 0, all).toArray();
    float[] someX = new float[rows * in];
    float[] someDy = new float[rows * out];
    float[] expectedY = new float[rows * out];
    float[] expectedDx = new float[rows * in];
    for (int r = 0; r < rows; r++) {
      System.arraycopy(x, chosen[r] * in, someX, r * in, in);
      System.arraycopy(dy, chosen[r] * out, someDy, r * out, out);
      System.arraycopy(y, chosen[r] * out, expectedY, r * out, out);
      System.arraycopy(dx, chosen[r] * in, expectedDx, r * in, in);
    }
    for (int count = 1; count <= 3; count++) {
      try (Workers some = new Workers(count)) {
        MatrixProduct with = new MatrixProduct(some);
        assertThat(forward(with, someX, w, rows)).isEqualTo(expectedY);
        assertThat(inputGradient(with, someDy, w, rows)).isEqualTo(expectedDx);
      }
    }
  }

  private WeightView weight(Layout layout, int out, int in) {
    short[] halves = new short[out * in];
    byte[] bytes = new byte[out * in];
    Random random = new Random(4);
    for (int i = 0; i < halves.length; i++) {
      bytes[i] = (byte) random.nextInt();
      // Any exponent but that of infinity: normal and subnormal halves of both signs.
      halves[i] = (short) (random.nextInt(0x7c00) | (random.nextBoolean() ? 0x8000 : 0));
    }
    long address =
        switch (layout) {
          case F32 -> memory.floats(gaussian(out * in, 2));
          case F16 -> memory.shorts(halves);
          case BF16 -> memory.shorts(brains(gaussian(out * in, 5)));
          default -> memory.bytes(bytes);
        };
    return new WeightView(address, layout, out, in);
  }

  private static short[] brains(float[] values) {
    short[] halves = new short[values.length];
    for (int i = 0; i < values.length; i++) {
      halves[i] = (short) (Float.floatToRawIntBits(values[i]) >> 16);
    }
    return halves;
  }

  @ParameterizedTest
  @EnumSource(
      value = Layout.class,
      names = {"F32", "F16", "BF16", "INT8"})
  void packedPanels_anyStorage_giveTheBitsOfTheWeightItself(Layout layout) {
    int out = 77;
    int in = 530;
    int rows = 19;
    WeightView w = weight(layout, out, in);
    WeightView forward =
        product.packForward(memory.bytes(MatrixProduct.packedForwardBytes(out, in)), w);
    WeightView gradient =
        product.packGradient(memory.bytes(MatrixProduct.packedGradientBytes(out, in)), w);
    float[] x = gaussian(rows * in, 1);
    float[] dy = gaussian(rows * out, 3);
    assertThat(forward(product, x, forward, rows)).isEqualTo(forward(product, x, w, rows));
    assertThat(inputGradient(product, dy, gradient, rows))
        .isEqualTo(inputGradient(product, dy, w, rows));
  }

  @Test
  void halfPrecision_specialValues_areWidenedExactly() {
    short[] halves = {0x3c00, (short) 0xc000, 0x7bff, 0x0001, (short) 0x83ff, 0x0400, 0, 0x7c00};
    float[] values = {
      1f, -2f, 65504f, 0x1p-24f, -1023 * 0x1p-24f, 0x1p-14f, 0f, Float.POSITIVE_INFINITY
    };
    WeightView w = new WeightView(memory.shorts(halves), Layout.F16, 8, 1);
    assertThat(forward(product, new float[] {1f}, w, 1)).isEqualTo(values);
    WeightView nan = new WeightView(memory.shorts(new short[] {0x7e00}), Layout.F16, 1, 1);
    assertThat(forward(product, new float[] {1f}, nan, 1)).containsExactly(Float.NaN);
  }

  @Test
  void forward_int8WithEpilogue_scalesColumnsAddsBiasAndOldValue() {
    int rows = 11;
    int out = 70;
    int in = 260;
    WeightView w = weight(Layout.INT8, out, in);
    float[] x = gaussian(rows * in, 1);
    float[] absmax = gaussian(out, 6);
    float[] bias = gaussian(out, 7);
    float[] old = gaussian(rows * out, 8);
    float[] sums = forward(product, x, w, rows);
    float factor = 1f / 127;
    long y = memory.floats(old);
    Epilogue epilogue =
        Epilogue.scaled(memory.floats(absmax), factor).withBias(memory.floats(bias)).withAddend(y);
    product.forward(y, memory.floats(x), w, rows, epilogue);
    float[] expected = new float[rows * out];
    for (int i = 0; i < expected.length; i++) {
      int c = i % out;
      expected[i] = old[i] + (sums[i] * (absmax[c] * factor) + bias[c]);
    }
    assertThat(floats(y, rows * out)).isEqualTo(expected);
  }

  @Test
  void inputGradient_int8WithScale_scalesTheInnerDimension() {
    int rows = 11;
    int out = 300;
    int in = 70;
    WeightView w = weight(Layout.INT8, out, in);
    float[] dy = gaussian(rows * out, 1);
    float[] absmax = gaussian(out, 6);
    float[] scaled = dy.clone();
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] *= absmax[i % out] * (1f / 127);
    }
    long dx = memory.bytes(4L * rows * in);
    product.inputGradient(dx, memory.floats(dy), w, rows, memory.floats(absmax), 1f / 127, false);
    assertThat(floats(dx, rows * in)).isEqualTo(inputGradient(product, scaled, w, rows));
  }

  @ParameterizedTest
  @CsvSource({"1024, 127, 127", "1025, -128, -128", "4096, 127, -127", "3000, -128, 127"})
  void int8Forward_extremeValues_isExact(int in, byte a, byte b) {
    int rows = 3;
    int out = 35;
    byte[] x = new byte[rows * in];
    byte[] w = new byte[out * in];
    Arrays.fill(x, a);
    Arrays.fill(w, b);
    WeightView view = new WeightView(memory.bytes(w), Layout.INT8, out, in);
    long y = memory.bytes(4L * rows * out);
    product.int8Forward(y, memory.bytes(x), view, rows);
    assertThat(ints(y, rows * out)).containsOnly(in * a * b);
  }

  @Test
  void int8Forward_randomValues_isExactPackedOrNot() {
    int rows = 9;
    int out = 50;
    int in = 2500;
    WeightView w = weight(Layout.INT8, out, in);
    byte[] weights = new byte[out * in];
    byte[] x = new byte[rows * in];
    HostMemory.get(w.address(), weights, 0, weights.length);
    new Random(9).nextBytes(x);
    int[] expected = new int[rows * out];
    for (int i = 0; i < expected.length; i++) {
      for (int k = 0; k < in; k++) {
        expected[i] += x[i / out * in + k] * weights[i % out * in + k];
      }
    }
    WeightView packed =
        product.packForward(memory.bytes(MatrixProduct.packedForwardBytes(out, in)), w);
    long y = memory.bytes(4L * rows * out);
    product.int8Forward(y, memory.bytes(x), w, rows);
    assertThat(ints(y, rows * out)).isEqualTo(expected);
    product.int8Forward(y, memory.bytes(x), packed, rows);
    assertThat(ints(y, rows * out)).isEqualTo(expected);
  }

  @Test
  void project_columnsOfAWiderMatrix_leavesTheOthersAlone() {
    int rows = 13;
    int out = 6;
    int in = 20;
    int wide = 10;
    float[] x = gaussian(rows * in, 1);
    float[] p = gaussian(out * in, 2);
    float[] old = gaussian(rows * wide, 3);
    float[] sums = chain(x, p, rows, out, in);
    long y = memory.floats(old);
    product.project(y + 12, wide, memory.floats(x), memory.floats(p), rows, out, in, 2f, true);
    float[] expected = old.clone();
    for (int i = 0; i < sums.length; i++) {
      expected[i / out * wide + 3 + i % out] += 2f * sums[i];
    }
    assertThat(floats(y, rows * wide)).isEqualTo(expected);

    long dx = memory.bytes(4L * rows * in);
    product.projectInputGradient(dx, y + 12, wide, memory.floats(p), rows, out, in, 0.5f, false);
    float[] dy = new float[rows * out];
    for (int i = 0; i < dy.length; i++) {
      dy[i] = expected[i / out * wide + 3 + i % out];
    }
    float[] gradient = chain(dy, transpose(p, out, in), rows, in, out);
    for (int i = 0; i < gradient.length; i++) {
      gradient[i] *= 0.5f;
    }
    assertThat(floats(dx, rows * in)).isEqualTo(gradient);
  }

  @ParameterizedTest
  @CsvSource({"16, 256", "300, 16", "1, 40", "5, 3", "260, 250"})
  void projectWeightGradient_splitBetweenSequences_continuesTheSameChain(int out, int in) {
    int[] offsets = {0, 5, 5, 300, 301, 340};
    int rows = 340;
    float[] dy = gaussian(rows * out, 1);
    float[] x = gaussian(rows * in, 2);
    float[] dp = gaussian(out * in, 3);
    float alpha = 0.7f;
    float[] expected = dp.clone();
    for (int s = 0; s + 1 < offsets.length; s++) {
      for (int i = 0; i < expected.length; i++) {
        float sum = 0f;
        for (int t = offsets[s]; t < offsets[s + 1]; t++) {
          sum = Math.fma(dy[t * out + i / in], x[t * in + i % in], sum);
        }
        expected[i] = Math.fma(sum, alpha, expected[i]);
      }
    }
    long dyAddress = memory.floats(dy);
    long xAddress = memory.floats(x);
    for (int count = 1; count <= 3; count++) {
      try (Workers some = new Workers(count)) {
        MatrixProduct with = new MatrixProduct(some);
        long whole = memory.floats(dp);
        with.projectWeightGradient(whole, dyAddress, out, xAddress, offsets, out, in, alpha);
        assertThat(floats(whole, out * in)).isEqualTo(expected);
        long parts = memory.floats(dp);
        int[] first = Arrays.copyOf(offsets, 3);
        int[] second = Arrays.copyOfRange(offsets, 2, 6);
        with.projectWeightGradient(parts, dyAddress, out, xAddress, first, out, in, alpha);
        with.projectWeightGradient(parts, dyAddress, out, xAddress, second, out, in, alpha);
        assertThat(floats(parts, out * in)).isEqualTo(expected);
      }
    }
  }

  @Test
  void forward_noRows_writesNothing() {
    WeightView w = weight(Layout.F32, 4, 4);
    long y = memory.floats(new float[] {3f});
    product.forward(y, y, w, 0, Epilogue.plain());
    assertThat(floats(y, 1)).containsExactly(3f);
  }

  @Test
  void panelsOfTheOtherDirection_areRefused() {
    int out = 4;
    int in = 6;
    WeightView w = weight(Layout.F32, out, in);
    WeightView gradient =
        product.packGradient(memory.bytes(MatrixProduct.packedGradientBytes(out, in)), w);
    assertThatThrownBy(() -> product.forward(1, 1, gradient, 1, Epilogue.plain()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("PACKED_GRADIENT");
    assertThatThrownBy(() -> product.int8Forward(1, 1, w, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> product.packForward(1, gradient))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new WeightView(0, Layout.F32, 1, 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void projectWeightGradient_descendingOffsets_areRefused() {
    assertThatThrownBy(
            () -> product.projectWeightGradient(1, 1, 1, 1, new int[] {0, 4, 2}, 1, 1, 1f))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("[0, 4, 2]");
  }
}
