package dev.cantilever.nn;

import dev.cantilever.autograd.Parameter;
import java.util.Optional;

/**
 * One low-rank branch of a table of embeddings: adds scale·B·a(id) to the embedding of a token,
 * with a(id) the row of A.
 *
 * @param adapter name of the adapter it belongs to
 * @param a [V, R] F32, with a row for each id: the transpose of A in files
 * @param b [E, R] F32
 * @param scale alpha/R, or alpha/√R
 * @param trainable whether gradients are wanted
 * @param magnitude lengths of the columns [E] of the table and branches so far together (DoRA), if
 *     it has such
 */
public record TableBranch(
    String adapter,
    Parameter a,
    Parameter b,
    float scale,
    boolean trainable,
    Optional<Magnitude> magnitude) {

  /** R. */
  int rank() {
    return b.value().size(1);
  }
}
