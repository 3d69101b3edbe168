package dev.cantilever.nn;

import dev.cantilever.backend.NewTokens;

/**
 * The rows of a batch in a KV cache.
 *
 * @param cache the cache
 * @param tokens what is appended to it, placed before the pass by {@link KvCache#place}
 */
public record CachedRows(KvCache cache, NewTokens tokens) {}
