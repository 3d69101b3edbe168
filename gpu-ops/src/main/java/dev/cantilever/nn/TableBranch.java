package dev.cantilever.nn;

import dev.cantilever.autograd.Parameter;

/**
 * One low-rank branch of a table of embeddings: adds scale·B·a(id) to the row of an id.
 *
 * @param adapter name of the adapter it belongs to
 * @param a [V, R], a row an id: what files have as A, transposed
 * @param b [E, R]
 * @param scale alpha/R, or alpha/√R
 * @param trainable whether gradients are wanted
 */
public record TableBranch(
    String adapter, Parameter a, Parameter b, float scale, boolean trainable) {

  /** R. */
  int rank() {
    return b.value().size(1);
  }
}
