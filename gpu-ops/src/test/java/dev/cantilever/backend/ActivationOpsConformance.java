package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What every implementation of {@link ActivationOps} must do. */
public abstract class ActivationOpsConformance extends OpsConformance {

  /** A dozen roundings of 2^-24 on values and slopes up to about 5. */
  private static final double TOLERANCE = 5e-6;

  /** The same of products with a second factor up to about 9. */
  private static final double GATED_TOLERANCE = 5e-5;

  private static final Activation[] GATES = {
    Activation.SILU, Activation.GELU, Activation.GELU_TANH
  };

  /** Central differences with h = 1e-2: 1e-6/h rounding and h²/6 times a third derivative. */
  private static final double DIFFERENCE_TOLERANCE = 2e-3;

  private static final int[] SIZES = {1, 2, 15, 16, 17, 63, 4095, 4097, 70_001, 140_000};

  @ParameterizedTest
  @EnumSource
  void activate_awkwardSizes_equalsTheReference(Activation f) {
    for (int size : SIZES) {
      float[] x = tensors.normal(size, 2);
      double[] expected =
          Arrays.stream(TestTensors.widen(x))
              .map(v -> ReferenceActivationOps.value(f, v))
              .toArray();
      Closeness.assertClose(f + " of " + size, activate(f, x), expected, TOLERANCE, TOLERANCE);
    }
  }

  private float[] activate(Activation f, float[] x) {
    Tensor y = tensors.output(DType.F32, x.length);
    backend.activation().activate(y, tensors.of(x, x.length), f);
    return tensors.read(y);
  }

