package dev.cantilever.nn;

import dev.cantilever.autograd.Tape;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import java.util.Arrays;

/** Sums over the tokens of a span. */
final class ColumnSums {

  private ColumnSums() {}

  /**
   * target += Σ over tokens of columns {@code [column, column + O')}, row by row.
   *
   * @param target [O']
   * @param dy [n, O], the span's rows
   * @param rows of the span
   */
  static void add(Tape tape, Tensor target, Tensor dy, int column, PackedRows rows) {
    Arena scratch = tape.scratch();
    Arena.Mark mark = scratch.mark();
    float[] ones = new float[dy.size(0)];
    Arrays.fill(ones, 1);
    Tensor one = Tensor.in(scratch, DType.F32, ones.length, 1);
    tape.backend().transfers().upload(one, ones);
    Tensor matrix = target.reshape(target.elements(), 1);
    tape.backend().matmul().projectWeightGradient(matrix, dy, column, one, 1, rows);
    scratch.reset(mark);
  }
}
