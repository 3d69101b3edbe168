package dev.cantilever.memory;

import java.util.Locale;

/** What an arena's bytes are for; the rows of the memory table, in the order they are printed. */
public enum Purpose {
  /** Frozen weights of the base model, scales, biases and norms included. */
  BASE_WEIGHTS,
  /** Weights unpacked for the CPU's matrix product; a cache that a plan may grant or withhold. */
  WEIGHT_PANELS,
  /** LoRA matrices and the value head, with their gradients. */
  ADAPTER,
  /** First and second moments of the optimizer. */
  OPTIMIZER,
  /** Keys and values of the tokens generated so far. */
  KV_CACHE,
  /** Activations kept from the forward to the backward pass. */
  CHECKPOINTED,
  /** Activations and gradients that live within one block. */
  ACTIVATION,
  /** Token ids, offsets and other inputs of a batch. */
  BATCH,
  /** Scratch of the backend's own operations. */
  WORKSPACE;

  /** The name as the memory table prints it, for example {@code "base weights"}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
