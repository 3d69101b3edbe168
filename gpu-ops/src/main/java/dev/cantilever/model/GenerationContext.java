package dev.cantilever.model;

import dev.cantilever.backend.Backend;

/**
 * What all steps of a generation have in common.
 *
 * @param memory of a pass, which the steps use one after the other
 * @param cache keys and values of the rows that have entered
 */
record GenerationContext(
    Backend backend,
    LanguageModel model,
    PassMemory memory,
    GenerationCache cache,
    GenerationSpec spec) {}
