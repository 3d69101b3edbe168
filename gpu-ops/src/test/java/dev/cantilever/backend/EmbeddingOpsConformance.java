package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every implementation of {@link EmbeddingOps} must do. */
public abstract class EmbeddingOpsConformance extends OpsConformance {

  private static final int[] WIDTHS = {1, 3, 16, 33, 512, 1030, 2052};

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16"})
  void gather_storageType_picksExactlyIfDeclared(DType type) {
    for (int c : WIDTHS) {
      Tensor table = tensors.stored(type, tensors.normal(11 * c, 1), 11, c);
      int[] ids = {10, 0, 3, 3, 7};
      Tensor y = tensors.output(DType.F32, ids.length, c);
      if (!backend.capabilities().weightTypes().contains(type)) {
        assertThatThrownBy(() -> backend.embedding().gather(y, table, tensors.of(ids), false))
            .isInstanceOf(UnsupportedOpException.class);
        continue;
      }
      backend.embedding().gather(y, table, tensors.of(ids), false);
      float[] values = tensors.read(table);
      float[] expected = Arrays.copyOf(TestTensors.permuted(values, c, ids), ids.length * c);
      Closeness.assertSameBits("y", tensors.read(y), expected);
      backend.embedding().gather(y, table, tensors.of(ids), true);
      for (int i = 0; i < expected.length; i++) {
        expected[i] *= 2;
      }
      Closeness.assertSameBits("y + y", tensors.read(y), expected);
    }
  }

  @Test
  void scatterAdd_repeatedRows_addsInAscendingOrder() {
    for (int c : WIDTHS) {
      float[] dx = tensors.normal(6 * c, 1);
      int[] ids = {5, 2, 5, 0, 5, 2};
      float[] dy = tensors.normal(ids.length * c, 1e3);
      Tensor target = tensors.of(dx, 6, c);
      backend.embedding().scatterAdd(target, tensors.of(dy, ids.length, c), tensors.of(ids));
      float[] expected = dx.clone();
      for (int m = 0; m < ids.length; m++) {
        for (int i = 0; i < c; i++) {
          expected[ids[m] * c + i] += dy[m * c + i];
        }
      }
      Closeness.assertSameBits("dx", tensors.read(target), expected);
    }
  }

  @Test
  void scatterAdd_isTheAdjointOfGather() {
    int c = 5;
    float[] x = tensors.normal(7 * c, 1);
    int[] ids = tensors.indices(12, 7);
    float[] dy = tensors.normal(12 * c, 1);
    Tensor y = tensors.output(DType.F32, 12, c);
    backend.embedding().gather(y, tensors.of(x, 7, c), tensors.of(ids), false);
    Tensor dx = tensors.of(new float[7 * c], 7, c);
    backend.embedding().scatterAdd(dx, tensors.of(dy, 12, c), tensors.of(ids));
    double forward = product(dy, tensors.read(y));
    double backward = product(tensors.read(dx), x);
    Closeness.assertClose(
        "<dy, gather x> = <scatter dy, x>",
        new float[] {(float) forward},
        new double[] {backward},
        1e-5,
        0);
  }

  private static double product(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  @Test
  void bothDirections_indexOutOfRange_namesIt() {
    Tensor table = tensors.of(tensors.normal(6, 1), 3, 2);
    Tensor y = tensors.of(new float[4], 2, 2);
    assertFoundInValues(() -> backend.embedding().gather(y, table, tensors.of(1, 3), false))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("[0, 3)")
        .hasMessageContaining("got 3 at position 1");
    assertFoundInValues(() -> backend.embedding().scatterAdd(table, y, tensors.of(0, -1)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("got -1 at position 1");
  }

  @Test
  void gather_afterAFault_worksAgain() {
    Tensor table = tensors.of(new float[] {1, 2, 3, 4}, 2, 2);
    Tensor y = tensors.output(DType.F32, 1, 2);
    assertFoundInValues(() -> backend.embedding().gather(y, table, tensors.of(2), false))
        .isInstanceOf(ShapeException.class);
    backend.embedding().gather(y, table, tensors.of(1), false);
    Closeness.assertSameBits("y", tensors.read(y), new float[] {3, 4});
  }

  @Test
  void bothDirections_wrongShapes_nameTheArgument() {
    Tensor table = tensors.of(new float[6], 3, 2);
    Tensor narrow = tensors.of(new float[2], 2, 1);
    Tensor ids = tensors.of(0, 1);
    assertThatThrownBy(() -> backend.embedding().gather(narrow, table, ids, false))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("gather: expected y [N=2, C=2]");
    assertThatThrownBy(() -> backend.embedding().scatterAdd(table, narrow, ids))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("expected dy [M=2, C=2]");
  }
}
