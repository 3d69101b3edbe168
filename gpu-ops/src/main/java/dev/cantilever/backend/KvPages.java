package dev.cantilever.backend;

import dev.cantilever.tensor.Tensor;

/**
 * The paged KV cache of one layer. A slot (a row being generated) owns a list of pages; token t of
 * the slot lies in page {@code pageTable[slot, t / pageTokens]} at {@code t % pageTokens}. Slots
 * may have full pages in common, of the same tokens at their beginning. Keys are stored rotated;
 * keys and values are rounded to the element type as they enter, to nearest.
 *
 * @param keys [pages, pageTokens, K·D] of the backend's {@link Capabilities#cacheType}
 * @param values [pages, pageTokens, K·D] of the same type
 * @param pageTable [slots, maxPages] I32
 * @param lengths [slots] I32, tokens already in the cache; the same for all layers
 * @param pageTokens tokens in a page
 */
public record KvPages(
    Tensor keys, Tensor values, Tensor pageTable, Tensor lengths, int pageTokens) {}
