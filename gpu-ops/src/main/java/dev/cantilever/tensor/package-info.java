/**
 * Data without arithmetic: element types, shapes, tensors and frozen weights.
 *
 * <p>Enter by {@link dev.cantilever.tensor.Tensor}. A tensor is a typed, shaped, dense, row-major
 * view of bytes in an arena; it cannot be closed and owns nothing. {@link
 * dev.cantilever.tensor.Weight} is the frozen matrix of a linear layer in one of its storage forms.
 * {@link dev.cantilever.tensor.PackedRows} says where each sequence lies in a flat batch: rows are
 * packed one behind the other, never padded.
 *
 * <p>Dimension letters, the same in every signature of the module:
 *
 * <ul>
 *   <li>N tokens of a packed batch; B rows (sequences); T length of a row; S keys seen by a token
 *   <li>C hidden size; E width of the token embedding, which is C but in a few models
 *   <li>H heads; K key/value heads; D head size; F feed-forward size
 *   <li>V vocabulary; R rank of an adapter; L layers; M selected tokens (those whose logits matter)
 *   <li>O, I outputs and inputs of a linear layer, whose weight is [O, I] and applied as x·Wᵀ
 * </ul>
 *
 * <p>Invariant: everything here is immutable; what the bytes hold is the business of whoever writes
 * through a backend. This package may use {@code memory} only.
 */
@NullMarked
package dev.cantilever.tensor;

import org.jspecify.annotations.NullMarked;
