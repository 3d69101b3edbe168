/**
 * Keyed draws: random numbers that are a function of what they are for, never of when or where they
 * were made.
 *
 * <p>Enter by {@link dev.cantilever.draw.KeyedDraw}: a run seed and a {@link
 * dev.cantilever.draw.Stream} give, for each identity (a document id), the same numbers whichever
 * worker, shard or order asks. {@link dev.cantilever.draw.Philox} underneath is the published
 * Philox4x32-10.
 *
 * <p>Used by {@code text} (train/test split) and {@code prompt} (query lengths and order).
 * Invariant: no state; two draws differ only if their seed, stream, identity or lane differ, and
 * the numbers of a stream never change between versions, because committed runs depend on them.
 *
 * <p>Not here: the sampler of tokens. The numeric library has its own Philox on the device; the two
 * never meet and need not agree.
 */
@NullMarked
package dev.cantilever.draw;

import org.jspecify.annotations.NullMarked;
