package dev.cantilever.backend.cuda;

import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Weight;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Some entries of the vocabulary, with the rows of the output head that make their logits.
 *
 * @param first the first entry
 * @param weight the head's rows from there on
 */
record HeadChunk(int first, Weight weight) {

  /** Entries of a chunk. 32 KiB of logits a row: products of many rows, whose logits fit L2. */
  static final int ENTRIES = 8192;

  /**
   * The chunks of a head in ascending order, which depend on the head alone. One of 8 bits is a
   * single chunk: how its integers lie is its own business.
   */
  static List<HeadChunk> of(Weight head) {
    if (!(head instanceof DenseWeight dense)) {
      return List.of(new HeadChunk(0, head));
    }
    List<HeadChunk> chunks = new ArrayList<>();
    for (int first = 0; first < head.outFeatures(); first += ENTRIES) {
      int from = first;
      int to = Math.min(first + ENTRIES, head.outFeatures());
      chunks.add(
          new HeadChunk(
              first,
              new DenseWeight(
                  dense.values().slice(from, to),
                  dense.bias().map(bias -> bias.slice(from, to)),
                  Optional.empty())));
    }
    return chunks;
  }

  /** How many entries. */
  int entries() {
    return weight.outFeatures();
  }
}
