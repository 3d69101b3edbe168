package dev.cantilever.backend.cuda;

/**
 * How the inner dimensions of all tiles of a product by warpgroups are cut among blocks, as {@code
 * run_start} in {@code product_runs.cuh} says. It follows from the weight, the direction and the
 * number of multiprocessors, so a sum never depends on the number of rows.
 *
 * @param stages that the inner dimension of a tile has
 * @param tiles of the outputs
 * @param count runs in all
 * @param finish what finishing a tile costs the run that does it, in stages
 * @param shared whether all blocks that have a part of a tile finish it together
 */
record Runs(int stages, int tiles, int count, int finish, boolean shared) {

  /** Inner elements of a stage, as in the kernels. */
  static final int STAGE_K = 64;

  /** Outputs of a tile, as in the kernels. */
  static final int TILE_M = 256;

  /** Least stages of a run: below that its sums cost more to add than to make. */
  private static final int LEAST_STAGES = 4;

  /** What finishing a tile costs, or having parts of two. */
  private static final int FINISH = 4;

  /** Stages of an inner dimension. */
  static int stages(int k) {
    return Grids.blocks(k, STAGE_K);
  }

  /**
   * Cuts a product. Where there are two multiprocessors for a tile its blocks finish it together:
   * each has a run of one tile, or where that makes the longest run shorter, all tiles' stages are
   * cut into runs of equal cost, which are their stages and a few where they end a tile. Else there
   * is such a run a multiprocessor, and a tile is finished by the block that has its end.
   *
   * <p>Blocks that finish a tile together wait for each other, so they never take more than half of
   * the multiprocessors: two products side by side, each with a tile that is not all on the card
   * yet, leave room for the rest of one.
   *
   * @param m outputs
   * @param stages of the inner dimension, see {@link #stages}
   */
  static Runs of(int m, int stages, int multiprocessors) {
    int tiles = Grids.blocks(m, TILE_M);
    if (2 * tiles > multiprocessors) {
      return new Runs(stages, tiles, multiprocessors, FINISH, false);
    }
    int most = Math.min(multiprocessors / tiles, multiprocessors / 2);
    int each = Math.max(1, Math.min(most, stages / LEAST_STAGES));
    int even = Grids.blocks(tiles * (stages + FINISH), multiprocessors);
    return each == multiprocessors / tiles && even < Grids.blocks(stages, each)
        ? new Runs(stages, tiles, multiprocessors, FINISH, true)
        : new Runs(stages, tiles, tiles * each, 0, each > 1);
  }

  /** Cost of the longest run, in stages. */
  int longest() {
    return Grids.blocks(tiles * (stages + finish), count);
  }

  /**
   * Places for sums of a whole tile that blocks have aside: one a block where blocks have whole
   * tiles of many rows, else one a run, and one more a tile where runs have parts of two.
   *
   * @param blocks the most that a launch has
   */
  int asides(int blocks) {
    return Math.max(blocks, shared ? count + tiles : count);
  }

  /**
   * Bytes of these places.
   *
   * @param tileRows rows of a tile
   * @param blocks as in {@link #asides}
   */
  long asideBytes(int tileRows, int blocks) {
    return (long) Float.BYTES * TILE_M * tileRows * asides(blocks);
  }
}
