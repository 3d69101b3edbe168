package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every implementation of {@link OptimizerOps} must do. */
public abstract class OptimizerOpsConformance extends OpsConformance {

  /** Ten steps of about eight roundings of 2^-24 relative to weights of magnitude 1. */
  private static final double TOLERANCE = 5e-6;

  /** Parameters: more than a launch takes. */
  private static final int MANY = 140;

  @ParameterizedTest
  @ValueSource(ints = {1, 17, 4097, 70_003})
  void adamW_tenSteps_equalsTheReference(int size) {
    float[] p = tensors.normal(size, 1);
    Tensor deviceP = tensors.of(p, size);
    Tensor m = tensors.of(new float[size], size);
    Tensor v = tensors.of(new float[size], size);
    double[] expected = TestTensors.widen(p);
    double[] first = new double[size];
    double[] second = new double[size];
    for (int t = 1; t <= 10; t++) {
      float[] g = tensors.normal(size, 0.1);
      AdamWStep step = new AdamWStep(1e-2, 0.9, 0.999, 1e-8, 0.05, t);
      backend.optimizer().adamW(one(deviceP, tensors.of(g, size), m, v), step);
      ReferenceOptimizerOps.adamW(expected, TestTensors.widen(g), first, second, step);
    }
    Closeness.assertClose("p " + tensors, tensors.read(deviceP), expected, TOLERANCE, TOLERANCE);
    Closeness.assertClose("m " + tensors, tensors.read(m), first, 1e-7, TOLERANCE);
    Closeness.assertClose("v " + tensors, tensors.read(v), second, 1e-9, TOLERANCE);
  }

  private static List<AdamWTensors> one(Tensor p, Tensor g, Tensor m, Tensor v) {
    return List.of(new AdamWTensors(p, g, m, v));
  }

  @Test
  void adamW_manyParametersOfManySizes_eachAsAlone() {
    AdamWStep step = new AdamWStep(1e-3, 0.9, 0.95, 1e-8, 0.1, 3);
    List<AdamWTensors> all = new ArrayList<>();
    List<float[]> alone = new ArrayList<>();
    for (int i = 0; i < MANY; i++) {
      int size = 1 + i * 997 % 5003;
      float[] p = tensors.normal(size, 1);
      float[] g = tensors.normal(size, 1);
      all.add(new AdamWTensors(of(p), of(g), of(new float[size]), of(new float[size])));
      alone.add(oneStep(p, g));
    }
    backend.optimizer().adamW(all, step);
    for (int i = 0; i < MANY; i++) {
      Closeness.assertSameBits("parameter " + i, tensors.read(all.get(i).p()), alone.get(i));
    }
  }

  private Tensor of(float[] values) {
    return tensors.of(values, values.length);
  }

  @Test
  void adamW_zeroGradient_onlyDecays() {
    Tensor p = tensors.of(new float[] {2f, -3f}, 2);
    Tensor zero = tensors.of(new float[2], 2);
    Tensor m = tensors.of(new float[2], 2);
    Tensor v = tensors.of(new float[2], 2);
    AdamWStep step = new AdamWStep(0.5, 0.9, 0.999, 1e-8, 0.5, 1);
    backend.optimizer().adamW(one(p, zero, m, v), step);
    assertThat(tensors.read(p)).containsExactly(1.5f, -2.25f);
  }

  @Test
  void adamW_elementAnywhere_hasTheSameBits() {
    float[] p = tensors.normal(100, 1);
    float[] g = tensors.normal(100, 1);
    float[] together = oneStep(p, g);
    int[] order = tensors.permutation(100);
    Closeness.assertSameBits(
        "permuted",
        oneStep(TestTensors.permuted(p, 1, order), TestTensors.permuted(g, 1, order)),
        TestTensors.permuted(together, 1, order));
    Closeness.assertSameBits(
        "alone", oneStep(new float[] {p[99]}, new float[] {g[99]}), new float[] {together[99]});
  }

  private float[] oneStep(float[] p, float[] g) {
    int size = p.length;
    Tensor target = tensors.of(p, size);
    Tensor m = tensors.of(new float[size], size);
    Tensor v = tensors.of(new float[size], size);
    AdamWStep step = new AdamWStep(1e-3, 0.9, 0.95, 1e-8, 0.1, 3);
    backend.optimizer().adamW(one(target, tensors.of(g, size), m, v), step);
    return tensors.read(target);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 1000, 4096, 9001})
  void squaredNorm_tensorsOfAnySize_isTheSumInDouble(int size) {
    float[] g = tensors.normal(size, 3);
    float[] h = tensors.normal(2 * size + 1, 3);
    double expected = 0;
    for (float value : g) {
      expected += (double) value * value;
    }
    for (float value : h) {
      expected += (double) value * value;
    }
    List<Tensor> both = List.of(tensors.of(g, size), tensors.of(h, h.length));
    double norm = backend.optimizer().squaredNorm(both);
    // A double sum of positive terms, in whatever order, is off by a rounding each.
    assertThat(norm).isCloseTo(expected, withinPercentage(100 * 3.0 * size * 0x1p-53 + 1e-13));
    assertThat(backend.optimizer().squaredNorm(both)).as("again").isEqualTo(norm);
  }

  @Test
  void squaredNorm_manyTensors_isTheSumOfAll() {
    List<Tensor> all = new ArrayList<>();
    double expected = 0;
    for (int i = 0; i < MANY; i++) {
      float[] g = tensors.normal(1 + i * 997 % 5003, 3);
      for (float value : g) {
        expected += (double) value * value;
      }
      all.add(of(g));
    }
    assertThat(backend.optimizer().squaredNorm(all)).isCloseTo(expected, withinPercentage(1e-9));
  }

  @Test
  void squaredNorm_hugeValues_doesNotOverflow() {
    Tensor g = tensors.of(new float[] {1e30f, -1e30f}, 2);
    assertThat(backend.optimizer().squaredNorm(List.of(g))).isCloseTo(2e60, within(1e54));
  }

  @Test
  void scale_everyElement_isMultipliedOnce() {
    float[] g = tensors.normal(5001, 1);
    Tensor target = tensors.of(g, 5001);
    backend.optimizer().scale(target, 0.3f);
    float[] expected = new float[g.length];
    for (int i = 0; i < g.length; i++) {
      expected[i] = g[i] * 0.3f;
    }
    Closeness.assertSameBits("g", tensors.read(target), expected);
  }

  @Test
  void everyOperation_wrongSizesOrTypes_throwsShapeException() {
    Tensor two = tensors.of(new float[2], 2);
    Tensor three = tensors.of(new float[3], 3);
    Tensor half = tensors.stored(DType.F16, new float[2], 2);
    AdamWStep step = new AdamWStep(1e-3, 0.9, 0.999, 1e-8, 0, 1);
    OptimizerOps ops = backend.optimizer();
    assertThatThrownBy(() -> ops.adamW(one(two, three, two, two), step))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("adamW");
    assertThatThrownBy(() -> ops.adamW(one(half, half, half, half), step))
        .isInstanceOf(ShapeException.class);
    assertThatThrownBy(() -> ops.squaredNorm(List.of(half))).isInstanceOf(ShapeException.class);
    assertThatThrownBy(() -> ops.scale(half, 2f)).isInstanceOf(ShapeException.class);
  }
}
