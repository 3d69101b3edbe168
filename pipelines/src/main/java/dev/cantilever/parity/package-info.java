/**
 * Holds what this project computes to what others computed: folders of inputs and results are
 * computed again, and the differences reported.
 *
 * <p>Enter by {@link dev.cantilever.parity.ModelParity} (whole models, adapters and gradients
 * against transformers and peft), {@link dev.cantilever.parity.PpoParity} (the PPO mathematics
 * against trl 0.11.4 in float64) and {@link dev.cantilever.parity.Int8Parity} (8-bit linear layers
 * against bitsandbytes). A model's folder is a checkpoint with {@code golden.safetensors} and
 * perhaps {@code adapter/}. Used by the command {@code parity} and by tests.
 *
 * <p>Invariant: nothing of the algorithms is written here a second time. What the device does in a
 * PPO run (log-softmax, entropy, exact KL, softmax backward) is done here in double precision, and
 * only that. A tolerance is the fixture's own; a NaN never passes.
 */
@NullMarked
package dev.cantilever.parity;

import org.jspecify.annotations.NullMarked;
