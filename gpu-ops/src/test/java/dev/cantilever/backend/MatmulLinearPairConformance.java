package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.FrozenWeightCase.Form;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What every implementation of {@link MatmulOps#linearPair} must do. */
public abstract class MatmulLinearPairConformance extends OpsConformance {

  /**
   * Tokens, inputs and outputs of the first and of the second: few and many tokens; inner
   * dimensions that are no multiples of a tile; less tiles of outputs than a card has
   * multiprocessors, and more, of the first, the second, both; one far smaller than the other.
   */
  private static final int[][] SIZES = {
    {1, 1, 1, 1, 1},
    {3, 5, 7, 9, 11},
    {5, 96, 520, 264, 300},
    {8, 512, 768, 512, 1024},
    {16, 40, 17_001, 300, 264},
    {32, 700, 2600, 700, 1100},
    {31, 1100, 264, 72, 34_000},
    {9, 72, 17_001, 40, 18_000},
    {33, 512, 768, 512, 1024},
    {200, 96, 264, 136, 520}
  };

  private static final int RUNS = 5;

  private record Layer(Tensor x, Weight w, Tensor y) {

    LinearTerm term() {
      return new LinearTerm(x, w);
    }
  }

  private Layer layer(Form form, int rows, int inputs, int outputs, boolean withBias) {
    return new Layer(
        tensors.of(tensors.normal(rows * inputs, 1), rows, inputs),
        FrozenWeightCase.random(backend, tensors, form, inputs, outputs, withBias).weight(),
        tensors.output(DType.F32, rows, outputs));
  }

  private float[] linear(Layer layer) {
    backend.matmul().linear(layer.y(), layer.x(), layer.w());
    float[] expected = tensors.read(layer.y());
    backend.transfers().zero(layer.y());
    return expected;
  }

  private Fork pair(Layer first, Layer second) {
    return backend.matmul().linearPair(first.y(), first.term(), second.y(), second.term());
  }

  private void assertBitsOfLinear(String name, Layer first, Layer second) {
    float[] fromFirst = linear(first);
    float[] fromSecond = linear(second);
    try (Fork fork = pair(first, second)) {
      fork.second();
    }
    assertThat(tensors.read(first.y())).as(name + tensors).isEqualTo(fromFirst);
    assertThat(tensors.read(second.y())).as(name + tensors).isEqualTo(fromSecond);
  }

  @ParameterizedTest
  @EnumSource
  void linearPair_everySizeAndBias_hasTheBitsOfLinear(Form form) {
    if (!form.declaredBy(backend)) {
      return; // MatmulOpsConformance has the other side
    }
    for (int[] size : SIZES) {
      for (boolean withBias : new boolean[] {false, true}) {
        assertBitsOfLinear(
            form + " " + Arrays.toString(size) + " ",
            layer(form, size[0], size[1], size[2], withBias),
            layer(form, size[0], size[3], size[4], !withBias));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"WEIGHT_ONLY, BF16", "BF16, WEIGHT_ONLY", "WEIGHT_ONLY, LLM_INT8"})
  void linearPair_weightsOfTwoForms_hasTheBitsOfLinear(Form first, Form second) {
    if (!first.declaredBy(backend) || !second.declaredBy(backend)) {
      return;
    }
    assertBitsOfLinear("", layer(first, 9, 96, 264, true), layer(second, 9, 200, 130, true));
  }

  @Test
  void linearPair_ofTheSameRows_hasTheBitsOfLinear() {
    Layer first = layer(Form.WEIGHT_ONLY, 4, 256, 520, false);
    Layer other = layer(Form.WEIGHT_ONLY, 4, 256, 1030, false);
    assertBitsOfLinear("", first, new Layer(first.x(), other.w(), other.y()));
  }

  /**
   * The second is long, so that a device that makes both at once is at it when the first group
   * runs.
   */
  @ParameterizedTest
  @CsvSource({"5, 0", "5, 2", "32, 2", "33, 2", "32, 9", "1, 1"})
  void linearPair_inARecordingWithGroupsBehind_givesWhatOneAfterTheOtherGives(
      int rows, int branches) {
    Layer first = layer(Form.WEIGHT_ONLY, rows, 512, 768, true);
    Layer second = layer(Form.WEIGHT_ONLY, rows, 2048, 4096, true);
    List<LowRankTerm> narrow = terms(branches, 512, 64);
    List<LowRankTerm> wide = terms(branches, 2048, 512);
    Tensor sum = tensors.output(DType.F32, rows, 768);
    Runnable all =
        () -> {
          try (Fork fork = pair(first, second)) {
            backend.matmul().lowRank(first.y(), first.x(), narrow);
            backend.matmul().lowRank(first.y(), first.x(), narrow);
            backend.activation().activate(first.y(), first.y(), Activation.RELU);
            fork.second();
            backend.matmul().lowRank(second.y(), second.x(), wide);
            backend.activation().activate(second.y(), second.y(), Activation.RELU);
          }
          backend.activation().add(sum, first.y(), first.y());
        };
    assertRepeats(all, List.of(first.y(), second.y(), sum));
  }

  /**
   * Nothing is between the branches of the two groups, which a device may not take for one chain.
   */
  @Test
  void linearPair_inARecordingWithBranchesAlone_givesWhatOneAfterTheOtherGives() {
    Layer first = layer(Form.WEIGHT_ONLY, 7, 512, 768, false);
    Layer second = layer(Form.WEIGHT_ONLY, 7, 512, 4096, false);
    List<LowRankTerm> narrow = terms(1, 512, 64);
    List<LowRankTerm> wide = terms(1, 512, 512);
    Runnable all =
        () -> {
          try (Fork fork = pair(first, second)) {
            backend.matmul().lowRank(first.y(), first.x(), narrow);
            fork.second();
            backend.matmul().lowRank(second.y(), second.x(), wide);
          }
        };
    assertRepeats(all, List.of(first.y(), second.y()));
  }

  private List<LowRankTerm> terms(int count, int inputs, int apart) {
    return IntStream.range(0, count)
        .mapToObj(
            i ->
                new LowRankTerm(
                    tensors.of(tensors.normal(16 * inputs, 0.1), 16, inputs),
                    tensors.of(tensors.normal(256 * 16, 0.1), 256, 16),
                    apart * (i % 8),
                    0.5f))
        .toList();
  }

  /** Twice in a recording, again and again, operations leave what they leave by themselves. */
  private void assertRepeats(Runnable operations, List<Tensor> outputs) {
    operations.run();
    List<float[]> expected = outputs.stream().map(tensors::read).toList();
    try (Recording recording =
        backend.record(
            () -> {
              operations.run();
              operations.run();
            })) {
      for (int run = 1; run <= RUNS; run++) {
        outputs.forEach(backend.transfers()::zero);
        recording.run();
        for (int i = 0; i < outputs.size(); i++) {
          assertThat(tensors.read(outputs.get(i)))
              .as("output %d, run %d, %s", i, run, tensors)
              .isEqualTo(expected.get(i));
        }
      }
    }
  }

  @Test
  void linearPair_shapesThatDoNotFit_throws() {
    Layer first = layer(Form.WEIGHT_ONLY, 2, 3, 4, false);
    Layer second = layer(Form.WEIGHT_ONLY, 2, 5, 6, false);
    Layer longer = layer(Form.WEIGHT_ONLY, 3, 5, 6, false);
    MatmulOps ops = backend.matmul();
    assertThatThrownBy(() -> ops.linearPair(first.y(), second.term(), second.y(), second.term()))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("linearPair: expected y [N=2, O=6]");
    assertThatThrownBy(() -> pair(first, longer))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("linearPair: expected y2 [N=2, O=6] of [F32], got F32[3, 6]");
  }
}
