package dev.cantilever.backend;

import dev.cantilever.memory.MemoryBudget;
import dev.cantilever.tensor.Tensor;
import java.util.Optional;

/**
 * A device that computes. Eight families of operations, transfers, and nothing else.
 *
 * <p>Operations are enqueued. What an operation finds wrong with values (an index out of range, a
 * number that is not finite) it throws at the latest at the next download or {@link #synchronize};
 * what it wrote by then is undefined. Wrong shapes are refused at once.
 *
 * <p>A backend is used by one thread at a time. Closing it frees its workspace; arenas that others
 * opened in its budget are theirs to close first.
 */
public interface Backend extends AutoCloseable {

  /** Name of the device, for messages and reports. */
  String device();

  /** The hard ceiling of the device's memory; arenas are opened here. */
  MemoryBudget budget();

  /** What this backend can do; declared, and tested to be true. */
  Capabilities capabilities();

  /** Copies between host and device and on the device. */
  Transfers transfers();

  /** Products with frozen weights and with adapters. */
  MatmulOps matmul();

  /** Layer norms. */
  NormOps norm();

  /** Attention over packed rows and over a KV cache. */
  AttentionOps attention();

  /** Activation functions, sums and dropout. */
  ActivationOps activation();

  /** Gathers of rows by index. */
  EmbeddingOps embedding();

  /** Output head, log-probabilities and divergences, never a whole matrix of logits. */
  LossOps loss();

  /** Choice of the next token. */
  SamplingOps sampling();

  /** AdamW and gradient norms. */
  OptimizerOps optimizer();

  /**
   * Operations to be run many times, at less cost a run where the device can repeat by itself what
   * it was told; see {@link Recording} for what they may do. The caller closes it, before the
   * arenas of their tensors.
   */
  default Recording record(Runnable operations) {
    return Recording.calling(operations);
  }

  /**
   * Begins two groups of operations that do not touch each other's tensors, for a device that can
   * do both at once; see {@link Fork}. The caller closes it.
   */
  default Fork fork() {
    return Fork.inOrder();
  }

  /** Waits until everything enqueued is done. */
  void synchronize();

  /** What the device's driver says now; nothing where there is no such driver, as for a CPU. */
  default Optional<DriverReading> driverReading() {
    return Optional.empty();
  }

  /**
   * Enqueues y = x·wᵀ by the library of the device's vendor, to measure by and for nothing else.
   *
   * @param y [N, O] BF16
   * @param x [N, I] BF16
   * @param w [O, I] BF16
   * @return whether there is such a library; false leaves y as it was
   */
  default boolean vendorProduct(Tensor y, Tensor x, Tensor w) {
    return false;
  }

  @Override
  void close();
}
