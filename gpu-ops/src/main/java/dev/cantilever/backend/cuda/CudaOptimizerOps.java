package dev.cantilever.backend.cuda;

import dev.cantilever.backend.AdamWScalars;
import dev.cantilever.backend.AdamWStep;
import dev.cantilever.backend.OpChecks;
import dev.cantilever.backend.OptimizerOps;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/** AdamW and gradient norms on the GPU; AdamW to the bit as on the CPU. */
final class CudaOptimizerOps implements OptimizerOps {

  static final KernelSource KERNELS = KernelSource.of(CudaOptimizerOps.class, "optimizer.cu");

  private static final int THREADS = 256;

  /** As in the kernels of the norm. */
  private static final int NORM_THREADS = 256;

  private static final int NORM_ELEMENTS = 16_384;

  private final Execution execution;
  private final Staging staging;

  CudaOptimizerOps(Execution execution, Staging staging) {
    this.execution = execution;
    this.staging = staging;
  }

  @Override
  public void adamW(Tensor p, Tensor g, Tensor m, Tensor v, AdamWStep step) {
    OpChecks.adamW(p, g, m, v);
    AdamWScalars scalars = AdamWScalars.of(step);
    execution
        .kernels()
        .kernel(KERNELS, "adamw")
        .with()
        .pointer(p)
        .pointer(g)
        .pointer(m)
        .pointer(v)
        .integer64(p.elements())
        .real(scalars.keep())
        .real(scalars.blend1())
        .real(scalars.beta2())
        .real(scalars.blend2())
        .real(scalars.rate())
        .real(scalars.root())
        .real(scalars.eps())
        .run(Grids.strided(p.elements(), THREADS, execution.device()), THREADS);
  }

  @Override
  public double squaredNorm(List<Tensor> gs) {
    gs.forEach(g -> OpChecks.activation("squaredNorm", g));
    int blocks = gs.stream().mapToInt(g -> Grids.blocks(g.elements(), NORM_ELEMENTS)).sum();
    Arena.Mark mark = execution.workspace().mark();
    long bits;
    try {
      long result = execution.workspace().allocate(Double.BYTES);
      long partial = execution.workspace().allocate((long) Double.BYTES * blocks);
      long next = partial;
      for (Tensor g : gs) {
        int own = Grids.blocks(g.elements(), NORM_ELEMENTS);
        execution
            .kernels()
            .kernel(KERNELS, "square_sums")
            .with()
            .pointer(next)
            .pointer(g)
            .integer64(g.elements())
            .run(own, NORM_THREADS);
        next += (long) Double.BYTES * own;
      }
      execution
          .kernels()
          .kernel(KERNELS, "sum_partials")
          .with()
          .pointer(result)
          .pointer(partial)
          .integer(blocks)
          .run(1, NORM_THREADS);
      execution.faults().fetch();
      bits = HostMemory.getLong(staging.fetch(result, Double.BYTES));
    } finally {
      execution.workspace().reset(mark);
    }
    execution.faults().settle();
    return Double.longBitsToDouble(bits);
  }

  @Override
  public void scale(Tensor g, float factor) {
    OpChecks.activation("scale", g);
    execution
        .kernels()
        .kernel(KERNELS, "scale")
        .with()
        .pointer(g)
        .integer64(g.elements())
        .real(factor)
        .run(Grids.strided(g.elements(), THREADS, execution.device()), THREADS);
  }

  static List<KernelSource> sources() {
    return List.of(KERNELS);
  }
}
