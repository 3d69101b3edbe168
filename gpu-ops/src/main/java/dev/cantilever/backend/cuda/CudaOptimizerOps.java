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

/** AdamW and gradient norms on the GPU, to the bit as on the CPU. */
final class CudaOptimizerOps implements OptimizerOps {

  static final KernelSource KERNELS = KernelSource.of(CudaOptimizerOps.class, "optimizer.cu");

  private static final int THREADS = 256;

  /** What the kernel of the norm is written for. */
  private static final int NORM_THREADS = 1024;

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
  public double squaredNorm(Tensor g) {
    OpChecks.activation("squaredNorm", g);
    Arena.Mark mark = execution.workspace().mark();
    long result = execution.workspace().allocate(Double.BYTES);
    execution
        .kernels()
        .kernel(KERNELS, "squared_norm")
        .with()
        .pointer(result)
        .pointer(g)
        .integer64(g.elements())
        .run(1, NORM_THREADS);
    execution.workspace().reset(mark);
    long bits = HostMemory.getLong(staging.fetch(result, Double.BYTES));
    execution.faults().check();
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
