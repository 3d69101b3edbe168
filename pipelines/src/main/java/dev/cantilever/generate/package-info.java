/**
 * Text from a model and an adapter.
 *
 * <p>Enter by {@link dev.cantilever.generate.TextGenerator}, which leases the device for a call;
 * {@link dev.cantilever.generate.GenerationSettings} is the recipe's section {@code generation},
 * whose defaults a model's {@code generation_config.json} may replace ({@link
 * dev.cantilever.generate.ModelGenerationConfig}). The command line is its only user.
 *
 * <p>Invariant: a text depends on its prompt, the model and the seed, not on the prompts beside it.
 * Rollouts of a training run are not made here: they carry ids, log-probabilities and digests, and
 * are drawn from the policy's own law whatever {@code generation_config.json} says.
 */
@NullMarked
package dev.cantilever.generate;

import org.jspecify.annotations.NullMarked;