  @ParameterizedTest
  @EnumSource
  void activateBackward_awkwardSizes_equalsTheReference(Activation f) {
    for (int size : SIZES) {
      float[] x = tensors.normal(size, 2);
      float[] dy = tensors.normal(size, 1);
      double[] expected = new double[size];
      for (int i = 0; i < size; i++) {
        expected[i] = dy[i] * ReferenceActivationOps.slope(f, x[i]);
      }
      Tensor dx = tensors.output(DType.F32, size);
      Tensor deviceDy = tensors.of(dy, size);
      Tensor deviceX = tensors.of(x, size);
      backend.activation().activateBackward(dx, deviceDy, deviceX, f, false);
      float[] once = tensors.read(dx);
      Closeness.assertClose(f + "' of " + size, once, expected, TOLERANCE, TOLERANCE);
      backend.activation().activateBackward(dx, deviceDy, deviceX, f, true);
      float[] twice = tensors.read(dx);
      for (int i = 0; i < size; i++) {
        assertThat(twice[i]).isEqualTo(2 * once[i]);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void activateBackward_smoothPoints_equalsCentralDifferences(Activation f) {
    float h = 1e-2f;
    float[] x = new float[60];
    for (int i = 0; i < x.length; i++) {
      x[i] = -3f + 0.1f * i + 0.05f; // never within h of zero, where relu bends
    }
    float[] up = x.clone();
    float[] down = x.clone();
    for (int i = 0; i < x.length; i++) {
      up[i] += h;
      down[i] -= h;
    }
    float[] rise = activate(f, up);
    float[] fall = activate(f, down);
    double[] differences = new double[x.length];
    float[] ones = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      differences[i] = ((double) rise[i] - fall[i]) / ((double) up[i] - down[i]);
      ones[i] = 1f;
    }
    Tensor dx = tensors.output(DType.F32, x.length);
    backend
        .activation()
        .activateBackward(dx, tensors.of(ones, x.length), tensors.of(x, x.length), f, false);
    Closeness.assertClose(f + "'", tensors.read(dx), differences, DIFFERENCE_TOLERANCE, 0);
  }

  @ParameterizedTest
  @EnumSource
  void activate_elementAnywhere_hasTheSameBits(Activation f) {
    float[] x = tensors.normal(101, 3);
    float[] together = activate(f, x);
    int[] order = tensors.permutation(x.length);
    Closeness.assertSameBits(
        "permuted",
        activate(f, TestTensors.permuted(x, 1, order)),
        TestTensors.permuted(together, 1, order));
    for (int i = 0; i < x.length; i++) {
      Closeness.assertSameBits("alone", activate(f, new float[] {x[i]}), new float[] {together[i]});
    }
  }

  @ParameterizedTest
  @EnumSource
  void bothDirections_hugeValues_areFinite(Activation f) {
    float[] x = {1e30f, -1e30f, 50f, -50f, 0f, -0f, 1e-40f, -1e-40f};
    float[] y = activate(f, x);
    Tensor dx = tensors.output(DType.F32, x.length);
    float[] ones = new float[x.length];
    Arrays.fill(ones, 1f);
    backend
        .activation()
        .activateBackward(dx, tensors.of(ones, x.length), tensors.of(x, x.length), f, false);
    float[] slopes = tensors.read(dx);
    for (int i = 0; i < x.length; i++) {
      assertThat(y[i]).as("%s(%s)", f, x[i]).isFinite();
      assertThat(slopes[i]).as("%s'(%s)", f, x[i]).isBetween(-0.2f, 1.2f);
    }
  }

  @Test
  void everyOperation_outputIsInput_worksInPlace() {
    float[] x = tensors.normal(300, 2);
    float[] dy = tensors.normal(300, 1);
    Tensor y = tensors.of(x, 300);
    backend.activation().activate(y, y, Activation.GELU);
    Closeness.assertSameBits("activate", tensors.read(y), activate(Activation.GELU, x));
    Tensor apart = tensors.output(DType.F32, 300);
    Tensor deviceX = tensors.of(x, 300);
    backend
        .activation()
        .activateBackward(apart, tensors.of(dy, 300), deviceX, Activation.GELU, false);
    Tensor both = tensors.of(dy, 300);
    backend.activation().activateBackward(both, both, deviceX, Activation.GELU, false);
    Closeness.assertSameBits("activateBackward", tensors.read(both), tensors.read(apart));
    Tensor sum = tensors.of(x, 300);
    backend.activation().add(sum, sum, sum);
    for (int i = 0; i < 300; i++) {
      assertThat(tensors.read(sum)[i]).isEqualTo(2 * x[i]);
    }
  }

  @ParameterizedTest
  @CsvSource({"1,1", "3,2", "2,15", "5,17", "1,4096", "2,4097", "300,64", "3,30002"})
  void activateGated_awkwardSizes_equalsTheReference(int n, int width) {
    for (Activation f : GATES) {
      float[] x = tensors.normal(n * 2 * width, 2);
      float[] dy = tensors.normal(n * width, 1);
      double[] y = new double[n * width];
      double[] dx = new double[n * 2 * width];
      for (int i = 0; i < y.length; i++) {
        int gate = i + i / width * width;
        int up = gate + width;
        y[i] = ReferenceActivationOps.value(f, x[gate]) * x[up];
        dx[gate] = dy[i] * x[up] * ReferenceActivationOps.slope(f, x[gate]);
        dx[up] = dy[i] * ReferenceActivationOps.value(f, x[gate]);
      }
      String what = f + " gate of " + n + "×" + width;
      Closeness.assertClose(what, gated(f, x, n, width), y, GATED_TOLERANCE, GATED_TOLERANCE);
      Tensor gradient = tensors.output(DType.F32, n, 2 * width);
      Tensor deviceDy = tensors.of(dy, n, width);
      Tensor deviceX = tensors.of(x, n, 2 * width);
      ActivationOps ops = backend.activation();
      ops.activateGatedBackward(gradient, deviceDy, deviceX, f, false);
      float[] once = tensors.read(gradient);
      Closeness.assertClose(what + "'", once, dx, GATED_TOLERANCE, GATED_TOLERANCE);
      ops.activateGatedBackward(gradient, deviceDy, deviceX, f, true);
      float[] twice = tensors.read(gradient);
      for (int i = 0; i < once.length; i++) {
        assertThat(twice[i]).isEqualTo(2 * once[i]);
      }
      ops.activateGatedBackward(deviceX, deviceDy, deviceX, f, false);
      Closeness.assertSameBits(what + " in place", tensors.read(deviceX), once);
    }
  }

  private float[] gated(Activation f, float[] x, int n, int width) {
    Tensor y = tensors.output(DType.F32, n, width);
    backend.activation().activateGated(y, tensors.of(x, n, 2 * width), f);
    return tensors.read(y);
  }

  @Test
  void activateGated_rowAnywhere_hasTheSameBits() {
    int n = 9;
    int width = 37;
    float[] x = tensors.normal(n * 2 * width, 3);
    float[] together = gated(Activation.SILU, x, n, width);
    int[] order = tensors.permutation(n);
    Closeness.assertSameBits(
        "permuted",
        gated(Activation.SILU, TestTensors.permuted(x, 2 * width, order), n, width),
        TestTensors.permuted(together, width, order));
    for (int r = 0; r < n; r++) {
      Closeness.assertSameBits(
          "alone",
          gated(Activation.SILU, TestTensors.rowsOf(x, 2 * width, r, r + 1), 1, width),
          TestTensors.rowsOf(together, width, r, r + 1));
    }
  }

  @Test
  void add_awkwardSizes_addsExactlyOneRounding() {
    for (int size : SIZES) {
      float[] a = tensors.normal(size, 1);
      float[] b = tensors.normal(size, 1);
      Tensor y = tensors.output(DType.F32, size);
      backend.activation().add(y, tensors.of(a, size), tensors.of(b, size));
      float[] expected = new float[size];
      for (int i = 0; i < size; i++) {
        expected[i] = a[i] + b[i];
      }
      Closeness.assertSameBits("sum of " + size, tensors.read(y), expected);
    }
  }

  @Test
  void softcap_awkwardSizes_equalsTheReference() {
    for (int size : SIZES) {
      float[] x = tensors.normal(size, 40);
      Tensor both = tensors.of(x, size);
      Tensor y = tensors.output(DType.F32, size);
      backend.activation().softcap(y, both, 30);
      backend.activation().softcap(both, both, 30);
      double[] expected =
          Arrays.stream(TestTensors.widen(x)).map(v -> 30 * Math.tanh(v / 30)).toArray();
      // Four roundings and the function's own two of values up to 30.
      Closeness.assertClose("of " + size, tensors.read(y), expected, 1e-6, 5e-7);
      Closeness.assertSameBits("in place", tensors.read(both), tensors.read(y));
    }
  }

  @Test
  void softcap_notFinite_stays() {
    float[] x = new float[40];
    Arrays.fill(x, 3e38f);
    x[1] = Float.NaN;
    x[2] = Float.POSITIVE_INFINITY;
    x[38] = Float.NEGATIVE_INFINITY;
    x[39] = -3e38f;
    Tensor y = tensors.output(DType.F32, 40);
    backend.activation().softcap(y, tensors.of(x, 40), 30);
    float[] found = tensors.read(y);
    assertThat(found[0]).isEqualTo(30);
    assertThat(found[1]).isNaN();
    assertThat(found[2]).isEqualTo(Float.POSITIVE_INFINITY);
    assertThat(found[38]).isEqualTo(Float.NEGATIVE_INFINITY);
    assertThat(found[39]).isEqualTo(-30);
  }

  @Test
  void scale_awkwardSizes_multipliesWithOneRounding() {
    for (int size : SIZES) {
      float[] x = tensors.normal(size, 1);
      Tensor both = tensors.of(x, size);
      Tensor y = tensors.output(DType.F32, size);
      backend.activation().scale(y, both, 55.5f);
      backend.activation().scale(both, both, 55.5f);
      float[] found = tensors.read(y);
      for (int i = 0; i < size; i++) {
        assertThat(found[i]).isEqualTo(x[i] * 55.5f);
      }
      Closeness.assertSameBits("in place", tensors.read(both), found);
    }
  }

  @Test
  void multiply_awkwardSizes_isOneRoundingOfTheProduct() {
    for (int size : SIZES) {
      float[] a = tensors.normal(size, 2);
      float[] b = tensors.normal(size, 3);
      Tensor y = tensors.output(DType.F32, size);
      backend.activation().multiply(y, tensors.of(a, size), tensors.of(b, size));
      float[] found = tensors.read(y);
      for (int i = 0; i < size; i++) {
        assertThat(found[i]).isEqualTo(a[i] * b[i]);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 0, 1", "3, 7, 2, 4", "5, 300, 1, 299", "4, 5000, 401, 4500", "700, 64, 0, 64"})
  void affineColumns_anyRange_isOneFusedStepAndLeavesOtherColumns(
      int n, int pitch, int column, int width) {
    float[] x = tensors.normal(n * pitch, 2);
    float[] before = tensors.normal(n * pitch, 1);
    float[] factor = tensors.normal(width, 1);
    float[] shift = tensors.normal(width, 1);
    Tensor y = tensors.of(before, n, pitch);
    Tensor added = tensors.of(before, n, pitch);
    Tensor inPlace = tensors.of(x, n, pitch);
    Tensor f = tensors.of(factor, width);
    Tensor s = tensors.of(shift, width);
    backend.activation().affineColumns(y, tensors.of(x, n, pitch), column, f, s, false);
    backend.activation().affineColumns(added, tensors.of(x, n, pitch), column, f, s, true);
    backend.activation().affineColumns(inPlace, inPlace, column, f, s, true);
    float[] found = tensors.read(y);
    float[] sum = tensors.read(added);
    float[] own = tensors.read(inPlace);
    for (int i = 0; i < found.length; i++) {
      int o = i % pitch - column;
      boolean inside = o >= 0 && o < width;
      float step = inside ? Math.fma(factor[o], x[i], shift[o]) : 0;
      assertThat(found[i]).isEqualTo(inside ? step : before[i]);
      assertThat(sum[i]).isEqualTo(inside ? before[i] + step : before[i]);
      assertThat(own[i]).isEqualTo(inside ? x[i] + step : x[i]);
    }
  }

  @Test
  void dropout_manyElements_dropsTheStatedShareAndScalesTheRest() {
    int size = 100_000;
    float p = 0.3f;
    float[] ones = new float[size];
    Arrays.fill(ones, 1f);
    Tensor y = tensors.output(DType.F32, size);
    backend.activation().dropout(y, tensors.of(ones, size), p, 99, false);
    float[] kept = tensors.read(y);
    int dropped = 0;
    for (float value : kept) {
      assertThat(value).isIn(0f, 1f / (1f - p));
      dropped += value == 0 ? 1 : 0;
    }
    // Five deviations of a binomial count: 5·√(1e5·0.3·0.7) = 725.
    assertThat(dropped).isBetween(30_000 - 725, 30_000 + 725);
    backend.activation().dropout(y, tensors.of(ones, size), p, 99, false);
    Closeness.assertSameBits("the same key", tensors.read(y), kept);
    backend.activation().dropout(y, tensors.of(ones, size), p, 100, false);
    assertThat(tensors.read(y)).isNotEqualTo(kept);
  }

  @Test
  void dropout_prefixAndAccumulate_followTheElementsIndex() {
    float[] x = tensors.normal(9_001, 1);
    Tensor whole = tensors.output(DType.F32, x.length);
    backend.activation().dropout(whole, tensors.of(x, x.length), 0.5f, 7, false);
    float[] expected = tensors.read(whole);
    Tensor part = tensors.output(DType.F32, 77);
    backend.activation().dropout(part, tensors.of(Arrays.copyOf(x, 77), 77), 0.5f, 7, false);
    Closeness.assertSameBits("prefix", tensors.read(part), Arrays.copyOf(expected, 77));
    backend.activation().dropout(whole, tensors.of(x, x.length), 0.5f, 7, true);
    float[] twice = tensors.read(whole);
    for (int i = 0; i < x.length; i++) {
      assertThat(twice[i]).isEqualTo(2 * expected[i]);
    }
    int[] words = new int[4];
    Philox.words(words, 0, 7, 2, 0, 0, 0);
    for (int lane = 0; lane < 4; lane++) {
      boolean kept = Philox.uniform(words[lane]) >= 0.5f;
      assertThat(expected[8 + lane]).isEqualTo(kept ? 2 * x[8 + lane] : 0f);
    }
  }

  @Test
  void everyOperation_wrongSizesOrTypes_throwsShapeException() {
    Tensor three = tensors.of(new float[3], 3);
    Tensor four = tensors.of(new float[4], 4);
    Tensor half = tensors.stored(DType.F16, new float[3], 3);
    ActivationOps ops = backend.activation();
    assertThatThrownBy(() -> ops.activate(three, four, Activation.GELU))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("activate")
        .hasMessageContaining("F32[3]");
    assertThatThrownBy(() -> ops.activate(half, half, Activation.GELU))
        .isInstanceOf(ShapeException.class);
    assertThatThrownBy(() -> ops.activateBackward(three, three, four, Activation.RELU, false))
        .isInstanceOf(ShapeException.class);
    assertThatThrownBy(() -> ops.add(three, three, four)).isInstanceOf(ShapeException.class);
    assertThatThrownBy(() -> ops.scale(three, four, 1)).isInstanceOf(ShapeException.class);
    assertThatThrownBy(() -> ops.softcap(three, four, 1)).isInstanceOf(ShapeException.class);
    assertThatThrownBy(() -> ops.softcap(three, three, 0)).isInstanceOf(ShapeException.class);
    Tensor matrix = tensors.of(new float[6], 2, 3);
    assertThatThrownBy(() -> ops.activateGated(matrix, matrix, Activation.SILU))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("activateGated: expected x [N=2, 2F=6]");
    assertThatThrownBy(
            () -> ops.activateGatedBackward(matrix, matrix, matrix, Activation.SILU, false))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("expected dx [N=2, 2F=6]");
    assertThatThrownBy(() -> ops.multiply(three, three, four)).isInstanceOf(ShapeException.class);
    assertThatThrownBy(() -> ops.affineColumns(matrix, matrix, 1, three, three, false))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("[1, 4)");
    assertThatThrownBy(() -> ops.affineColumns(matrix, matrix, 0, three, four, false))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("shift");
    assertThatThrownBy(() -> ops.dropout(three, three, 1f, 0, false))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("[0, 1)");
  }
}
