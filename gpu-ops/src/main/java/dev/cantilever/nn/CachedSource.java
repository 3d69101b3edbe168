package dev.cantilever.nn;

import dev.cantilever.backend.NewTokens;
import java.util.Optional;

/**
 * What cross-attention looks at in generation: keys and values of what an encoder made of each row,
 * computed once.
 *
 * @param cache the cache, whose slots are those of the decoder's own
 * @param entering tokens that this pass adds, placed and counted before it; none where all rows are
 *     there
 */
public record CachedSource(KvCache cache, Optional<NewTokens> entering) {}
