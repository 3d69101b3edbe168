package dev.cantilever.backend.cuda;

/**
 * How the inner dimensions of all tiles of a product by warpgroups are cut among blocks, as {@code
 * run_start} in {@code product_runs.cuh} says. It follows from the weight, the direction and the
 * number of multiprocessors, so a sum never depends on the number of rows.
 *
 * @param stages that the inner dimension of a tile has
 * @param tiles of the outputs
 * @param count runs in all
 * @param each runs of a tile, or 0 where runs go on from a tile to the next
 */
record Runs(int stages, int tiles, int count, int each) {

  /** Inner elements of a stage, as in the kernels. */
  static final int STAGE_K = 64;

  /** Outputs of a tile, as in the kernels. */
  static final int TILE_M = 256;

  /** Least stages of a run: below that its sums cost more to add than to make. */
  private static final int LEAST_STAGES = 4;

  /** Stages of an inner dimension. */
  static int stages(int k) {
    return Grids.blocks(k, STAGE_K);
  }

  /**
   * Cuts a product. A tile has runs of its own where there are two multiprocessors for each; else
   * there is a run a multiprocessor, of equal cost: its stages, and a few for each tile that it
   * finishes. Blocks of a tile's own runs wait for each other: they never take more than half of
   * the multiprocessors, so that two products side by side, each with a tile that is not all on the
   * card yet, leave room for the rest of one.
   *
   * @param m outputs
   * @param stages of the inner dimension, see {@link #stages}
   */
  static Runs of(int m, int stages, int multiprocessors) {
    int tiles = Grids.blocks(m, TILE_M);
    if (2 * tiles > multiprocessors) {
      return new Runs(stages, tiles, multiprocessors, 0);
    }
    int most = Math.min(multiprocessors / tiles, multiprocessors / 2);
    int each = Math.max(1, Math.min(most, stages / LEAST_STAGES));
    return new Runs(stages, tiles, tiles * each, each);
  }
}
