package dev.cantilever.nn;

import dev.cantilever.autograd.Slot;
import dev.cantilever.autograd.Var;
import dev.cantilever.tensor.Weight;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A frozen weight with any number of LoRA branches. */
public final class Linear {

  private final String name;
  private final Weight weight;
  private final List<LoraBranch> branches = new ArrayList<>();

  /**
   * Wraps a weight.
   *
   * @param name module path in the checkpoint, for messages and as the key of its dropout
   */
  public Linear(String name, Weight weight) {
    this.name = name;
    this.weight = weight;
  }

  /** Module path in the checkpoint. */
  public String name() {
    return name;
  }

  /** The frozen weight. */
  public Weight weight() {
    return weight;
  }

  /** Attaches a branch; it acts in spans that name its adapter. */
  public void attach(LoraBranch branch) {
    branches.add(branch);
  }

  /** Detaches every branch of an adapter. */
  public void detach(String adapter) {
    branches.removeIf(branch -> branch.adapter().equals(adapter));
  }

  /** y = x·Wᵀ + b, plus for each span the branches of its adapters. */
  public Var forward(Pass pass, Slot slot, Var x) {
    return forward(pass, slot, x, Optional.empty());
  }

  /** y = r + (x·Wᵀ + b), plus for each span the branches of its adapters. */
  public Var forward(Pass pass, Slot slot, Var x, Var residual) {
    return forward(pass, slot, x, Optional.of(residual));
  }

  private Var forward(Pass pass, Slot slot, Var x, Optional<Var> residual) {
    boolean trainable =
        branches.stream()
            .anyMatch(
                branch ->
                    branch.trainable()
                        && pass.batch().spans().stream()
                            .anyMatch(span -> span.adapters().contains(branch.adapter())));
    return pass.tape()
        .apply(
            slot,
            x.shape().dim(0),
            weight.outFeatures(),
            trainable,
            new LinearNode(pass, name, weight, List.copyOf(branches), x, residual));
  }
}
