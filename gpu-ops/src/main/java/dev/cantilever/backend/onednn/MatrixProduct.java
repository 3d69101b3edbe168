package dev.cantilever.backend.onednn;

import static dev.cantilever.backend.onednn.Tile.LANES;
import static dev.cantilever.backend.onednn.Tile.SPECIES;
import static dev.cantilever.backend.onednn.Tile.STRIDE;
import static dev.cantilever.backend.onednn.Tile.WIDTH;

import dev.cantilever.backend.onednn.WeightView.Layout;
import dev.cantilever.memory.HostMemory;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Products of packed rows with weights, in f32, and the exact int8 product.
 *
 * <p>Each output element is the chain {@code acc = fma(x[r, k], w[c, k], acc)} from zero, k
 * ascending, then the epilogue. So its bits depend on the row, the weight and the direction alone:
 * the reduction contract, for any number of rows, neighbours, workers, and whether the weight was
 * packed before or is packed on the way. Matrices are row-major and contiguous at raw addresses of
 * any alignment; an output must not overlap an input.
 */
final class MatrixProduct {
  /*
   * Why not oneDNN's sgemm: over a whole matrix its bits may change with the number of rows. On tiles
   * of fixed size (8 to 96 rows, AVX-512) they kept still, at roughly half of the whole-matrix rate,
   * since the weight is packed anew for each tile; and its OpenMP threads starve when anything else
   * runs on the machine (whole-matrix calls fell by factors of 10 and more). The chain below has the
   * contract by construction, and the same bits on AVX2 and AVX-512.
   *
   * GFLOP/s of one thread, best of 0.2 s, ranges of three runs on a 2-core AVX-512 machine that was
   * busy with other work throughout (load 5 to 10), so only the order of magnitude is firm:
   *
   *   rows x out x in   sgemm, whole   packed    int8 row-major   gradient, packed
   *    64 x  768 x 256    134-159      77-126       29-58            77-111
   *   224 x  256 x 256    158-172      96-98        89-99            68-94
   *   224 x 1024 x 256    161-165      76-121       74-86            74-107
   *    64 x  256 x 1024   132-141     103-119       66-92            81-124
   *   800 x  768 x 256    143-166      75-116       64-97            78-127
   *
   * The tile alone makes 142 to 176. On AVX2 (forced): sgemm 69 to 89, packed 33 to 45.
   */
  /** Longest inner dimension at which 127 * 127 products cannot leave the int32 range. */
  static final int MAX_INT8_DEPTH = 130_000;

  /** 128 * 128 * 1024 is 2^24: partial sums of this depth are exact in f32. */
  private static final int EXACT_DEPTH = 1024;

  /** Below this many multiply-adds a second thread costs more than it brings. */
  private static final long ALONE = 400_000;

  private final Workers workers;
  private final ProductScratch[] scratch;
  private final TokenSum tokenSum;

  MatrixProduct(Workers workers) {
    this.workers = workers;
    scratch = new ProductScratch[workers.count()];
    Arrays.setAll(scratch, i -> new ProductScratch());
    tokenSum = new TokenSum(workers, scratch);
  }

  /** Bytes of Java heap that the blocks of all workers hold for as long as this object lives. */
  long scratchBytes() {
    return scratch.length * ProductScratch.bytes();
  }

  /** Bytes that {@link #packForward} writes for w[out, in]: 4 for an element, and padding. */
  static long packedForwardBytes(int out, int in) {
    return 4 * PanelReader.packedFloats(out, in);
  }

  /** Bytes that {@link #packGradient} writes for w[out, in]. */
  static long packedGradientBytes(int out, int in) {
    return 4 * PanelReader.packedFloats(in, out);
  }

  /**
   * Writes the f32 panels of {@code w} for {@link #forward} to the caller's memory of {@link
   * #packedForwardBytes} bytes. Results with them have the same bits as without.
   */
  WeightView packForward(long to, WeightView w) {
    pack(to, w, true);
    return new WeightView(to, Layout.PACKED_FORWARD, w.out(), w.in());
  }

