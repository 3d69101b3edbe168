package dev.cantilever.backend.onednn;

import dev.cantilever.backend.HeadGradient;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.Tensor;

/** Adds the gradients of an output head, some tokens after others, on the CPU. */
final class HeadSums {

  /** Entries of the vocabulary of a task, so that its sums stay in the second-level cache. */
  private static final int ENTRIES = 32;

  /** Tokens added at once, whose hidden states all entries of a task read. */
  private static final int TOKENS = 32;

  private static final long FLOAT = Float.BYTES;

  private final Workers workers;

  HeadSums(Workers workers) {
    this.workers = workers;
  }

  /**
   * Adds what some tokens give.
   *
   * @param dLogits [n, V], gradients of what the head gives
   * @param hidden [n, C]
   */
  void add(HeadGradient target, Tensor dLogits, Tensor hidden) {
    int tasks = (dLogits.size(1) + ENTRIES - 1) / ENTRIES;
    if (target.matrix().isPresent()) {
      float[] states = padded(hidden);
      workers.parallel(
          tasks, task -> addMatrix(target.matrix().get(), dLogits, states, task * ENTRIES));
    }
    target
        .bias()
        .ifPresent(bias -> workers.parallel(tasks, task -> addBias(bias, dLogits, task * ENTRIES)));
  }

  private static float[] padded(Tensor hidden) {
    int width = HeadProduct.padded(hidden.size(1));
    float[] states = new float[Math.multiplyExact(hidden.size(0), width)];
    for (int n = 0; n < hidden.size(0); n++) {
      long row = hidden.address() + FLOAT * n * hidden.size(1);
      HostMemory.get(row, states, n * width, hidden.size(1));
    }
    return states;
  }

  private static void addMatrix(Tensor matrix, Tensor dLogits, float[] states, int first) {
    int count = Math.min(ENTRIES, matrix.size(0) - first);
    int c = matrix.size(1);
    int width = HeadProduct.padded(c);
    int tokens = dLogits.size(0);
    float[] gradients = entries(dLogits, first, count);
    float[] sums = new float[count * width];
    for (int v = 0; v < count; v++) {
      HostMemory.get(matrix.address() + FLOAT * (first + v) * c, sums, v * width, c);
    }
    for (int from = 0; from < tokens; from += TOKENS) {
      int to = Math.min(tokens, from + TOKENS);
      HeadProduct.add(
          sums, 0, width, gradients, 0, 1, count, states, 0, width, count, width, from, to);
    }
    for (int v = 0; v < count; v++) {
      HostMemory.put(matrix.address() + FLOAT * (first + v) * c, sums, v * width, c);
    }
  }

  private static void addBias(Tensor bias, Tensor dLogits, int first) {
    int count = Math.min(ENTRIES, bias.size(0) - first);
    float[] gradients = entries(dLogits, first, count);
    float[] sums = new float[count];
    HostMemory.get(bias.address() + FLOAT * first, sums, 0, count);
    for (int at = 0; at < gradients.length; at++) {
      sums[at % count] += gradients[at];
    }
    HostMemory.put(bias.address() + FLOAT * first, sums, 0, count);
  }

  /** Columns of a matrix, [n, count]. */
  private static float[] entries(Tensor dLogits, int first, int count) {
    float[] entries = new float[dLogits.size(0) * count];
    for (int n = 0; n < dLogits.size(0); n++) {
      long row = dLogits.address() + FLOAT * n * dLogits.size(1);
      HostMemory.get(row + FLOAT * first, entries, n * count, count);
    }
    return entries;
  }
}
