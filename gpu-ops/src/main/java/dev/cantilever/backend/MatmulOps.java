package dev.cantilever.backend;

import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.List;

/**
 * Products. Two kinds: {@code linear} with a frozen {@link Weight} in its storage form, and {@code
 * project} and {@code lowRank} with small trainable fp32 matrices (LoRA A and B, the value head).
 *
 * <p>Activations are F32; accumulation is fp32, or exact int32 for int8 times int8.
 */
public interface MatmulOps {

  /**
   * y = x·Wᵀ + b.
   *
   * @param y [N, O] F32, overwritten
   * @param x [N, I] F32
   */
  void linear(Tensor y, Tensor x, Weight w);

  /**
   * y = r + (x·Wᵀ + b), with the bits of the product by itself, then rounded once more by the sum.
   *
   * @param y [N, O] F32, overwritten
   * @param x [N, I] F32
   * @param residual r, [N, O] F32, another tensor than y
   */
  void linear(Tensor y, Tensor x, Weight w, Tensor residual);

  /**
   * y = r + (x₁·W₁ᵀ + b₁) + (x₂·W₂ᵀ + b₂), where attention and MLP of a block leave for the
   * residual stream side by side: one product over both inner dimensions where a backend has one,
   * else one after the other. The order of the sum follows from the weights alone, as everywhere.
   *
   * @param y [N, O] F32, overwritten
   * @param first of any number of inputs
   * @param second of another number
   * @param residual r, [N, O] F32, another tensor than y
   */
  void linearSum(Tensor y, LinearTerm first, LinearTerm second, Tensor residual);

  /**
   * y₁ = x₁·W₁ᵀ + b₁ and y₂ = x₂·W₂ᵀ + b₂, each with the bits of {@link #linear(Tensor, Tensor,
   * Weight)}, and a fork: its first group may read and write y₁ and its second y₂, neither the
   * other's, nor the first what the second product reads. A backend may make the second while the
   * first group runs already, so that neither the end of the first product nor what is made of it
   * leaves memory idle: unlike other forks' its first group begins when the first product is made,
   * and with branches of the first layer, which read x₁, before that.
   *
   * @param y1 [N, O₁] F32, overwritten
   * @param first of any number of inputs; the first group reads no y₁ as an input of {@link
   *     #lowRank}
   * @param y2 [N, O₂] F32, overwritten by the time the second group begins
   * @param second of another number
   * @return the fork, in its first group, which the caller closes
   */
  Fork linearPair(Tensor y1, LinearTerm first, Tensor y2, LinearTerm second);

  /**
   * Gradient with respect to the input: dx = dy·W, or dx += dy·W. An int8 weight takes part
   * dequantised in either mode, as in bitsandbytes; dy is never quantised.
   *
   * @param dx [N, I] F32
   * @param dy [N, O] F32
   */
  void linearInputGradient(Tensor dx, Tensor dy, Weight w, boolean accumulate);

  /**
   * y = alpha·x·Pᵀ, or y += alpha·x·Pᵀ into columns {@code [column, column + O)} of y.
   *
   * @param y [N, Y] F32 with Y ≥ column + O
   * @param x [N, I] F32
   * @param p [O, I] F32
   */
  void project(Tensor y, int column, Tensor x, Tensor p, float alpha, boolean accumulate);

  /**
   * dx = alpha·dy·P, or dx += alpha·dy·P, reading columns {@code [column, column + O)} of dy.
   *
   * @param dx [N, I] F32
   * @param dy [N, Y] F32
   * @param p [O, I] F32
   */
  void projectInputGradient(
      Tensor dx, Tensor dy, int column, Tensor p, float alpha, boolean accumulate);

  /**
   * dP += alpha·dyᵀ·x over columns {@code [column, column + O)} of dy. The sum over tokens runs row
   * by row in order, each row's own sum apart from its neighbours', so that splitting a batch
   * between rows continues the same chain of additions.
   *
   * @param dp [O, I] F32, added to
   * @param dy [N, Y] F32
   * @param x [N, I] F32
   * @param rows the rows of the N tokens
   */
  void projectWeightGradient(
      Tensor dp, Tensor dy, int column, Tensor x, float alpha, PackedRows rows);

  /**
   * The low-rank branches of a linear layer (Hu et al. 2021), term after term in the order of the
   * list: y += scale·(x·Aᵀ)·Bᵀ in columns {@code [column, column + O')} of y. Ranks may differ and
   * columns overlap; what is between, x·Aᵀ, is the backend's scratch.
   *
   * @param y [N, Y] F32 with Y ≥ column + O' of every term; added to
   * @param x [N, I] F32
   * @param terms each with A [R, I] and B [O', R]; none at all adds nothing
   */
  void lowRank(Tensor y, Tensor x, List<LowRankTerm> terms);

  /** Bytes of {@link Int8Weight#data} for a weight of this size on this backend. */
  long int8Bytes(int outFeatures, int inFeatures);

  /**
   * Quantises a matrix row by row into {@code target.data()} and {@code target.absmax()}. A row of
   * zeros has absmax 0 and integers 0.
   *
   * @param source [O, I] F32, F16 or BF16; the division runs on the values as stored
   */
  void quantize(Int8Weight target, Tensor source);

  /**
   * Lays integers that were quantised elsewhere into {@code target.data()}; {@link #readInt8} reads
   * the same again. {@code target.absmax()} is not touched.
   *
   * @param source [O, I] I8, row-major, in −127..127
   */
  void writeInt8(Int8Weight target, Tensor source);

  /**
   * Reads the integers back in row-major order.
   *
   * @param target [O, I] I8
   */
  void readInt8(Tensor target, Int8Weight source);

  /**
   * Fills a weight with random integers, made on the device: q[o, i] uniform in −127..127, every
   * absmax the same. Element (o, i) depends on the key and on o·I + i alone, so it is the same on
   * every backend whatever the layout: with w the word {@code e mod 4} of Philox4x32-10 at key and
   * counter (low and high half of ⌊e/4⌋, 2, 0), e = o·I + i, q = ⌊w·255/2³²⌋ − 127.
   *
   * @param absmax of every row
   */
  void randomInt8(Int8Weight target, float absmax, long key);

  /** Bytes of a panel for a weight, or 0 where this backend has no use for one. */
  long panelBytes(Weight w);

  /** Fills {@code w.panel()}, which must be present and of {@link #panelBytes} bytes. */
  void buildPanel(Weight w);
}
