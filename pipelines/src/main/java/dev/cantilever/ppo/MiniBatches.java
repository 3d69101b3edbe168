package dev.cantilever.ppo;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The order in which the rows of a step are gone over.
 *
 * <p>Each epoch's permutation is a function of (run seed, step, epoch) alone: no generator is
 * carried along, so threads, workers and a resumed run all see the same order. Draws are splitmix64
 * (Steele, Lea and Flood 2014) of a counter: draw i under key k is {@code mix(k +
 * (i+1)·0x9E3779B97F4A7C15)}, and a key takes in each of its parts by the same function.
 */
public final class MiniBatches {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private MiniBatches() {}

  /**
   * The mini-batches of one epoch: together a permutation of the batch's rows.
   *
   * @param seed of the run
   * @param step of the run
   * @param epoch within the step
   * @return row indices, {@code batch.miniBatches()} arrays of {@code batch.miniBatchSize()}
   */
  public static List<int[]> ofEpoch(BatchSpec batch, long seed, long step, int epoch) {
    int[] order = permutation(batch.rows(), key(seed, step, epoch));
    List<int[]> miniBatches = new ArrayList<>(batch.miniBatches());
    for (int start = 0; start < order.length; start += batch.miniBatchSize()) {
      miniBatches.add(Arrays.copyOfRange(order, start, start + batch.miniBatchSize()));
    }
    return List.copyOf(miniBatches);
  }

  private static int[] permutation(int count, long key) {
    int[] order = new int[count];
    Arrays.setAll(order, i -> i);
    long counter = 0;
    for (int i = count - 1; i > 0; i--) {
      int bound = i + 1;
      long bits;
      long draw;
      do { // Rejects the incomplete last run of multiples, so that every row is equally likely.
        bits = mix(key + ++counter * GOLDEN) >>> 1;
        draw = bits % bound;
      } while (bits - draw + i < 0);
      int swap = (int) draw;
      int kept = order[i];
      order[i] = order[swap];
      order[swap] = kept;
    }
    return order;
  }

  private static long key(long... parts) {
    long key = 0;
    for (long part : parts) {
      key = mix((key ^ part) + GOLDEN);
    }
    return key;
  }

  private static long mix(long value) {
    long z = value;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
