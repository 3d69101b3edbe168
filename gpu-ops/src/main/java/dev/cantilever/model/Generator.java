package dev.cantilever.model;

import dev.cantilever.backend.Backend;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.KvCache;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Samples responses from a causal model over a KV cache.
 *
 * <p>A response depends on its query, query id, length limit, the model and the seed, never on the
 * rows beside it: rows leave the batch as they end, and waves follow each other, without changing
 * what the others say (under {@link dev.cantilever.tensor.Int8Mode#LLM_INT8} that cannot be
 * promised).
 */
public final class Generator {

  private final Backend backend;
  private final CausalLm model;

  /** A generator for a model; adapters are named per call. */
  public Generator(Backend backend, CausalLm model) {
    this.backend = backend;
    this.model = model;
  }

  /**
   * Generates one response a row.
   *
   * @param queries at least one token each
   * @param queryIds what a row's randomness is keyed by
   * @param maxNewTokens length limit of each row, at least 1
   */
  public List<Generation> generate(
      PassMemory memory,
      TokenRows queries,
      long[] queryIds,
      int[] maxNewTokens,
      GenerationSpec spec) {
    queries.requireFits(model.architecture());
    List<Generation> responses = new ArrayList<>();
    for (int from = 0; from < queries.rows(); from += spec.maxRows()) {
      int to = Math.min(queries.rows(), from + spec.maxRows());
      try (Arena cacheArena = memory.openCache()) {
        GenerationWave wave =
            new GenerationWave(
                queries.slice(from, to),
                Arrays.copyOfRange(queryIds, from, to),
                Arrays.copyOfRange(maxNewTokens, from, to),
                spec.stop(),
                model.architecture().embedding().maxPositions());
        KvCache cache =
            new KvCache(
                backend,
                cacheArena,
                model.architecture().block().attention(),
                model.architecture().layers(),
                wave.rows(),
                wave.maxTokens());
        while (wave.active() > 0) {
          try (GenerationStep step =
              new GenerationStep(backend, model, memory, cache, spec, wave)) {
            do {
              step.run(wave);
            } while (wave.active() > 0 && step.serves(wave));
          }
        }
        responses.addAll(wave.generations());
      }
    }
    return responses;
  }
}
