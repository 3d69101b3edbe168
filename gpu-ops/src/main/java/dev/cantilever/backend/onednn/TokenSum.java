package dev.cantilever.backend.onednn;

import static dev.cantilever.backend.onednn.ProductScratch.ROWS;
import static dev.cantilever.backend.onednn.Tile.LANES;
import static dev.cantilever.backend.onednn.Tile.SPECIES;
import static dev.cantilever.backend.onednn.Tile.STRIDE;
import static dev.cantilever.backend.onednn.Tile.WIDTH;

import dev.cantilever.memory.HostMemory;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/** Gradient of a small trainable matrix: a sum over tokens, sequence by sequence in order. */
final class TokenSum {
  /*
   * The smaller side of dp becomes the rows of the tiles, because they must be transposed to run
   * along tokens, and the larger side the columns, which lie right already. For LoRA's A [r, in]
   * the rows are those of dp, for its B [out, r] they are its columns, and dp is kept transposed
   * while the call lasts. The bits are the same either way. A task owns its part of dp for all
   * sequences, so the additions into dp keep their order whatever the threads do.
   */
  private final Workers workers;
  private final ProductScratch[] scratch;

  TokenSum(Workers workers, ProductScratch[] scratch) {
    this.workers = workers;
    this.scratch = scratch;
  }

  /** See {@link MatrixProduct#projectWeightGradient}. */
  void add(long dp, long dy, int ldy, long x, int[] offsets, int out, int in, float alpha) {
    requireAscending(offsets);
    boolean flipped = in < out;
    Side small = flipped ? new Side(x, in, in) : new Side(dy, out, ldy);
    Side large = flipped ? new Side(dy, out, ldy) : new Side(x, in, in);
    int rowBlocks = (small.size + ROWS - 1) / ROWS;
    int block = STRIDE;
    while (block > WIDTH && rowBlocks * ((large.size + block - 1) / block) < 2 * workers.count()) {
      block /= 2;
    }
    int blockColumns = block;
    int columnBlocks = (large.size + blockColumns - 1) / blockColumns;
    workers.parallel(
        rowBlocks * columnBlocks,
        (task, worker) -> {
          int row = task / columnBlocks * ROWS;
          int column = task % columnBlocks * blockColumns;
          Part part =
              new Part(
                  row,
                  Math.min(ROWS, small.size - row),
                  column,
                  Math.min(blockColumns, large.size - column));
          sum(dp, small, large, flipped, part, offsets, alpha, scratch[worker]);
        });
  }

  private record Side(long address, int size, int stride) {}

  private record Part(int row, int rows, int column, int columns) {
    int paddedRows() {
      return (rows + Tile.ROWS - 1) / Tile.ROWS * Tile.ROWS;
    }
  }

  private static void sum(
      long dp,
      Side small,
      Side large,
      boolean flipped,
      Part part,
      int[] offsets,
      float alpha,
      ProductScratch s) {
    exchange(dp, small, large, flipped, part, true, s);
    for (int sequence = 0; sequence + 1 < offsets.length; sequence++) {
      Arrays.fill(s.y, 0, part.paddedRows() * STRIDE, 0f);
      for (int t = offsets[sequence]; t < offsets[sequence + 1]; t += STRIDE) {
        int tokens = Math.min(STRIDE, offsets[sequence + 1] - t);
        accumulate(small, large, part, t, tokens, s);
      }
      for (int r = 0; r < part.rows; r++) {
        for (int c = r * STRIDE; c < r * STRIDE + part.columns; c += LANES) {
          FloatVector total = FloatVector.fromArray(SPECIES, s.total, c);
          FloatVector.fromArray(SPECIES, s.y, c)
              .fma(FloatVector.broadcast(SPECIES, alpha), total)
              .intoArray(s.total, c);
        }
      }
    }
    exchange(dp, small, large, flipped, part, false, s);
  }

  private static void accumulate(
      Side small, Side large, Part part, int token, int tokens, ProductScratch s) {
    for (int t = 0; t < tokens; t++) {
      long start = (long) (token + t) * small.stride + part.row;
      HostMemory.get(small.address + 4 * start, s.line, 0, part.rows);
      for (int r = 0; r < part.rows; r++) {
        s.x[r * STRIDE + t] = s.line[r];
      }
    }
    Arrays.fill(s.x, part.rows * STRIDE, part.paddedRows() * STRIDE, 0f);
    int firstPanel = part.column / WIDTH;
    for (int t = 0; t < tokens; t++) {
      long start = (long) (token + t) * large.stride + part.column;
      HostMemory.get(large.address + 4 * start, s.line, 0, part.columns);
      PanelReader.spread(s.line, large.size, firstPanel, part.columns, t, tokens, s.panels);
    }
    for (int p = 0, wo = 0; p * WIDTH < part.columns; p++) {
      int width = Tile.width(large.size, firstPanel + p);
      for (int r = 0; r < part.rows; r += Tile.ROWS) {
        Tile.run(s.x, r * STRIDE, s.panels, wo, width, tokens, s.y, r * STRIDE + p * WIDTH);
      }
      wo += tokens * width;
    }
  }

  /** Reads the part of dp into {@code total}, or writes it back. */
  private static void exchange(
      long dp,
      Side small,
      Side large,
      boolean flipped,
      Part part,
      boolean reading,
      ProductScratch s) {
    if (!flipped) {
      for (int r = 0; r < part.rows; r++) {
        long address = dp + 4 * ((long) (part.row + r) * large.size + part.column);
        if (reading) {
          HostMemory.get(address, s.total, r * STRIDE, part.columns);
        } else {
          HostMemory.put(address, s.total, r * STRIDE, part.columns);
        }
      }
      return;
    }
    for (int c = 0; c < part.columns; c++) {
      long address = dp + 4 * ((long) (part.column + c) * small.size + part.row);
      if (reading) {
        HostMemory.get(address, s.line, 0, part.rows);
      }
      for (int r = 0; r < part.rows; r++) {
        if (reading) {
          s.total[r * STRIDE + c] = s.line[r];
        } else {
          s.line[r] = s.total[r * STRIDE + c];
        }
      }
      if (!reading) {
        HostMemory.put(address, s.line, 0, part.rows);
      }
    }
  }

  private static void requireAscending(int[] offsets) {
    for (int i = 1; i < offsets.length; i++) {
      if (offsets[i] < offsets[i - 1]) {
        throw new IllegalArgumentException(
            "projectWeightGradient: expected ascending row offsets, found "
                + Arrays.toString(offsets)
                + "; pass the offsets of the packed batch");
      }
    }
  }
}
