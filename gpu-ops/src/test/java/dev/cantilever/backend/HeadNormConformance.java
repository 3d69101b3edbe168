package dev.cantilever.backend;

import static dev.cantilever.backend.TestTensors.permuted;
import static dev.cantilever.backend.TestTensors.rowsOf;
import static dev.cantilever.backend.TestTensors.widen;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What every implementation of {@link NormOps#headNorm} and its backward must do. */
public abstract class HeadNormConformance extends OpsConformance {

  private static final float EPS = 1e-6f;

  /** Normalised values up to 5, about ten roundings of 2^-24 each, with a factor of 3 to spare. */
  private static final double TOLERANCE = 1e-5;

  private static AttentionSpec spec(int heads, int kvHeads, int size, HeadLayout layout) {
    return new AttentionSpec(heads, kvHeads, size, layout, true, 1, RotarySpec.NONE);
  }

  private static AttentionSpec spec(int heads, int kvHeads, int size) {
    return spec(heads, kvHeads, size, HeadLayout.SPLIT);
  }

  private float[] forward(float[] x, Tensor queries, Tensor keys, AttentionSpec spec) {
    int w = spec.projectionSize();
    Tensor y = tensors.output(DType.F32, x.length / w, w);
    backend.norm().headNorm(y, tensors.of(x, x.length / w, w), queries, keys, EPS, spec);
    return tensors.read(y);
  }

  private float[] backward(
      float[] dy, float[] x, Tensor queries, Tensor keys, AttentionSpec spec, int times) {
    int w = spec.projectionSize();
    int n = x.length / w;
    Tensor dx = tensors.output(DType.F32, n, w);
    Tensor deviceDy = tensors.of(dy, n, w);
    Tensor deviceX = tensors.of(x, n, w);
    for (int time = 0; time < times; time++) {
      backend.norm().headNormBackward(dx, deviceDy, deviceX, queries, keys, EPS, spec, time > 0);
    }
    return tensors.read(dx);
  }

  @ParameterizedTest
  @CsvSource({
    "1,1,1,1",
    "2,2,1,3",
    "3,1,1,15",
    "5,6,2,16",
    "3,4,4,64",
    "2,3,1,100",
    "40,8,2,128",
    "3,2,2,256",
    "1,1,1,1001"
  })
  void bothDirections_awkwardSizes_equalTheReference(int n, int heads, int kvHeads, int size) {
    AttentionSpec spec = spec(heads, kvHeads, size);
    float[] x = tensors.normal(n * spec.projectionSize(), 2);
    float[] dy = tensors.normal(x.length, 1);
    float[] queries = tensors.normal(size, 1);
    float[] keys = tensors.normal(size, 1);
    Tensor deviceQueries = tensors.of(queries, size);
    Tensor deviceKeys = tensors.of(keys, size);

    Closeness.assertClose(
        "y " + tensors,
        forward(x, deviceQueries, deviceKeys, spec),
        ReferenceNormOps.headNorm(widen(x), widen(queries), widen(keys), heads, kvHeads, EPS),
        TOLERANCE,
        1e-5);
    float[] once = backward(dy, x, deviceQueries, deviceKeys, spec, 1);
    // A head of few elements may be near zero, where 1/√(mean(x²)) magnifies what cancels.
    Closeness.assertClose(
        "dx " + tensors,
        once,
        ReferenceNormOps.headNormBackward(
            widen(dy), widen(x), widen(queries), widen(keys), heads, kvHeads, EPS),
        size <= 3 ? 1e-3 : TOLERANCE,
        1e-5);
    float[] twice = backward(dy, x, deviceQueries, deviceKeys, spec, 2);
    for (int i = 0; i < once.length; i++) {
      assertThat(twice[i]).isEqualTo(2 * once[i]);
    }
  }

  @Test
  void headNorm_values_areCopiedToTheBit() {
    AttentionSpec spec = spec(4, 2, 20);
    float[] x = tensors.normal(3 * spec.projectionSize(), 1);
    float[] y = forward(x, tensors.of(new float[20], 20), tensors.of(new float[20], 20), spec);
    for (int n = 0; n < 3; n++) {
      int row = n * spec.projectionSize();
      assertThat(y[row + spec.valueOffset(0) - 1]).isZero();
      for (int i = spec.valueOffset(0); i < spec.projectionSize(); i++) {
        assertThat(y[row + i]).isEqualTo(x[row + i]);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"4,2,24", "3,1,7"})
  void headNorm_outputIsInput_worksInPlace(int heads, int kvHeads, int size) {
    AttentionSpec spec = spec(heads, kvHeads, size);
    int w = spec.projectionSize();
    float[] x = tensors.normal(5 * w, 1);
    Tensor queries = tensors.of(tensors.normal(size, 1), size);
    Tensor keys = tensors.of(tensors.normal(size, 1), size);
    Tensor both = tensors.of(x, 5, w);
    backend.norm().headNorm(both, both, queries, keys, EPS, spec);
    Closeness.assertSameBits("in place", tensors.read(both), forward(x, queries, keys, spec));
  }

  @ParameterizedTest
  @CsvSource({"2,3,1,17", "70,4,2,128"})
  void bothDirections_aloneInABatchAndPermuted_haveTheSameBits(
      int n, int heads, int kvHeads, int size) {
    AttentionSpec spec = spec(heads, kvHeads, size);
    int w = spec.projectionSize();
    float[] x = tensors.normal(n * w, 3);
    float[] dy = tensors.normal(n * w, 1);
    Tensor queries = tensors.of(tensors.normal(size, 1), size);
    Tensor keys = tensors.of(tensors.normal(size, 1), size);
    float[] y = forward(x, queries, keys, spec);
    float[] dx = backward(dy, x, queries, keys, spec, 1);
    int[] order = tensors.permutation(n);
    Closeness.assertSameBits(
        "y permuted", forward(permuted(x, w, order), queries, keys, spec), permuted(y, w, order));
    Closeness.assertSameBits(
        "dx permuted",
        backward(permuted(dy, w, order), permuted(x, w, order), queries, keys, spec, 1),
        permuted(dx, w, order));
    float[] row = rowsOf(x, w, 1, 2);
    Closeness.assertSameBits("y alone", forward(row, queries, keys, spec), rowsOf(y, w, 1, 2));
    Closeness.assertSameBits(
        "dx alone",
        backward(rowsOf(dy, w, 1, 2), row, queries, keys, spec, 1),
        rowsOf(dx, w, 1, 2));
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16"})
  void headNorm_storageType_runsExactlyIfDeclared(DType type) {
    AttentionSpec spec = spec(3, 1, 20);
    float[] x = tensors.normal(2 * spec.projectionSize(), 1);
    Tensor queries = tensors.stored(type, tensors.normal(20, 1), 20);
    Tensor keys = tensors.of(tensors.normal(20, 1), 20);
    if (backend.capabilities().weightTypes().contains(type)) {
      double[] expected =
          ReferenceNormOps.headNorm(
              widen(x), widen(tensors.read(queries)), widen(tensors.read(keys)), 3, 1, EPS);
      Closeness.assertClose("y", forward(x, queries, keys, spec), expected, TOLERANCE, 1e-5);
    } else {
      assertThatThrownBy(() -> forward(x, queries, keys, spec))
          .isInstanceOf(UnsupportedOpException.class);
    }
  }

  @Test
  void bothDirections_wrongShapes_nameTheArgument() {
    AttentionSpec spec = spec(2, 1, 3);
    Tensor x = tensors.of(new float[24], 2, 12);
    Tensor d3 = tensors.of(new float[3], 3);
    Tensor d4 = tensors.of(new float[4], 4);
    NormOps norm = backend.norm();
    assertThatThrownBy(() -> norm.headNorm(x, x, d3, d4, EPS, spec))
        .isInstanceOf(ShapeException.class)
        .hasMessage("headNorm: expected keyGamma [D=3] of [F32, F16, BF16], got F32[4]");
    assertThatThrownBy(() -> norm.headNormBackward(x, x, x, d3, d3, EPS, spec(4, 1, 3), false))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("headNormBackward: expected x [N=2, W=18]");
    assertThatThrownBy(
            () -> norm.headNorm(x, x, d4, d4, EPS, spec(1, 1, 4, HeadLayout.INTERLEAVED)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("headNorm: expected queries, keys and values one behind the other");
  }
}
