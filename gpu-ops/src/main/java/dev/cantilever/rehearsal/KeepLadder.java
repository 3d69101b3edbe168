package dev.cantilever.rehearsal;

import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.autograd.Slot;
import dev.cantilever.model.Architecture;
import dev.cantilever.model.BlockSpec;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Ever smaller plans of what a training pass keeps: a place of a block after the other is dropped,
 * in the order of the floating-point operations that having it again costs for each byte saved.
 */
final class KeepLadder {

  /**
   * A place of a block, per token.
   *
   * @param flops to compute it again from what is before it
   * @param floats that it holds
   */
  private record Cost(Slot slot, double flops, double floats) {
    double perFloat() {
      return flops / floats;
    }
  }

  /** Of a norm, for each element: two passes for mean and variance, then scale and shift. */
  private static final double NORM_FLOPS = 8;

  /** Of an activation function, for each element: a polynomial and an exponential. */
  private static final double ACTIVATION_FLOPS = 20;

  private KeepLadder() {}

  /**
   * The plans, the largest first, block inputs alone last.
   *
   * @param rowTokens tokens of a row, for the cost of attention
   * @param most what may be kept, of those places that the model has
   */
  static List<KeepPlan> of(Architecture architecture, int rowTokens, KeepPlan most) {
    List<Slot> order = cheapestFirst(architecture, rowTokens);
    List<KeepPlan> plans = new ArrayList<>();
    Set<Slot> kept = EnumSet.copyOf(order);
    kept.retainAll(most.kept());
    plans.add(new KeepPlan(kept));
    for (Slot slot : order) {
      if (kept.remove(slot)) {
        plans.add(new KeepPlan(kept));
      }
    }
    return plans;
  }

  /** Places that exist in the model, the cheapest to have again first. */
  static List<Slot> cheapestFirst(Architecture architecture, int rowTokens) {
    BlockSpec block = architecture.block();
    double hidden = architecture.hiddenSize();
    double heads = block.attention().outputSize();
    double projection = block.attention().projectionSize();
    double inner = block.mlp().innerSize();
    double wide = block.mlp().projectionSize();
    double meanContext = (rowTokens + 1) / 2.0;
    List<Cost> costs = new ArrayList<>();
    costs.add(new Cost(Slot.NORM, NORM_FLOPS * hidden, hidden));
    costs.add(new Cost(Slot.MLP_ACT, ACTIVATION_FLOPS * inner, inner));
    costs.add(
        new Cost(
            Slot.ATTENTION,
            2 * 2 * meanContext * heads,
            heads + block.attention().heads())); // and the log-sum-exp
    if (block.headNorms()) {
      costs.add(new Cost(Slot.HEADS, NORM_FLOPS * projection, projection));
    }
    costs.add(new Cost(Slot.QKV, 2 * hidden * projection, projection));
    costs.add(new Cost(Slot.MLP_PRE, 2 * hidden * wide, wide));
    switch (block.residual()) {
      case PARALLEL -> {}
      case PRE_NORM, FROM_NORMS, POST_NORM -> // by the attention's output projection
          costs.add(new Cost(Slot.MIDDLE, 2 * heads * hidden, hidden));
      case BRANCH_NORM -> // by that and the MLP's, and a sum of the first
          costs.add(new Cost(Slot.MIDDLE, 2 * (heads + inner) * hidden, 3 * hidden));
    }
    costs.sort(Comparator.comparingDouble(Cost::perFloat)); // stable where they are equal
    return costs.stream().map(Cost::slot).toList();
  }
}
