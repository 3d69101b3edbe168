package dev.cantilever.backend.onednn;

import dev.cantilever.backend.ActivationOps;
import dev.cantilever.backend.AttentionOps;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Capabilities;
import dev.cantilever.backend.EmbeddingOps;
import dev.cantilever.backend.HeadTerms;
import dev.cantilever.backend.LossOps;
import dev.cantilever.backend.MatmulOps;
import dev.cantilever.backend.NormOps;
import dev.cantilever.backend.OptimizerOps;
import dev.cantilever.backend.SamplingOps;
import dev.cantilever.backend.Transfers;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.memory.MemoryBudget;
import dev.cantilever.memory.Purpose;

/** The CPU as a device: host memory under a budget, one pool of workers for all families. */
public final class OneDnnBackend implements Backend {

  private final MemoryBudget budget;
  private final Arena workspace;
  private final Workers workers;
  private final Transfers transfers;
  private final MatmulOps matmul;
  private final AttentionOps attention;
  private final LossOps loss;
  private final NormOps norm;
  private final ActivationOps activation;
  private final EmbeddingOps embedding;
  private final SamplingOps sampling;
  private final OptimizerOps optimizer;

  private OneDnnBackend(
      MemoryBudget budget, Arena workspace, Workers workers, long workspaceBytes) {
    this.budget = budget;
    this.workspace = workspace;
    this.workers = workers;
    transfers = new OneDnnTransfers(workers);
    matmul = new OneDnnMatmulOps(workers, workspace, workspaceBytes);
    attention = new OneDnnAttentionOps(workers);
    activation = new OneDnnActivationOps(workers);
    loss = new OneDnnLossOps(workers, new HeadTerms(matmul, activation), workspace, workspaceBytes);
    norm = new OneDnnNormOps(workers);
    embedding = new OneDnnEmbeddingOps(workers);
    sampling = new OneDnnSamplingOps(workers);
    optimizer = new OneDnnOptimizerOps(workers);
  }

  /**
   * Opens the CPU and reserves its workspace.
   *
   * @param budgetBytes ceiling of all arenas
   * @param threads how many threads compute, the caller's included; no result depends on it
   * @param workspaceBytes scratch of the operations, reserved now as one piece; 0 for none
   * @throws dev.cantilever.memory.BudgetExceededException if the workspace does not fit
   */
  public static OneDnnBackend create(long budgetBytes, int threads, long workspaceBytes) {
    MemoryBudget budget = new MemoryBudget("cpu", budgetBytes, new HostMemory());
    Workers workers = new Workers(threads);
    try {
      Arena workspace =
          budget.open("onednn workspace", Purpose.WORKSPACE, Math.max(1, workspaceBytes));
      if (workspaceBytes > 0) {
        workspace.allocate(workspaceBytes);
        workspace.reset();
      }
      return new OneDnnBackend(budget, workspace, workers, workspaceBytes);
    } catch (RuntimeException e) {
      workers.close();
      throw e;
    }
  }

  @Override
  public String device() {
    return "cpu";
  }

  @Override
  public MemoryBudget budget() {
    return budget;
  }

  @Override
  public Capabilities capabilities() {
    return OneDnnProfile.CAPABILITIES;
  }

  @Override
  public Transfers transfers() {
    return transfers;
  }

  @Override
  public MatmulOps matmul() {
    return matmul;
  }

  @Override
  public NormOps norm() {
    return norm;
  }

  @Override
  public AttentionOps attention() {
    return attention;
  }

  @Override
  public ActivationOps activation() {
    return activation;
  }

  @Override
  public EmbeddingOps embedding() {
    return embedding;
  }

  @Override
  public LossOps loss() {
    return loss;
  }

  @Override
  public SamplingOps sampling() {
    return sampling;
  }

  @Override
  public OptimizerOps optimizer() {
    return optimizer;
  }

  /** Returns at once: every operation has ended when it returns. */
  @Override
  public void synchronize() {}

  /** Ends the threads and frees the workspace; a second call does nothing. */
  @Override
  public void close() {
    workers.close();
    workspace.close();
  }
}
