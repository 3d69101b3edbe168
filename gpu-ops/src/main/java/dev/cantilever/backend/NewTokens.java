package dev.cantilever.backend;

import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;

/**
 * The tokens that a step appends to a cache, the same in all layers.
 *
 * @param rows where each row's new tokens lie in the batch
 * @param slots [B] I32, the cache slot of each row
 * @param places [N] I32, written by {@link AttentionOps#placeTokens}: of each new token its index
 *     among the tokens of all pages
 * @param turns [N, R] F32 with R the rotated dimensions, written there too: cosine and sine, one
 *     behind the other, of the angle by which each pair of a token's dimensions turns
 */
public record NewTokens(PackedRows rows, Tensor slots, Tensor places, Tensor turns) {}