  /** As {@link #packForward}, for {@link #inputGradient}. */
  WeightView packGradient(long to, WeightView w) {
    pack(to, w, false);
    return new WeightView(to, Layout.PACKED_GRADIENT, w.out(), w.in());
  }

  private void pack(long to, WeightView w, boolean transposed) {
    requireLayout(w, w.layout() != Layout.PACKED_FORWARD && w.layout() != Layout.PACKED_GRADIENT);
    int columns = transposed ? w.out() : w.in();
    int depth = transposed ? w.in() : w.out();
    workers.parallel(
        Tile.panels(columns),
        (panel, worker) -> {
          ProductScratch s = scratch[worker];
          int width = Tile.width(columns, panel);
          int present = Math.min(width, columns - panel * WIDTH);
          for (int k = 0; k < depth; k += STRIDE) {
            int steps = Math.min(STRIDE, depth - k);
            PanelReader.read(w, transposed, panel, present, k, steps, s);
            long start = (long) panel * WIDTH * depth + (long) k * width;
            HostMemory.put(to + 4 * start, s.panels, 0, steps * width);
          }
        });
  }

  /**
   * {@code y[rows, out] = epilogue(x[rows, in] · wᵀ)}, all f32.
   *
   * @param w any layout but {@code PACKED_GRADIENT}
   */
  void forward(long y, long x, WeightView w, int rows, Epilogue epilogue) {
    requireLayout(w, w.layout() != Layout.PACKED_GRADIENT);
    run(new Rows(x, w.in(), 0, 1f, false), w, true, rows, new Target(y, w.out(), epilogue, false));
  }

  /**
   * {@code dx[rows, in] = (dy[rows, out] * (factor * outScale[o])) · w}, all f32, or dx plus that:
   * the scale of an int8 weight belongs to the inner dimension here and is applied to dy first.
   *
   * @param w any layout but {@code PACKED_FORWARD}
   * @param outScale address of f32 [out], or 0 for none
   */
  void inputGradient(
      long dx, long dy, WeightView w, int rows, long outScale, float factor, boolean accumulate) {
    requireLayout(w, w.layout() != Layout.PACKED_FORWARD);
    Epilogue epilogue = Epilogue.plain().withAddend(accumulate ? dx : 0);
    Rows scaled = new Rows(dy, w.out(), outScale, factor, false);
    run(scaled, w, false, rows, new Target(dx, w.in(), epilogue, false));
  }

  /**
   * {@code y[rows, out] = x[rows, in] · wᵀ} exactly, int8 by int8 to int32.
   *
   * @param w {@code INT8}, or {@code PACKED_FORWARD} made from it; at most {@link #MAX_INT8_DEPTH}
   *     columns
   */
  void int8Forward(long y, long x, WeightView w, int rows) {
    requireLayout(w, w.layout() == Layout.INT8 || w.layout() == Layout.PACKED_FORWARD);
    if (w.in() > MAX_INT8_DEPTH) {
      throw new IllegalArgumentException(
          "int8Forward: expected at most "
              + MAX_INT8_DEPTH
              + " inputs, found "
              + w.in()
              + "; the int32 sum could overflow, split the inputs");
    }
    Target ints = new Target(y, w.out(), Epilogue.plain(), true);
    run(new Rows(x, w.in(), 0, 1f, true), w, true, rows, ints);
  }

  /**
   * {@code y[rows, out] = alpha * x[rows, in] · pᵀ}, or y plus that, with a trainable f32 p[out,
   * in].
   *
   * @param ldy distance of y's rows in floats, at least {@code out}: y may be columns of a wider
   *     matrix
   */
  void project(
      long y, int ldy, long x, long p, int rows, int out, int in, float alpha, boolean accumulate) {
    WeightView w = new WeightView(p, Layout.F32, out, in);
    Epilogue epilogue = Epilogue.scaled(0, alpha).withAddend(accumulate ? y : 0);
    run(new Rows(x, in, 0, 1f, false), w, true, rows, new Target(y, ldy, epilogue, false));
  }

