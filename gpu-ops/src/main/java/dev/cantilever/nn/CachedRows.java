package dev.cantilever.nn;

import dev.cantilever.tensor.Tensor;

/**
 * The rows of a batch in a KV cache.
 *
 * @param cache the cache
 * @param slots [B] I32, the slot of each row
 */
public record CachedRows(KvCache cache, Tensor slots) {}
