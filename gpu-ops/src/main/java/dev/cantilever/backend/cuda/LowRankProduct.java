package dev.cantilever.backend.cuda;

import dev.cantilever.backend.LowRankTerm;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.backend.cuda.driver.LaunchBuffer;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/**
 * Low-rank branches of a linear layer in fp32 on the CUDA cores, in two launches for up to {@link
 * #MOST_TERMS} terms: slices of the sums h = x·Aᵀ of all of them, then what they add to y. A block
 * keeps few registers and little shared memory, so that there is room beside another kernel's.
 */
final class LowRankProduct {

  static final KernelSource KERNELS = KernelSource.of(LowRankProduct.class, "low_rank.cu");

  /** Terms of a launch and the ranges that they can be cut into, as in the kernels. */
  static final int MOST_TERMS = 8;

  static final int MOST_RANGES = 2 * MOST_TERMS - 1;

  private static final int TERM_WORDS = 4;
  private static final int RANGE_INTEGERS = 4;

  /** Columns of h that a block has at once; each term takes whole tiles of them. */
  private static final int RANKS = 16;

  /** Rows of a block of either kernel, and threads. */
  private static final int ROWS = 16;

  private static final int THREADS = 256;

  /** Columns of y that a block of {@code low_rank_outputs} has at once. */
  private static final int COLUMNS = 256;

  /** Blocks a multiprocessor; beyond, a block takes more columns, for which it adds slices once. */
  private static final int BLOCKS = 3;

  private final Execution execution;

  LowRankProduct(Execution execution) {
    this.execution = execution;
  }

  /** See {@link dev.cantilever.backend.MatmulOps#lowRank}. */
  void add(Tensor y, Tensor x, List<LowRankTerm> terms) {
    for (int from = 0; from < terms.size(); from += MOST_TERMS) {
      addTogether(y, x, terms.subList(from, Math.min(from + MOST_TERMS, terms.size())));
    }
  }

  /** In pieces of as many rows as have their slices' sums in half of the workspace. */
  private void addTogether(Tensor y, Tensor x, List<LowRankTerm> terms) {
    int rows = x.size(0);
    int tiles = terms.stream().mapToInt(LowRankProduct::tiles).sum();
    int slices = Grids.blocks(x.size(1), Projections.SLICE);
    if (rows == 0 || tiles == 0 || slices == 0) {
      return; // the second kernel relies on the first, which has waited for what it reads
    }
    long rowBytes = (long) Float.BYTES * RANKS * tiles * slices;
    int atOnce = (int) Math.max(1, Math.min(rows, execution.workspaceBytes() / 2 / rowBytes));
    Arena workspace = execution.workspace();
    Arena.Mark mark = workspace.mark();
    try {
      long partial = workspace.allocate(rowBytes * atOnce);
      for (int from = 0; from < rows; from += atOnce) {
        int to = Math.min(rows, from + atOnce);
        slices(partial, x.slice(from, to), terms, tiles, slices);
        outputs(y.slice(from, to), partial, terms, slices);
      }
    } finally {
      workspace.reset(mark);
    }
  }

  private void slices(long partial, Tensor x, List<LowRankTerm> terms, int tiles, int slices) {
    LaunchBuffer launch =
        launch("low_rank_slices")
            .pointer(partial)
            .pointer(x)
            .integer(x.size(0))
            .integer(x.size(1))
            .integer(terms.size());
    int rowBlocks = Grids.blocks(x.size(0), ROWS);
    Relay.Place place = execution.relay().place((long) rowBlocks * tiles * slices);
    place.in(terms(launch, terms));
    if (place.present()) {
      launch.early();
    }
    launch.run(rowBlocks, tiles, slices, THREADS, 0);
  }

  private void outputs(Tensor y, long partial, List<LowRankTerm> terms, int slices) {
    List<ColumnRange> ranges = ColumnRange.of(terms);
    int rowBlocks = Grids.blocks(y.size(0), ROWS);
    long columnTiles = ranges.stream().mapToLong(r -> Grids.blocks(r.columns(), COLUMNS)).sum();
    int tilesEach =
        Grids.blocks(columnTiles * rowBlocks, BLOCKS * execution.device().multiprocessors());
    LaunchBuffer launch =
        launch("low_rank_outputs")
            .pointer(y)
            .integer(y.size(1))
            .pointer(partial)
            .integer(y.size(0))
            .integer(slices)
            .integer(tilesEach)
            .integer(ranges.size());
    int blocks = 0;
    for (ColumnRange range : ranges) {
      launch
          .integer(range.column())
          .integer(range.columns())
          .integer(blocks)
          .integer(range.terms());
      blocks += Grids.blocks(Grids.blocks(range.columns(), COLUMNS), tilesEach);
    }
    for (int i = 0; i < RANGE_INTEGERS * (MOST_RANGES - ranges.size()); i++) {
      launch.integer(0);
    }
    execution.relay().place((long) rowBlocks * blocks).in(terms(launch, terms));
    if (execution.hopper()) {
      launch.early();
    }
    launch.run(rowBlocks, blocks, 1, THREADS, 0);
  }

  /** All terms as the kernels take them, and nothing in the places left. */
  private static LaunchBuffer terms(LaunchBuffer launch, List<LowRankTerm> terms) {
    int tile = 0;
    for (LowRankTerm term : terms) {
      launch
          .pointer(term.a())
          .pointer(term.b())
          .real(term.scale())
          .integer(term.rank())
          .integer(term.column())
          .integer(tile);
      tile += tiles(term);
    }
    for (int i = 0; i < TERM_WORDS * (MOST_TERMS - terms.size()); i++) {
      launch.integer64(0);
    }
    return launch;
  }

  private static int tiles(LowRankTerm term) {
    return Grids.blocks(term.rank(), RANKS);
  }

  private LaunchBuffer launch(String kernel) {
    return execution.kernels().kernel(KERNELS, kernel).with();
  }
}