  /**
   * {@code dx[rows, in] = alpha * dy[rows, out] · p}, or dx plus that, with a trainable f32 p[out,
   * in].
   *
   * @param ldy distance of dy's rows in floats, at least {@code out}
   */
  void projectInputGradient(
      long dx,
      long dy,
      int ldy,
      long p,
      int rows,
      int out,
      int in,
      float alpha,
      boolean accumulate) {
    WeightView w = new WeightView(p, Layout.F32, out, in);
    Epilogue epilogue = Epilogue.scaled(0, alpha).withAddend(accumulate ? dx : 0);
    run(new Rows(dy, ldy, 0, 1f, false), w, false, rows, new Target(dx, in, epilogue, false));
  }

  /**
   * {@code dp[out, in] += alpha * dyᵀ · x}, one sequence after the other: {@code dp = fma(alpha,
   * sum of the sequence, dp)}, each sum from zero over its rows in order. A call for the sequences
   * of a mini-batch has the bits of two calls for its parts.
   *
   * @param ldy distance of dy's rows in floats, at least {@code out}
   * @param offsets sequence s holds rows {@code offsets[s]} to {@code offsets[s + 1] - 1} of dy
   *     [rows, out] and x [rows, in]
   */
  void projectWeightGradient(
      long dp, long dy, int ldy, long x, int[] offsets, int out, int in, float alpha) {
    tokenSum.add(dp, dy, ldy, x, offsets, out, in, alpha);
  }

  private record Rows(long address, int stride, long depthScale, float factor, boolean int8) {}

  private record Target(long address, int stride, Epilogue epilogue, boolean int32) {}

  private void run(Rows x, WeightView w, boolean transposed, int rows, Target y) {
    int columns = transposed ? w.out() : w.in();
    int depth = transposed ? w.in() : w.out();
    if (rows == 0) {
      return;
    }
    boolean alone = (long) rows * columns * depth < ALONE;
    Cut cut = Cut.of(rows, columns, alone ? 1 : 3 * workers.count());
    int blockRows = cut.rows();
    int blockColumns = cut.columns();
    int columnBlocks = parts(columns, blockColumns);
    Workers.Task task =
        (i, worker) -> {
          int r = i / columnBlocks * blockRows;
          int c = i % columnBlocks * blockColumns;
          int here = Math.min(blockRows, rows - r);
          block(x, w, transposed, y, r, here, c, Math.min(blockColumns, columns - c), worker);
        };
    int tasks = parts(rows, blockRows) * columnBlocks;
    if (alone) {
      workers.parallel(
          1,
          (one, worker) -> {
            for (int i = 0; i < tasks; i++) {
              task.run(i, worker);
            }
          });
    } else {
      workers.parallel(tasks, task);
    }
  }

  private static int parts(int whole, int part) {
    return (whole + part - 1) / part;
  }

  private void block(
      Rows x,
      WeightView w,
      boolean transposed,
      Target y,
      int row,
      int rows,
      int column,
      int columns,
      int worker) {
    ProductScratch s = scratch[worker];
    int matrixColumns = transposed ? w.out() : w.in();
    int depth = transposed ? w.in() : w.out();
    int padded = parts(rows, Tile.ROWS) * Tile.ROWS;
    Arrays.fill(s.y, 0, padded * STRIDE, 0f);
    for (int k = 0; k < depth; k += STRIDE) {
      int steps = Math.min(STRIDE, depth - k);
      readRows(x, row, rows, padded, k, steps, s);
      PanelReader.read(w, transposed, column / WIDTH, columns, k, steps, s);
      for (int p = 0, wo = 0; p * WIDTH < columns; p++) {
        int width = Tile.width(matrixColumns, column / WIDTH + p);
        for (int r = 0; r < padded; r += Tile.ROWS) {
          Tile.run(s.x, r * STRIDE, s.panels, wo, width, steps, s.y, r * STRIDE + p * WIDTH);
        }
        wo += steps * width;
      }
      if (y.int32 && ((k + STRIDE) % EXACT_DEPTH == 0 || k + steps == depth)) {
        boolean first = k < EXACT_DEPTH;
        addInts(y, row, rows, column, columns, first, s);
        Arrays.fill(s.y, 0, padded * STRIDE, 0f);
      }
    }
    if (!y.int32) {
      finish(y, row, rows, column, columns, s);
    }
  }

