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
  private static final int ENTRIES = 8192;

  /**
   * Rows whose logits for one chunk the workspace holds, where chunks are made as large as can be:
   * so many that reading the head's weight no longer bounds the product.
   */
  static final int MANY_ROWS = 128;

  /**
   * The chunks of a head in ascending order, which depend on the head and the backend, not on rows.
   * One of 8 bits is a single chunk: how its integers lie is its own business. Products by
   * warpgroups keep all multiprocessors busy whatever their size, so of theirs there are as few as
   * {@link RowLogits} has room for {@link #MANY_ROWS} rows of, and equally large.
   *
   * @param matrices of logits that are needed at once
   */
  static List<HeadChunk> of(Weight head, Execution execution, int matrices) {
    if (!(head instanceof DenseWeight dense)) {
      return List.of(new HeadChunk(0, head));
    }
    int each =
        WarpgroupProduct.takes(execution, head)
            ? wholeTiles(head.outFeatures(), RowLogits.entries(execution, MANY_ROWS, matrices))
            : ENTRIES;
    return cut(dense, each);
  }

  /** Entries of the fewest chunks of whole tiles and at most {@code most}, but for the last. */
  static int wholeTiles(int entries, int most) {
    int tiles = Grids.blocks(entries, Runs.TILE_M);
    int chunks = Grids.blocks(tiles, Math.max(1, most / Runs.TILE_M));
    return Grids.blocks(tiles, chunks) * Runs.TILE_M;
  }

  private static List<HeadChunk> cut(DenseWeight head, int each) {
    List<HeadChunk> chunks = new ArrayList<>();
    for (int first = 0; first < head.outFeatures(); first += each) {
      int from = first;
      int to = Math.min(first + each, head.outFeatures());
      chunks.add(
          new HeadChunk(
              first,
              new DenseWeight(
                  head.values().slice(from, to),
                  head.bias().map(bias -> bias.slice(from, to)),
                  Optional.empty())));
    }
    return chunks;
  }

  /** How many entries. */
  int entries() {
    return weight.outFeatures();
  }
}
