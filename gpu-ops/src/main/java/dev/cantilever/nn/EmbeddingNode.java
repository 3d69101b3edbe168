package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Tape;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.ActivationOps;
import dev.cantilever.backend.EmbeddingOps;
import dev.cantilever.backend.MatmulOps;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * Sum of the embeddings of token, times its factor, position and type, where there are such. Only
 * those of tokens can be trained: dTable(id) += scale·dy over the tokens of that id, in ascending
 * order. Of a branch, which adds l = s·B·a(id) to the embedding: da(id) += s·Bᵀ·scale·dy likewise,
 * and dB += s·scale·dyᵀ·a, row of the batch by row. One with lengths makes g·(z + l) of the z
 * before it, as in a linear layer: added are l and (g − 1)·(z + l), and gradients go through the
 * branches from the last to the first.
 */
record EmbeddingNode(
    Tape tape,
    EmbeddingTable tokens,
    float scale,
    Optional<Tensor> positions,
    Optional<Tensor> types,
    TokenBatch batch)
    implements Node {

  @Override
  public List<Var> inputs() {
    return List.of();
  }

  @Override
  public void forward(Tensor out, Arena arena) {
    EmbeddingOps ops = tape.backend().embedding();
    if (tokens.isAdapted()) {
      for (Span span : batch.spans()) {
        Tensor y = slice(out, span);
        Tensor ids = slice(batch.ids(), span);
        ops.gather(y, tokens.acting(span.adapters()).values(), ids, false);
        tokens.branches(span.adapters()).forEach(branch -> add(branch, y, ids));
      }
    } else {
      ops.gather(out, tokens.values(), batch.ids(), false);
    }
    if (scale != 1) {
      tape.backend().activation().scale(out, out, scale);
    }
    positions.ifPresent(table -> ops.gather(out, table, batch.positions(), true));
    types.ifPresent(table -> ops.gather(out, table, typesOfTokens(), true));
  }

  private Tensor typesOfTokens() {
    return batch
        .types()
        .orElseThrow(
            () -> new IllegalStateException("Expected a batch with the types of its tokens"));
  }

  private void add(TableBranch branch, Tensor y, Tensor ids) {
    addLow(branch, y, ids);
    if (branch.magnitude().isPresent()) {
      Magnitude lengths = branch.magnitude().get();
      activation().affineColumns(y, y, 0, lengths.excess(), lengths.zero(), true);
    }
  }

  private void addLow(TableBranch branch, Tensor y, Tensor ids) {
    Arena scratch = tape.scratch();
    Arena.Mark mark = scratch.mark();
    Tensor low = low(branch, ids);
    tape.backend().matmul().project(y, 0, low, branch.b().value(), branch.scale(), true);
    scratch.reset(mark);
  }

  /** Rows of a branch's first matrix, [n, R] of scratch. */
  private Tensor low(TableBranch branch, Tensor ids) {
    Tensor low = Tensor.in(tape.scratch(), DType.F32, ids.dim(0), branch.rank());
    tape.backend().embedding().gather(low, branch.a().value(), ids, false);
    return low;
  }

  @Override
  public void backward(Var output, Tensor dOut) {
    for (Span span : batch.spans()) {
      if (tokens.trains(span)) {
        backward(span, slice(dOut, span));
      }
    }
  }

  private void backward(Span span, Tensor dy) {
    Arena scratch = tape.scratch();
    Arena.Mark mark = scratch.mark();
    Tensor scaled = dy;
    if (scale != 1) {
      scaled = Tensor.in(scratch, DType.F32, dy.shape());
      tape.backend().activation().scale(scaled, dy, scale);
    }
    Tensor ids = slice(batch.ids(), span);
    List<TableBranch> branches = tokens.branches(span.adapters());
    if (scaled == dy && branches.stream().anyMatch(branch -> branch.magnitude().isPresent())) {
      scaled = Tensor.in(scratch, DType.F32, dy.shape());
      tape.backend().transfers().copy(scaled, dy);
    }
    for (int k = branches.size() - 1; k >= 0; k--) {
      lengthsBackward(k, branches, span, scaled, ids);
      if (branches.get(k).trainable()) {
        backward(branches.get(k), span, scaled, ids);
      }
    }
    Optional<Tensor> table = tokens.acting(span.adapters()).gradient();
    if (table.isPresent()) {
      tape.backend().embedding().scatterAdd(table.get(), scaled, ids);
    }
    scratch.reset(mark);
  }

  /** d, the gradient of what branch k made, becomes that of what it brought to its lengths. */
  private void lengthsBackward(int k, List<TableBranch> branches, Span span, Tensor d, Tensor ids) {
    TableBranch branch = branches.get(k);
    if (branch.magnitude().isEmpty()) {
      return;
    }
    Magnitude lengths = branch.magnitude().get();
    if (branch.trainable()) {
      Arena scratch = tape.scratch();
      Arena.Mark mark = scratch.mark();
      Tensor z = Tensor.in(scratch, DType.F32, d.shape());
      tape.backend().embedding().gather(z, tokens.acting(span.adapters()).values(), ids, false);
      branches.subList(0, k).forEach(before -> add(before, z, ids));
      addLow(branch, z, ids);
      activation().multiply(z, z, d);
      activation().affineColumns(z, z, 0, lengths.inverseNorm(), lengths.zero(), false);
      ColumnSums.add(tape, lengths.lengths().gradient(), z, 0, span.rows());
      scratch.reset(mark);
    }
    activation().affineColumns(d, d, 0, lengths.gain(), lengths.zero(), false);
  }

  private void backward(TableBranch branch, Span span, Tensor dy, Tensor ids) {
    Arena scratch = tape.scratch();
    Arena.Mark mark = scratch.mark();
    MatmulOps matmul = tape.backend().matmul();
    Tensor dLow = Tensor.in(scratch, DType.F32, ids.dim(0), branch.rank());
    matmul.projectInputGradient(dLow, dy, 0, branch.b().value(), branch.scale(), false);
    tape.backend().embedding().scatterAdd(branch.a().gradient(), dLow, ids);
    matmul.projectWeightGradient(
        branch.b().gradient(), dy, 0, low(branch, ids), branch.scale(), span.rows());
    scratch.reset(mark);
  }

  private ActivationOps activation() {
    return tape.backend().activation();
  }

  private static Tensor slice(Tensor tensor, Span span) {
    return tensor.slice(span.firstToken(), span.endToken());
  }
}
