package dev.cantilever.backend.cuda;

/**
 * How the integers of an int8 weight [O, I] lie in memory, so that one copy serves the product and
 * its input gradient with 16-byte loads in both.
 *
 * <p>Rows and columns are padded with zeros to multiples of 32. A tile of 32 × 32 integers is 1,024
 * consecutive bytes; tiles lie row-major. A tile is 8 × 8 blocks of 4 × 4 integers, blocks
 * row-major, 16 bytes each; a block is row-major. So a lane of a warp that loads one block has 4
 * rows of 4 consecutive inputs (for the product) or, transposed by byte permutations, 4 columns of
 * 4 consecutive outputs (for the gradient), which are its fragments of two tensor-core tiles.
 *
 * <p>Offset of (o, i): ((o/32)·(I/32) + i/32)·1024 + ((o%32)/4·8 + (i%32)/4)·16 + (o%4)·4 + i%4.
 */
final class Int8Layout {

  /** Rows, and columns, of a tile. */
  static final int TILE = 32;

  private Int8Layout() {}

  /** Bytes of a weight. */
  static long bytes(int outFeatures, int inFeatures) {
    return (long) padded(outFeatures) * padded(inFeatures);
  }

  /** A dimension as it is stored. */
  static int padded(int features) {
    return (features + TILE - 1) / TILE * TILE;
  }
}
