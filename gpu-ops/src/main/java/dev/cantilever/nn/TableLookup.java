package dev.cantilever.nn;

import dev.cantilever.autograd.Tape;
import dev.cantilever.backend.ActivationOps;
import dev.cantilever.backend.EmbeddingOps;
import dev.cantilever.backend.MatmulOps;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * Rows of a table of embeddings by index, times a factor, and what adapters have there, both ways.
 * Of a table that is trained: dTable(id) += scale·dy over the tokens of that id, in ascending
 * order. Of a branch, which adds l = s·B·a(id) to the embedding: da(id) += s·Bᵀ·scale·dy likewise,
 * and dB += s·scale·dyᵀ·a, row of the batch by row. One with lengths makes g·(z + l) of the z
 * before it, as in a linear layer: added are l and (g − 1)·(z + l), and gradients go through the
 * branches from the last to the first.
 *
 * @param table with its adapters
 * @param firstRow of the table, which index 0 stands for
 * @param scale factor on the rows
 * @param indices [N] I32 of a batch
 */
record TableLookup(Tape tape, EmbeddingTable table, int firstRow, float scale, Tensor indices) {

  /**
   * Writes the rows of a batch, or adds them.
   *
   * @param out [N, E] F32
   */
  void forward(Tensor out, TokenBatch batch, boolean accumulate) {
    boolean plain = scale == 1 && !table.isAdapted();
    if (plain) {
      ops().gather(out, read(table.values()), indices, accumulate);
      return;
    }
    if (!accumulate) {
      write(out, batch);
      return;
    }
    Arena.Mark mark = scratch().mark();
    Tensor rows = Tensor.in(scratch(), DType.F32, out.shape());
    write(rows, batch);
    activation().add(out, out, rows);
    scratch().reset(mark);
  }

  private void write(Tensor out, TokenBatch batch) {
    if (table.isAdapted()) {
      for (Span span : batch.spans()) {
        Tensor y = slice(out, span);
        Tensor ids = slice(indices, span);
        ops().gather(y, read(table.acting(span.adapters()).values()), ids, false);
        table.branches(span.adapters()).forEach(branch -> add(branch, y, ids));
      }
    } else {
      ops().gather(out, read(table.values()), indices, false);
    }
    if (scale != 1) {
      activation().scale(out, out, scale);
    }
  }

  /** The rows from the first one on that an index can stand for. */
  private Tensor read(Tensor whole) {
    return firstRow == 0 ? whole : whole.slice(firstRow, whole.size(0));
  }

  private void add(TableBranch branch, Tensor y, Tensor ids) {
    addLow(branch, y, ids);
    if (branch.magnitude().isPresent()) {
      Magnitude lengths = branch.magnitude().get();
      activation().affineColumns(y, y, 0, lengths.excess(), lengths.zero(), true);
    }
  }

  private void addLow(TableBranch branch, Tensor y, Tensor ids) {
    Arena.Mark mark = scratch().mark();
    Tensor low = low(branch, ids);
    matmul().project(y, 0, low, branch.b().value(), branch.scale(), true);
    scratch().reset(mark);
  }

  /** Rows of a branch's first matrix, [n, R] of scratch. */
  private Tensor low(TableBranch branch, Tensor ids) {
    Tensor low = Tensor.in(scratch(), DType.F32, ids.dim(0), branch.rank());
    ops().gather(low, read(branch.a().value()), ids, false);
    return low;
  }

  /**
   * Adds to gradients.
   *
   * @param dOut [N, E] F32
   */
  void backward(Tensor dOut, TokenBatch batch) {
    for (Span span : batch.spans()) {
      if (table.trains(span)) {
        backward(span, slice(dOut, span));
      }
    }
  }

  private void backward(Span span, Tensor dy) {
    Arena.Mark mark = scratch().mark();
    Tensor scaled = dy;
    if (scale != 1) {
      scaled = Tensor.in(scratch(), DType.F32, dy.shape());
      activation().scale(scaled, dy, scale);
    }
    Tensor ids = slice(indices, span);
    List<TableBranch> branches = table.branches(span.adapters());
    if (scaled == dy && branches.stream().anyMatch(branch -> branch.magnitude().isPresent())) {
      scaled = Tensor.in(scratch(), DType.F32, dy.shape());
      tape.backend().transfers().copy(scaled, dy);
    }
    for (int k = branches.size() - 1; k >= 0; k--) {
      lengthsBackward(k, branches, span, scaled, ids);
      if (branches.get(k).trainable()) {
        backward(branches.get(k), span, scaled, ids);
      }
    }
    Optional<Tensor> gradient = table.acting(span.adapters()).gradient();
    if (gradient.isPresent()) {
      ops().scatterAdd(read(gradient.get()), scaled, ids);
    }
    scratch().reset(mark);
  }

  /** d, the gradient of what branch k made, becomes that of what it brought to its lengths. */
  private void lengthsBackward(int k, List<TableBranch> branches, Span span, Tensor d, Tensor ids) {
    TableBranch branch = branches.get(k);
    if (branch.magnitude().isEmpty()) {
      return;
    }
    Magnitude lengths = branch.magnitude().get();
    if (branch.trainable()) {
      Arena.Mark mark = scratch().mark();
      Tensor z = Tensor.in(scratch(), DType.F32, d.shape());
      ops().gather(z, read(table.acting(span.adapters()).values()), ids, false);
      branches.subList(0, k).forEach(before -> add(before, z, ids));
      addLow(branch, z, ids);
      activation().multiply(z, z, d);
      activation().affineColumns(z, z, 0, lengths.inverseNorm(), lengths.zero(), false);
      ColumnSums.add(tape, lengths.lengths().gradient(), z, 0, span.rows());
      scratch().reset(mark);
    }
    activation().affineColumns(d, d, 0, lengths.gain(), lengths.zero(), false);
  }

  private void backward(TableBranch branch, Span span, Tensor dy, Tensor ids) {
    Arena.Mark mark = scratch().mark();
    Tensor dLow = Tensor.in(scratch(), DType.F32, ids.dim(0), branch.rank());
    matmul().projectInputGradient(dLow, dy, 0, branch.b().value(), branch.scale(), false);
    ops().scatterAdd(read(branch.a().gradient()), dLow, ids);
    matmul()
        .projectWeightGradient(
            branch.b().gradient(), dy, 0, low(branch, ids), branch.scale(), span.rows());
    scratch().reset(mark);
  }

  private EmbeddingOps ops() {
    return tape.backend().embedding();
  }

  private MatmulOps matmul() {
    return tape.backend().matmul();
  }

  private ActivationOps activation() {
    return tape.backend().activation();
  }

  private Arena scratch() {
    return tape.scratch();
  }

  private static Tensor slice(Tensor tensor, Span span) {
    return tensor.slice(span.firstToken(), span.endToken());
  }
}
