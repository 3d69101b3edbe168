package dev.cantilever.model;

import dev.cantilever.backend.ActivationOps;
import dev.cantilever.backend.AttentionOps;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Capabilities;
import dev.cantilever.backend.EmbeddingOps;
import dev.cantilever.backend.LossOps;
import dev.cantilever.backend.MatmulOps;
import dev.cantilever.backend.NormOps;
import dev.cantilever.backend.OptimizerOps;
import dev.cantilever.backend.Recording;
import dev.cantilever.backend.SamplingOps;
import dev.cantilever.backend.Transfers;
import dev.cantilever.memory.MemoryBudget;

/** A backend of which every operation is called each time that it is to be run. */
record UnrecordedBackend(Backend backend) implements Backend {

  @Override
  public Recording record(Runnable operations) {
    return Recording.calling(operations);
  }

  @Override
  public String device() {
    return backend.device();
  }

  @Override
  public MemoryBudget budget() {
    return backend.budget();
  }

  @Override
  public Capabilities capabilities() {
    return backend.capabilities();
  }

  @Override
  public Transfers transfers() {
    return backend.transfers();
  }

  @Override
  public MatmulOps matmul() {
    return backend.matmul();
  }

  @Override
  public NormOps norm() {
    return backend.norm();
  }

  @Override
  public AttentionOps attention() {
    return backend.attention();
  }

  @Override
  public ActivationOps activation() {
    return backend.activation();
  }

  @Override
  public EmbeddingOps embedding() {
    return backend.embedding();
  }

  @Override
  public LossOps loss() {
    return backend.loss();
  }

  @Override
  public SamplingOps sampling() {
    return backend.sampling();
  }

  @Override
  public OptimizerOps optimizer() {
    return backend.optimizer();
  }

  @Override
  public void synchronize() {
    backend.synchronize();
  }

  @Override
  public void close() {
    backend.close();
  }
}