  private static void readRows(
      Rows x, int row, int rows, int padded, int from, int steps, ProductScratch s) {
    boolean scaled = x.depthScale != 0 || x.factor != 1f;
    if (scaled) {
      readScale(x.depthScale, from, steps, x.factor, s.scale);
    }
    for (int r = 0; r < rows; r++) {
      long start = (long) (row + r) * x.stride + from;
      if (x.int8) {
        HostMemory.get(x.address + start, s.bytes, 0, steps);
        PanelReader.widen(s.bytes, steps, s.x, r * STRIDE);
      } else {
        HostMemory.get(x.address + 4 * start, s.x, r * STRIDE, steps);
      }
      if (scaled) {
        multiply(s.x, r * STRIDE, s.scale, steps);
      }
    }
    Arrays.fill(s.x, rows * STRIDE, padded * STRIDE, 0f);
  }

  private static void readScale(long address, int from, int length, float factor, float[] to) {
    if (address == 0) {
      Arrays.fill(to, 0, length, factor);
      return;
    }
    HostMemory.get(address + 4L * from, to, 0, length);
    for (int i = 0; i < length; i++) {
      to[i] *= factor;
    }
  }

  private static void finish(
      Target y, int row, int rows, int column, int columns, ProductScratch s) {
    Epilogue e = y.epilogue;
    boolean scaled = e.scale() != 0 || e.factor() != 1f;
    if (scaled) {
      readScale(e.scale(), column, columns, e.factor(), s.scale);
    }
    if (e.bias() != 0) {
      HostMemory.get(e.bias() + 4L * column, s.bias, 0, columns);
    }
    for (int r = 0; r < rows; r++) {
      long at = 4 * ((long) (row + r) * y.stride + column);
      if (scaled) {
        multiply(s.y, r * STRIDE, s.scale, columns);
      }
      if (e.bias() != 0) {
        add(s.y, r * STRIDE, s.bias, columns);
      }
      if (e.addend() != 0) {
        HostMemory.get(e.addend() + at, s.line, 0, columns);
        add(s.y, r * STRIDE, s.line, columns);
      }
      HostMemory.put(y.address + at, s.y, r * STRIDE, columns);
    }
  }

  // Not plain loops: the JIT leaves those scalar, since for all it knows the arrays are the same
  // one.
  // Whole vectors may run past the length, into columns of the block that are never stored.
  private static void multiply(float[] y, int offset, float[] by, int length) {
    for (int i = 0; i < length; i += LANES) {
      FloatVector.fromArray(SPECIES, y, offset + i)
          .mul(FloatVector.fromArray(SPECIES, by, i))
          .intoArray(y, offset + i);
    }
  }

  private static void add(float[] y, int offset, float[] other, int length) {
    for (int i = 0; i < length; i += LANES) {
      FloatVector.fromArray(SPECIES, y, offset + i)
          .add(FloatVector.fromArray(SPECIES, other, i))
          .intoArray(y, offset + i);
    }
  }

  private static void addInts(
      Target y, int row, int rows, int column, int columns, boolean first, ProductScratch s) {
    for (int r = 0; r < rows; r++) {
      long address = y.address + 4 * ((long) (row + r) * y.stride + column);
      for (int c = 0; c < columns; c++) {
        int sum = (int) s.y[r * STRIDE + c];
        int before = first ? 0 : HostMemory.getInt(address + 4L * c);
        HostMemory.putInt(address + 4L * c, before + sum);
      }
    }
  }

  private static void requireLayout(WeightView w, boolean fits) {
    if (!fits) {
      throw new IllegalArgumentException(
          "MatrixProduct: expected a layout for this direction, found "
              + w
              + "; pass the row-major weight or the panels packed for this direction");
    }
  }
}
