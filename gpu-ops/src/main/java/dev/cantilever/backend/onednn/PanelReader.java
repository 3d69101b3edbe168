package dev.cantilever.backend.onednn;

import static dev.cantilever.backend.onednn.Tile.LANES;
import static dev.cantilever.backend.onednn.Tile.SPECIES;
import static dev.cantilever.backend.onednn.Tile.STRIDE;
import static dev.cantilever.backend.onednn.Tile.WIDTH;

import dev.cantilever.memory.HostMemory;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Reads a block of a weight into panels: {@code [depth, width]} each, side by side, as {@link Tile}
 * wants them; columns beyond the matrix are zero.
 *
 * <p>Packed memory is the same panels for the whole depth: panel p starts at float {@code p * WIDTH
 * * depth}; a last panel of at most {@code LANES} columns is {@code LANES} wide.
 */
final class PanelReader {
  private static final VectorSpecies<Byte> BYTES =
      LANES == 16 ? ByteVector.SPECIES_128 : ByteVector.SPECIES_64;

  private PanelReader() {}

  /** Floats that the panels of a whole matrix take. */
  static long packedFloats(int columns, int depth) {
    int last = Tile.panels(columns) - 1;
    return ((long) last * WIDTH + Tile.width(columns, last)) * depth;
  }

  /**
   * Reads columns {@code [firstPanel * WIDTH, ...)} up to {@code columns}, at most {@code STRIDE},
   * over {@code depth} steps from {@code from}. With {@code transposed} a column of the panels is a
   * row of w (forward), else a column of w (input gradient).
   */
  static void read(
      WeightView w,
      boolean transposed,
      int firstPanel,
      int columns,
      int from,
      int depth,
      ProductScratch scratch) {
    int matrixColumns = transposed ? w.out() : w.in();
    int matrixDepth = transposed ? w.in() : w.out();
    switch (w.layout()) {
      case PACKED_FORWARD, PACKED_GRADIENT -> {
        for (int p = 0, to = 0; p * WIDTH < columns; p++) {
          int width = Tile.width(matrixColumns, firstPanel + p);
          long start = (long) (firstPanel + p) * WIDTH * matrixDepth + (long) from * width;
          HostMemory.get(w.address() + 4 * start, scratch.panels, to, depth * width);
          to += depth * width;
        }
      }
      case F32, F16, BF16, INT8 -> {
        if (transposed) {
          readRows(w, firstPanel, columns, from, depth, scratch);
        } else {
          readColumns(w, firstPanel, columns, from, depth, scratch);
        }
      }
    }
  }

  private static void readRows(
      WeightView w, int firstPanel, int columns, int from, int depth, ProductScratch scratch) {
    float[] rows = scratch.total;
    for (int p = 0, to = 0; p * WIDTH < columns; p++) {
      int width = Tile.width(w.out(), firstPanel + p);
      int present = Math.min(width, columns - p * WIDTH);
      for (int j = 0; j < present; j++) {
        long row = (long) (firstPanel + p) * WIDTH + j;
        elements(w, row * w.in() + from, rows, j * STRIDE, depth, scratch);
      }
      Arrays.fill(rows, present * STRIDE, width * STRIDE, 0f);
      transpose(rows, width, depth, scratch.panels, to);
      to += depth * width;
    }
  }

  /** {@code to[k * width + j] = rows[j * STRIDE + k]}, eight rows at a time to fill cache lines. */
  private static void transpose(float[] rows, int width, int depth, float[] to, int offset) {
    for (int j = 0; j < width; j += 8) {
      int r = j * STRIDE;
      for (int k = 0; k < depth; k++) {
        int t = offset + k * width + j;
        to[t] = rows[r + k];
        to[t + 1] = rows[r + STRIDE + k];
        to[t + 2] = rows[r + 2 * STRIDE + k];
        to[t + 3] = rows[r + 3 * STRIDE + k];
        to[t + 4] = rows[r + 4 * STRIDE + k];
        to[t + 5] = rows[r + 5 * STRIDE + k];
        to[t + 6] = rows[r + 6 * STRIDE + k];
        to[t + 7] = rows[r + 7 * STRIDE + k];
      }
    }
  }

  private static void readColumns(
      WeightView w, int firstPanel, int columns, int from, int depth, ProductScratch scratch) {
    for (int k = 0; k < depth; k++) {
      long start = (long) (from + k) * w.in() + (long) firstPanel * WIDTH;
      elements(w, start, scratch.line, 0, columns, scratch);
      spread(scratch.line, w.in(), firstPanel, columns, k, depth, scratch.panels);
    }
  }

  /** Spreads step {@code k} of a row of columns over the panels; clears {@code line}'s tail. */
  static void spread(
      float[] line,
      int matrixColumns,
      int firstPanel,
      int columns,
      int k,
      int depth,
      float[] panels) {
    int padded = (columns + LANES - 1) / LANES * LANES;
    Arrays.fill(line, columns, padded, 0f);
    for (int p = 0, to = 0; p * WIDTH < columns; p++) {
      int width = Tile.width(matrixColumns, firstPanel + p);
      for (int j = 0; j < width; j += LANES) {
        FloatVector.fromArray(SPECIES, line, p * WIDTH + j).intoArray(panels, to + k * width + j);
      }
      to += depth * width;
    }
  }

  /** Reads {@code length} elements from element {@code start} on, widened to f32. */
  private static void elements(
      WeightView w, long start, float[] to, int offset, int length, ProductScratch scratch) {
    switch (w.layout()) {
      case F32 -> HostMemory.get(w.address() + 4 * start, to, offset, length);
      case INT8 -> {
        HostMemory.get(w.address() + start, scratch.bytes, 0, length);
        widen(scratch.bytes, length, to, offset);
      }
      case F16 -> {
        HostMemory.get(w.address() + 2 * start, scratch.halves, 0, length);
        for (int i = 0; i < length; i++) {
          to[offset + i] = half(scratch.halves[i]);
        }
      }
      case BF16 -> {
        HostMemory.get(w.address() + 2 * start, scratch.halves, 0, length);
        for (int i = 0; i < length; i++) {
          to[offset + i] = Float.intBitsToFloat(scratch.halves[i] << 16);
        }
      }
      default -> throw new IllegalStateException("packed panels have no rows: " + w);
    }
  }

  /** Bytes as numbers. */
  static void widen(byte[] from, int length, float[] to, int offset) {
    int i = 0;
    for (; i + LANES <= length; i += LANES) {
      ByteVector bytes = ByteVector.fromArray(BYTES, from, i);
      ((FloatVector) bytes.convertShape(VectorOperators.B2F, SPECIES, 0)).intoArray(to, offset + i);
    }
    for (; i < length; i++) {
      to[offset + i] = from[i];
    }
  }

  /** Half precision to single: shift into place, then repair the exponent's bias by a product. */
  private static float half(short bits) {
    int magnitude = (bits & 0x7fff) << 13;
    int value = Float.floatToRawIntBits(Float.intBitsToFloat(magnitude) * 0x1p112f);
    if ((bits & 0x7c00) == 0x7c00) {
      value = magnitude | 0x7f800000; // infinity or NaN
    }
    return Float.intBitsToFloat(value | (bits & 0x8000) << 16);
  }
}
