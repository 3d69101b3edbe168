package dev.cantilever.nn;

import dev.cantilever.backend.DisentangledSpec;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;

/**
 * What relative positions add to the scores of a layer's attention.
 *
 * @param embeddings [P, C] F32, of relative positions
 * @param places [2·M + 1] I32, the row of {@code embeddings} for each distance from −M to M
 * @param projection [X, C], to the keys and queries of positions
 * @param spec heads, and where these lie in a row of X
 */
public record PositionTerms(
    Tensor embeddings, Tensor places, Weight projection, DisentangledSpec spec) {}
