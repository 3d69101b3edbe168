package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.AttentionOps;
import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Attention of packed rows to others; beside the output it keeps the log-sum-exp. */
final class CrossAttentionNode implements Node {

  private final AttentionOps ops;
  private final AttentionSpec spec;
  private final PackedRows rows;
  private final PackedRows keyRows;
  private final Var queries;
  private final Var keysValues;
  private @Nullable Tensor lse; // [N, H] f32

  CrossAttentionNode(
      AttentionOps ops,
      AttentionSpec spec,
      PackedRows rows,
      PackedRows keyRows,
      Var queries,
      Var keysValues) {
    this.ops = ops;
    this.spec = spec;
    this.rows = rows;
    this.keyRows = keyRows;
    this.queries = queries;
    this.keysValues = keysValues;
  }

  @Override
  public List<Var> inputs() {
    return List.of(queries, keysValues);
  }

  @Override
  public void forward(Tensor out, Arena arena) {
    Tensor asked = queries.value();
    Tensor found = keysValues.value();
    lse = Tensor.in(arena, DType.F32, rows.tokens(), spec.heads());
    ops.crossAttention(out, lse, asked, found, rows, keyRows, spec);
  }

  @Override
  public void backward(Var output, Tensor dOut) {
    if (!queries.needsGradient() && !keysValues.needsGradient()) {
      return;
    }
    Tensor out = output.value(); // if it was not kept, this computes lse again too
    Tensor sums = lse;
    if (sums == null) {
      throw new IllegalStateException("Expected forward to have run before backward");
    }
    ops.crossAttentionBackward(
        queries.gradient(),
        keysValues.gradient(),
        dOut,
        queries.value(),
        keysValues.value(),
        out,
        sums,
        rows,
        keyRows,
        spec);
  }
}
