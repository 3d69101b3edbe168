package dev.cantilever.nn;

import dev.cantilever.backend.NewTokens;
import java.util.Optional;

/**
 * The rows of a batch in a KV cache.
 *
 * @param cache the cache
 * @param tokens what is appended to it, placed before the pass by {@link KvCache#place}
 * @param source what an encoder made of the same rows, where there is one
 */
public record CachedRows(KvCache cache, NewTokens tokens, Optional<CachedSource> source) {

  /** The same rows with what an encoder made of them. */
  public CachedRows with(CachedSource made) {
    return new CachedRows(cache, tokens, Optional.of(made));
  }
}
