package dev.cantilever.nn;

import dev.cantilever.autograd.Node;
import dev.cantilever.autograd.Var;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.UnsupportedOpException;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/**
 * Each token's neighbours of its row side by side, [N, kernel·C] out of [N, C], from (kernel − 1)/2
 * before it to as many behind; zeros where the row has none. Has no backward: what is convolved are
 * embeddings, which are frozen.
 */
record NeighboursNode(Pass pass, int kernel, Var x) implements Node {

  @Override
  public List<Var> inputs() {
    return List.of(x);
  }

  /** Rows of a table of all tokens and, behind them, zeros. */
  @Override
  public void forward(Tensor out, Arena arena) {
    Tensor input = x.value();
    long tokens = input.dim(0);
    long width = input.dim(1);
    Backend backend = pass.tape().backend();
    Arena scratch = pass.tape().scratch();
    Arena.Mark mark = scratch.mark();
    Tensor table = Tensor.in(scratch, DType.F32, tokens + 1, width);
    backend.transfers().copy(table.slice(0, tokens), input);
    backend.transfers().zero(table.slice(tokens, tokens + 1));
    Tensor indices = Tensor.in(scratch, DType.I32, tokens * kernel);
    backend.transfers().upload(indices, neighbours(pass.batch().rows()));
    backend.embedding().gather(out.reshape(tokens * kernel, width), table, indices, false);
    scratch.reset(mark);
  }

  private int[] neighbours(PackedRows rows) {
    int[] indices = new int[rows.tokens() * kernel];
    for (int row = 0; row < rows.rows(); row++) {
      for (int token = rows.start(row); token < rows.end(row); token++) {
        for (int tap = 0; tap < kernel; tap++) {
          int neighbour = token + tap - kernel / 2;
          boolean inside = neighbour >= rows.start(row) && neighbour < rows.end(row);
          indices[token * kernel + tap] = inside ? neighbour : rows.tokens();
        }
      }
    }
    return indices;
  }

  @Override
  public void backward(Var output, Tensor dOut) {
    if (x.needsGradient()) {
      throw new UnsupportedOpException(
          "convolution: expected embeddings that need no gradient, found some that do. Keep models with a convolution frozen.");
    }
  }
}
