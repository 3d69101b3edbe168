package dev.cantilever.backend.onednn;

import dev.cantilever.backend.EmbeddingOps;
import dev.cantilever.backend.OpChecks;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;

/** Gathers and scatters of rows on the CPU. */
final class OneDnnEmbeddingOps implements EmbeddingOps {

  private final Workers workers;

  OneDnnEmbeddingOps(Workers workers) {
    this.workers = workers;
  }

  @Override
  public void gather(Tensor y, Tensor table, Tensor ids, boolean accumulate) {
    OpChecks.gather(y, table, ids);
    int c = table.size(1);
    int[] rows = indices("gather", ids, table.size(0));
    Tiles.rows(
        workers,
        rows.length,
        c,
        (from, to) -> {
          float[] picked = new float[c];
          float[] present = new float[c];
          for (int n = from; n < to; n++) {
            long target = y.address() + 4L * n * c;
            if (!accumulate && table.dtype() == DType.F32) {
              HostMemory.copy(target, table.address() + 4L * rows[n] * c, 4L * c);
              continue;
            }
            StoredFloats.read(picked, 0, table, (long) rows[n] * c, c);
            if (accumulate) {
              HostMemory.get(target, present, 0, c);
              add(picked, present, c);
            }
            HostMemory.put(target, picked, 0, c);
          }
        });
  }

  /** Serial: rows may repeat, and their sums run in ascending order of the list. */
  @Override
  public void scatterAdd(Tensor dx, Tensor dy, Tensor ids) {
    OpChecks.scatterAdd(dx, dy, ids);
    int c = dx.size(1);
    int[] rows = indices("scatterAdd", ids, dx.size(0));
    float[] sum = new float[c];
    float[] term = new float[c];
    for (int m = 0; m < rows.length; m++) {
      long target = dx.address() + 4L * rows[m] * c;
      HostMemory.get(target, sum, 0, c);
      HostMemory.get(dy.address() + 4L * m * c, term, 0, c);
      add(sum, term, c);
      HostMemory.put(target, sum, 0, c);
    }
  }

  private static void add(float[] sum, float[] term, int count) {
    for (int i = 0; i < count; i++) {
      sum[i] += term[i];
    }
  }

  private static int[] indices(String op, Tensor ids, int limit) {
    int[] rows = new int[ids.size(0)];
    HostMemory.get(ids.address(), rows, 0, rows.length);
    for (int n = 0; n < rows.length; n++) {
      if (rows[n] < 0 || rows[n] >= limit) {
        throw OpChecks.indexOutOfRange(op, limit, rows[n], n);
      }
    }
    return rows;
  }
}
