package dev.cantilever.backend.meta;

import dev.cantilever.backend.ActivationOps;
import dev.cantilever.backend.AttentionOps;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Capabilities;
import dev.cantilever.backend.EmbeddingOps;
import dev.cantilever.backend.LossOps;
import dev.cantilever.backend.MatmulOps;
import dev.cantilever.backend.NormOps;
import dev.cantilever.backend.OptimizerOps;
import dev.cantilever.backend.SamplingOps;
import dev.cantilever.backend.Transfers;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.MemoryBudget;
import dev.cantilever.memory.MemorySource;
import dev.cantilever.memory.Purpose;

/**
 * Runs models without data, on behalf of the device that its profile describes. Afterwards {@link
 * #budget()} has the peak that this device would have, and its high-water mark where all its memory
 * is one reservation.
 */
public final class MetaBackend implements Backend {

  private final DeviceProfile profile;
  private final MemoryBudget budget;
  private final Arena workspace;
  private final Transfers transfers = new MetaTransfers();
  private final MatmulOps matmul;
  private final NormOps norm;
  private final AttentionOps attention = new MetaAttentionOps();
  private final ActivationOps activation = new MetaActivationOps();
  private final EmbeddingOps embedding;
  private final LossOps loss;
  private final SamplingOps sampling = new MetaSamplingOps();
  private final OptimizerOps optimizer = new MetaOptimizerOps();

  private MetaBackend(DeviceProfile profile, MemoryBudget budget, Arena workspace) {
    this.profile = profile;
    this.budget = budget;
    this.workspace = workspace;
    PlannedWeights weights = new PlannedWeights(profile);
    matmul = new MetaMatmulOps(profile, weights);
    norm = new MetaNormOps(weights);
    embedding = new MetaEmbeddingOps(weights);
    loss = new MetaLossOps(weights);
  }

  /**
   * Opens the plan of a device and reserves the workspace that the device would reserve.
   *
   * @param profile the device planned for
   * @param budgetBytes ceiling of all arenas; {@link Long#MAX_VALUE} to learn a peak without one
   * @throws dev.cantilever.memory.BudgetExceededException if the workspace does not fit
   */
  public static MetaBackend create(DeviceProfile profile, long budgetBytes) {
    MemorySource source =
        profile.oneReservation()
            ? PlannedAddresses.reservation(budgetBytes, profile.alignmentBytes())
            : new PlannedAddresses(profile.alignmentBytes());
    MemoryBudget budget = new MemoryBudget("meta of " + profile.device(), budgetBytes, source);
    long bytes = profile.workspaceBytes();
    Arena workspace =
        budget.open(profile.device() + " workspace", Purpose.WORKSPACE, Math.max(1, bytes));
    if (bytes > 0) {
      workspace.allocate(bytes);
      workspace.reset();
    }
    return new MetaBackend(profile, budget, workspace);
  }

  /** For example {@code "meta of cpu"}. */
  @Override
  public String device() {
    return "meta of " + profile.device();
  }

  @Override
  public MemoryBudget budget() {
    return budget;
  }

  /** What the device planned for declares. */
  @Override
  public Capabilities capabilities() {
    return profile.capabilities();
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

  /** Returns at once: nothing is ever enqueued. */
  @Override
  public void synchronize() {}

  /** Gives the workspace back; a second call does nothing. */
  @Override
  public void close() {
    workspace.close();
  }
}
