package dev.cantilever.nn;

import dev.cantilever.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** The bias of a norm of the checkpoint, frozen, and what adapters add to it. */
public final class NormBias {

  private final String path;
  private final Tensor values;
  private final List<BiasBranch> branches = new ArrayList<>();

  /**
   * Wraps a bias.
   *
   * @param path of the norm in the checkpoint
   * @param values [C]
   */
  public NormBias(String path, Tensor values) {
    this.path = path;
    this.values = values;
  }

  /** Module path of the norm in the checkpoint, which adapters are matched against. */
  public String path() {
    return path;
  }

  /** The frozen values, [C]. */
  public Tensor values() {
    return values;
  }

  /** Attaches a trained bias; it acts in spans that name its adapter. */
  public void attach(BiasBranch branch) {
    branches.add(branch);
  }

  /** Whether an adapter of this name has attached one. */
  public boolean isAttached(String adapter) {
    return branches.stream().anyMatch(branch -> branch.adapter().equals(adapter));
  }

  /** Detaches what is an adapter's. */
  public void detach(String adapter) {
    branches.removeIf(branch -> branch.adapter().equals(adapter));
  }

  /** Whether one acts on some row of a batch. */
  boolean acts(Pass pass) {
    return !branches.isEmpty()
        && pass.batch().spans().stream().anyMatch(span -> !on(pass, span).biases().isEmpty());
  }

  /** Whether one that acts on some row of a batch is trained. */
  boolean trains(Pass pass) {
    return !branches.isEmpty()
        && pass.batch().spans().stream()
            .anyMatch(span -> on(pass, span).biases().stream().anyMatch(BiasBranch::trainable));
  }

  /** Those that act on a span. */
  SpanBiases on(Pass pass, Span span) {
    return SpanBiases.acting(pass, span, branches);
  }
}
