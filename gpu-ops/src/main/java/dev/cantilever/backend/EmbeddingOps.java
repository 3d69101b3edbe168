package dev.cantilever.backend;

import dev.cantilever.tensor.Tensor;

/** Rows picked by index. */
public interface EmbeddingOps {

  /**
   * y[n] = table[ids[n]], or y[n] += table[ids[n]].
   *
   * @param y [N, C] F32
   * @param table [V, C] F32, F16 or BF16
   * @param ids [N] I32, each in [0, V)
   * @throws ShapeException naming the index, if one is out of range
   */
  void gather(Tensor y, Tensor table, Tensor ids, boolean accumulate);

  /**
   * Gradient of {@link #gather} from an activation: dx[ids[m]] += dy[m], in ascending m.
   *
   * @param dx [N, C] F32
   * @param dy [M, C] F32
   * @param ids [M] I32
   */
  void scatterAdd(Tensor dx, Tensor dy, Tensor ids);
}
