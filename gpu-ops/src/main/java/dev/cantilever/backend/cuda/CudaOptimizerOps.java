package dev.cantilever.backend.cuda;

import dev.cantilever.backend.AdamWScalars;
import dev.cantilever.backend.AdamWStep;
import dev.cantilever.backend.AdamWTensors;
import dev.cantilever.backend.OpChecks;
import dev.cantilever.backend.OptimizerOps;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.backend.cuda.driver.LaunchBuffer;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/** AdamW and gradient norms on the GPU; AdamW to the bit as on the CPU. */
final class CudaOptimizerOps implements OptimizerOps {

  static final KernelSource KERNELS = KernelSource.of(CudaOptimizerOps.class, "optimizer.cu");

  private static final int THREADS = 256;

  /** Tensors of a launch, as in the kernels, and words that describe one. */
  private static final int MOST_TENSORS = 64;

  private static final int STEPPED_WORDS = 6;
  private static final int SQUARED_WORDS = 3;

  /** As in the kernel of the step. */
  private static final int STEP_THREADS = 256;

  private static final int STEP_ELEMENTS = 4096;

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
  public void adamW(List<AdamWTensors> parameters, AdamWStep step) {
    OpChecks.adamW(parameters);
    AdamWScalars scalars = AdamWScalars.of(step);
    for (int from = 0; from < parameters.size(); from += MOST_TENSORS) {
      adamW(parameters.subList(from, Math.min(from + MOST_TENSORS, parameters.size())), scalars);
    }
  }

  private void adamW(List<AdamWTensors> parameters, AdamWScalars scalars) {
    LaunchBuffer launch = execution.kernels().kernel(KERNELS, "adamw").with();
    int blocks = 0;
    for (AdamWTensors one : parameters) {
      launch
          .pointer(one.p())
          .pointer(one.g())
          .pointer(one.m())
          .pointer(one.v())
          .integer64(one.p().elements())
          .integer64(blocks);
      blocks += Grids.blocks(one.p().elements(), STEP_ELEMENTS);
    }
    none(launch, STEPPED_WORDS * (MOST_TENSORS - parameters.size()));
    launch
        .integer(parameters.size())
        .real(scalars.keep())
        .real(scalars.blend1())
        .real(scalars.beta2())
        .real(scalars.blend2())
        .real(scalars.rate())
        .real(scalars.root())
        .real(scalars.eps())
        .run(blocks, STEP_THREADS);
  }

  /** Fills entries of a table that hold no tensor. */
  private static void none(LaunchBuffer launch, int words) {
    for (int i = 0; i < words; i++) {
      launch.integer64(0);
    }
  }

  /** Sums of squares by block from {@code partial} on, of tensors of one launch. */
  private int squareSums(long partial, List<Tensor> gs) {
    LaunchBuffer launch =
        execution.kernels().kernel(KERNELS, "square_sums").with().pointer(partial);
    int blocks = 0;
    for (Tensor g : gs) {
      launch.pointer(g).integer64(g.elements()).integer64(blocks);
      blocks += Grids.blocks(g.elements(), NORM_ELEMENTS);
    }
    none(launch, SQUARED_WORDS * (MOST_TENSORS - gs.size()));
    launch.integer(gs.size()).run(blocks, NORM_THREADS);
    return blocks;
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
      for (int from = 0; from < gs.size(); from += MOST_TENSORS) {
        List<Tensor> some = gs.subList(from, Math.min(from + MOST_TENSORS, gs.size()));
        next += (long) Double.BYTES * squareSums(next, some);
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
