/**
 * Holds the PPO mathematics to trl's: a folder of inputs and results that trl 0.11.4's formulas
 * gave in float64 is computed again with {@code dev.cantilever.ppo}, and the differences reported.
 *
 * <p>Enter by {@link dev.cantilever.parity.PpoParity}; the folder holds {@code golden.json}
 * (settings, statistics) and {@code golden.safetensors} (tensors). Used by tests.
 *
 * <p>Invariant: nothing of the algorithm is written here a second time. What the device does in a
 * run (log-softmax, entropy, exact KL, softmax backward) is done here in double precision, and only
 * that.
 *
 * <p>Not here: parity of models and kernels with their fixtures.
 */
@NullMarked
package dev.cantilever.parity;

import org.jspecify.annotations.NullMarked;
