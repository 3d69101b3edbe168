package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Tensor;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every implementation of {@link Backend#record} must do. A device may call operations, write
 * them down and repeat them in different runs, so each test runs more often than there are ways.
 */
public abstract class RecordingConformance extends OpsConformance {

  private static final int RUNS = 5;

  @Test
  void run_again_readsWhatWasWrittenInBetween() {
    Tensor x = tensors.output(DType.F32, 3);
    Tensor y = tensors.of(new float[3], 3);
    try (Recording recording =
        backend.record(
            () -> {
              backend.activation().add(y, y, x);
              backend.activation().activate(y, y, Activation.RELU);
            })) {
      float expected = 0;
      for (int run = 1; run <= RUNS; run++) {
        backend.transfers().upload(x, new float[] {run, -1, 0.5f * run});
        recording.run();
        expected += run;
        assertThat(tensors.read(y)).containsExactly(expected, 0, 0.5f * expected);
      }
    }
  }

  @Test
  void prepare_amongOtherOperations_runsNothingYet() {
    Tensor one = tensors.of(new float[] {1}, 1);
    Tensor y = tensors.of(new float[1], 1);
    try (Recording recording = backend.record(() -> backend.activation().add(y, y, one))) {
      backend.activation().add(y, y, y);
      recording.prepare();
      recording.prepare();
      backend.activation().add(y, one, one);
      assertThat(tensors.read(y)).containsExactly(2);
      for (int run = 1; run <= RUNS; run++) {
        recording.run();
        assertThat(tensors.read(y)).containsExactly(2 + run);
      }
    }
  }

  @Test
  void prepare_behindAValueThatIsWrong_leavesTheFaultToWhoWaits() {
    Tensor table = tensors.of(new float[] {1, 2, 3, 4}, 2, 2);
    Tensor ids = tensors.of(0, 5);
    Tensor y = tensors.output(DType.F32, 2, 2);
    try (Recording recording = backend.record(() -> backend.activation().add(y, y, y))) {
      assertFoundInValues(
              () -> {
                backend.embedding().gather(y, table, ids, false);
                recording.prepare();
              })
          .isInstanceOf(ShapeException.class)
          .hasMessageContaining("got 5 at position 1");
      backend.transfers().upload(y, new float[] {1, 2, 3, 4});
      recording.run();
      assertThat(tensors.read(y)).containsExactly(2, 4, 6, 8);
    }
  }

  @Test
  void run_manyTimesWithoutWaiting_runsEachTime() {
    Tensor one = tensors.of(new float[] {1}, 1);
    Tensor y = tensors.of(new float[1], 1);
    try (Recording recording = backend.record(() -> backend.activation().add(y, y, one))) {
      for (int run = 0; run < 300; run++) {
        recording.run();
      }
    }
    assertThat(tensors.read(y)).containsExactly(300);
  }

  @Test
  void run_withCopiesAndZeros_repeatsThemToo() {
    Tensor x = tensors.output(DType.F32, 2);
    Tensor y = tensors.output(DType.F32, 2);
    Tensor z = tensors.output(DType.F32, 2);
    try (Recording recording =
        backend.record(
            () -> {
              backend.transfers().copy(y, x);
              backend.transfers().zero(z);
              backend.activation().add(z, z, y);
            })) {
      for (int run = 1; run <= RUNS; run++) {
        backend.transfers().upload(x, new float[] {run, -run});
        recording.run();
        assertThat(tensors.read(z)).containsExactly(run, -run);
      }
    }
  }

  @Test
  void run_valuesAreWrong_throwsAsTheOperationsDoAndGoesOn() {
    Tensor table = tensors.of(new float[] {1, 2, 3, 4}, 2, 2);
    Tensor ids = tensors.of(0, 0);
    Tensor others = tensors.of(0);
    Tensor y = tensors.output(DType.F32, 2, 2);
    Tensor z = tensors.output(DType.F32, 1, 2);
    try (Recording recording =
        backend.record(
            () -> {
              backend.embedding().gather(z, table, others, false);
              backend.embedding().gather(y, table, ids, false);
            })) {
      for (int run = 1; run <= RUNS; run++) {
        int wrong = 1 + run;
        backend.transfers().upload(ids, new int[] {1, wrong});
        assertFoundInValues(recording::run)
            .isInstanceOf(ShapeException.class)
            .hasMessageContaining("got " + wrong + " at position 1");
        backend.transfers().upload(ids, new int[] {1, 0});
        recording.run();
        assertThat(tensors.read(y)).containsExactly(3, 4, 1, 2);
      }
    }
  }

  @Test
  void run_againBehindOneThatWasWrong_throwsWhatThatFound() {
    Tensor table = tensors.of(new float[] {1, 2, 3, 4}, 2, 2);
    Tensor ids = tensors.of(0, 0);
    Tensor y = tensors.output(DType.F32, 2, 2);
    try (Recording recording =
        backend.record(() -> backend.embedding().gather(y, table, ids, false))) {
      for (int run = 1; run <= RUNS; run++) {
        int wrong = 1 + run;
        assertFoundInValues(
                () -> {
                  for (int[] each : new int[][] {{1, 1}, {0, wrong}, {99, 0}, {0, 0}}) {
                    backend.transfers().upload(ids, each);
                    recording.run();
                  }
                })
            .isInstanceOf(ShapeException.class)
            .hasMessageContaining("got " + wrong + " at position 1");
        backend.transfers().upload(ids, new int[] {1, 0});
        recording.run();
        assertThat(tensors.read(y)).containsExactly(3, 4, 1, 2);
      }
    }
  }

  @Test
  void run_amongOtherOperations_reportsTheOneThatIsWrong() {
    Tensor table = tensors.of(new float[] {1, 2, 3, 4}, 2, 2);
    Tensor other = tensors.of(new float[] {1, 2, 3}, 3, 1);
    Tensor ids = tensors.of(0);
    Tensor otherIds = tensors.of(0);
    Tensor y = tensors.output(DType.F32, 1, 2);
    Tensor z = tensors.output(DType.F32, 1, 1);
    try (Recording recording =
        backend.record(() -> backend.embedding().gather(y, table, ids, false))) {
      for (int run = 1; run <= RUNS; run++) {
        backend.transfers().upload(ids, new int[] {2});
        backend.transfers().upload(otherIds, new int[] {2});
        assertFoundInValues(
                () -> {
                  backend.embedding().gather(z, other, otherIds, false);
                  recording.run();
                  backend.embedding().gather(z, other, otherIds, false);
                })
            .isInstanceOf(ShapeException.class)
            .hasMessageContaining("[0, 2), got 2 at position 0");
        backend.transfers().upload(ids, new int[] {1});
        backend.transfers().upload(otherIds, new int[] {3});
        assertFoundInValues(
                () -> {
                  recording.run();
                  backend.embedding().gather(z, other, otherIds, false);
                })
            .isInstanceOf(ShapeException.class)
            .hasMessageContaining("[0, 3), got 3 at position 0");
      }
    }
  }

  @Test
  void run_operationsThrow_throwsThatAndRunsOtherwiseLater() {
    Tensor one = tensors.of(new float[] {1}, 1);
    Tensor two = tensors.of(new float[2], 2);
    Tensor y = tensors.of(new float[1], 1);
    int[] calls = new int[1];
    try (Recording recording =
        backend.record(
            () -> {
              backend.activation().add(y, y, one);
              if (++calls[0] == 1) { // where it is written down
                backend.activation().add(y, y, two);
              }
            })) {
      assertThatThrownBy(recording::run)
          .isInstanceOf(ShapeException.class)
          .hasMessageContaining("F32[2]");
      backend.transfers().zero(y);
      for (int run = 1; run <= RUNS; run++) {
        recording.run();
        assertThat(tensors.read(y)).containsExactly(run);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "5, 2048",
    "160, 8192", // with half of its workspace a device takes other kernels
  })
  void fork_ofChainsOfProducts_givesWhatOneAfterTheOtherGives(int rows, int middle) {
    Chain narrow = chain(rows, 512, 1024, 256);
    Chain wide = chain(rows, 512, middle, 512);
    narrow.run();
    wide.run();
    float[] fromNarrow = tensors.read(narrow.y());
    float[] fromWide = tensors.read(wide.y());
    Tensor sum = tensors.output(DType.F32, rows, 512);
    try (Recording recording =
        backend.record(
            () -> {
              try (Fork fork = backend.fork()) {
                narrow.run();
                fork.second();
                wide.run();
              }
              backend.activation().add(sum, wide.y(), wide.x());
            })) {
      for (int run = 1; run <= RUNS; run++) {
        backend.transfers().zero(narrow.y());
        backend.transfers().zero(wide.y());
        recording.run();
        assertThat(tensors.read(narrow.y())).containsExactly(fromNarrow);
        assertThat(tensors.read(wide.y())).containsExactly(fromWide);
        assertThat(tensors.read(sum)).hasSameSizeAs(fromWide).isNotEqualTo(fromWide);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {5, 160})
  void fork_ofTwoThatMeetInASumOfProducts_givesWhatOneAfterTheOtherGives(int rows) {
    Chain narrow = chain(rows, 512, 1024, 512);
    Chain wide = chain(rows, 512, 2048, 512);
    narrow.runToMiddle();
    wide.runToMiddle();
    Tensor y = tensors.output(DType.F32, rows, 512);
    backend.matmul().linearSum(y, narrow.last(), wide.last(), narrow.x());
    float[] expected = tensors.read(y);
    try (Recording recording =
        backend.record(
            () -> {
              try (Fork fork = backend.fork()) {
                narrow.runToMiddle();
                fork.second();
                wide.runToMiddle();
              }
              backend.matmul().linearSum(y, narrow.last(), wide.last(), narrow.x());
            })) {
      for (int run = 1; run <= RUNS; run++) {
        backend.transfers().zero(narrow.middle());
        backend.transfers().zero(wide.middle());
        backend.transfers().zero(y);
        recording.run();
        assertThat(tensors.read(y)).containsExactly(expected);
      }
    }
  }

  /** y = W₂·relu(W₁·x), with int8 weights. */
  private record Chain(
      Backend backend, Tensor x, Int8Weight first, Tensor middle, Int8Weight second, Tensor y) {

    void run() {
      runToMiddle();
      backend.matmul().linear(y, middle, second);
    }

    void runToMiddle() {
      backend.matmul().linear(middle, x, first);
      backend.activation().activate(middle, middle, Activation.RELU);
    }

    LinearTerm last() {
      return new LinearTerm(middle, second);
    }
  }

  private Chain chain(int rows, int inputs, int middle, int outputs) {
    return new Chain(
        backend,
        tensors.of(tensors.normal(rows * inputs, 1), rows, inputs),
        quantized(inputs, middle),
        tensors.output(DType.F32, rows, middle),
        quantized(middle, outputs),
        tensors.output(DType.F32, rows, outputs));
  }

  private Int8Weight quantized(int inputs, int outputs) {
    Int8Weight weight =
        new Int8Weight(
            outputs,
            inputs,
            tensors.output(DType.I8, backend.matmul().int8Bytes(outputs, inputs)),
            tensors.output(DType.F32, outputs),
            Int8Mode.WEIGHT_ONLY,
            Optional.empty(),
            Optional.empty());
    float[] values = tensors.normal(outputs * inputs, 0.1);
    backend.matmul().quantize(weight, tensors.of(values, outputs, inputs));
    return weight;
  }

  @Test
  void fork_outsideOfARecording_runsInOrder() {
    Tensor one = tensors.of(new float[] {1}, 1);
    Tensor y = tensors.of(new float[1], 1);
    try (Fork fork = backend.fork()) {
      backend.activation().add(y, y, one);
      fork.second();
    }
    backend.activation().add(y, y, one);
    assertThat(tensors.read(y)).containsExactly(2);
  }
}
