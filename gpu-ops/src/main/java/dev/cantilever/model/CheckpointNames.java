package dev.cantilever.model;

import java.util.Optional;
import java.util.function.IntFunction;

/**
 * Where the parts of an {@link Architecture} stand in a checkpoint, as module paths.
 *
 * @param tokens token embedding
 * @param positions position embedding, if there is one
 * @param embeddingNorm norm behind the embeddings, if there is one
 * @param block paths of block i
 * @param finalNorm norm before the head, if there is one
 * @param languageHead output layer of the causal model, if the family has one
 * @param classifier classification head
 */
public record CheckpointNames(
    String tokens,
    Optional<String> positions,
    Optional<String> embeddingNorm,
    IntFunction<BlockNames> block,
    Optional<String> finalNorm,
    Optional<String> languageHead,
    ClassifierNames classifier) {}
