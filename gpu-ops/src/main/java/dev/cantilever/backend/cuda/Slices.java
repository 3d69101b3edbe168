package dev.cantilever.backend.cuda;

/**
 * How the inner dimension of a product on the tensor cores is cut: into stages of 64, and those
 * into slices whose sums are added in order. It follows from the weight, the direction and the
 * number of multiprocessors, so a sum never depends on the number of rows.
 *
 * @param stages stages in all
 * @param stagesEach of a slice; the last may have fewer
 */
record Slices(int stages, int stagesEach) {

  /** Inner elements of a stage, as in the kernels. */
  static final int STAGE_K = 64;

  /** Outputs of a block, as in the kernels. */
  static final int TILE_M = 128;

  /** Blocks of few rows that a multiprocessor holds at once. */
  private static final int BLOCKS_PER_MULTIPROCESSOR = 4;

  /** How much more evenly one more slice must share the work to be worth its sum. */
  private static final double WORTH_A_SLICE = 0.05;

  /** Least stages of a slice: below that its sum costs more to add than to make. */
  private static final int LEAST_STAGES = 4;

  /**
   * Cuts a product: of the numbers of slices whose blocks a card can hold at once, the one that
   * shares them out most evenly among the multiprocessors, and fewer where that costs little.
   *
   * @param m outputs
   * @param k size of the inner dimension
   */
  static Slices of(int m, int k, int multiprocessors) {
    int stages = Grids.blocks(k, STAGE_K);
    int tiles = Grids.blocks(m, TILE_M);
    int most = Math.min(BLOCKS_PER_MULTIPROCESSOR * multiprocessors / tiles, stages / LEAST_STAGES);
    int chosen = 1;
    double evenness = 0;
    for (int slices = 1; slices <= most; slices++) {
      double share = (double) tiles * slices / multiprocessors;
      if (share / Math.ceil(share) > evenness + WORTH_A_SLICE) {
        evenness = share / Math.ceil(share);
        chosen = slices;
      }
    }
    return new Slices(stages, Grids.blocks(stages, chosen));
  }

  /** How many slices. */
  int count() {
    return Grids.blocks(stages, stagesEach);
  }

  /** Elements of a row of rounded inputs: whole stages. */
  int pitch() {
    return stages * STAGE_K;
  }
}
