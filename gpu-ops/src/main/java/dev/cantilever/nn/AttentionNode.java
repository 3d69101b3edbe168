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

/** Attention of packed rows to themselves; beside the output it keeps the log-sum-exp. */
final class AttentionNode implements Node {

  private final AttentionOps ops;
  private final AttentionSpec spec;
  private final PackedRows rows;
  private final Var qkv;
  private @Nullable Tensor lse; // [N, H] f32

  AttentionNode(AttentionOps ops, AttentionSpec spec, PackedRows rows, Var qkv) {
    this.ops = ops;
    this.spec = spec;
    this.rows = rows;
    this.qkv = qkv;
  }

  @Override
  public List<Var> inputs() {
    return List.of(qkv);
  }

  @Override
  public void forward(Tensor out, Arena arena) {
    Tensor input = qkv.value();
    lse = Tensor.in(arena, DType.F32, rows.tokens(), spec.heads());
    ops.attention(out, lse, input, rows, spec);
  }

  @Override
  public void backward(Var output, Tensor dOut) {
    if (!qkv.needsGradient()) {
      return;
    }
    Tensor out = output.value(); // if it was not kept, this computes lse again too
    Tensor sums = lse;
    if (sums == null) {
      throw new IllegalStateException("Expected forward to have run before backward");
    }
    ops.attentionBackward(qkv.gradient(), dOut, qkv.value(), out, sums, rows, spec);
  }
}
