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
    GenerationSpec spec) {

  /**
   * The same, over the same cache, for a step behind which rows have so many tokens, all of the
   * step's the same number where that says how their new ones turn ({@link LongRows}).
   */
  GenerationContext forRowsOf(int tokens) {
    LanguageModel chosen = model.forRowsOf(tokens);
    Architecture architecture = chosen.architecture();
    return architecture == model.architecture()
        ? this
        : new GenerationContext(
            backend,
            chosen,
            memory,
            cache.withRotary(architecture.block().attention().rotary()),
            spec);
  }
}
