package dev.cantilever.autograd;

import java.io.Serializable;
import java.util.EnumSet;
import java.util.Set;

/**
 * Which values of a block stay from the forward to the backward pass. {@link Slot#RESIDUAL} and
 * {@link Slot#SOURCE} always do.
 *
 * @param kept the slots that stay; all others are computed again when a gradient needs them
 */
public record KeepPlan(Set<Slot> kept) implements Serializable {

  /** Adds {@link Slot#RESIDUAL}. */
  public KeepPlan {
    EnumSet<Slot> slots = EnumSet.of(Slot.RESIDUAL);
    slots.addAll(kept);
    kept = Set.copyOf(slots);
  }

  /** Everything stays that some backward reads: fastest. */
  public static KeepPlan everything() {
    return new KeepPlan(EnumSet.complementOf(EnumSet.of(Slot.BRANCH, Slot.SOURCE)));
  }

  /**
   * What cannot be had again by cheap elementwise work stays: QKV, attention output, MLP
   * pre-activation and the stream between; norms and activations are computed again.
   */
  public static KeepPlan products() {
    return new KeepPlan(Set.of(Slot.QKV, Slot.ATTENTION, Slot.MLP_PRE, Slot.MIDDLE));
  }

  /** Block inputs only; each block runs forward a second time: smallest. */
  public static KeepPlan blockInputs() {
    return new KeepPlan(Set.of());
  }

  boolean keeps(Slot slot) {
    return slot == Slot.SOURCE || kept.contains(slot);
  }
}
