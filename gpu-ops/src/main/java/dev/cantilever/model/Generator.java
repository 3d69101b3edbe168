package dev.cantilever.model;

import dev.cantilever.autograd.Tape;
import dev.cantilever.backend.Backend;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.CachedRows;
import dev.cantilever.nn.KvCache;
import dev.cantilever.nn.Pass;
import dev.cantilever.nn.TokenBatch;
import dev.cantilever.nn.TokenSelection;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
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
          step(memory, wave, cache, spec);
        }
        responses.addAll(wave.generations());
      }
    }
    return responses;
  }

  private void step(PassMemory memory, GenerationWave wave, KvCache cache, GenerationSpec spec) {
    memory.reset();
    TokenRows next = wave.nextTokens();
    TokenBatch batch =
        memory.upload(next, wave.nextPositions(), List.of(next.rows()), List.of(spec.adapters()));
    CachedRows cached = new CachedRows(cache, memory.ints(wave.slots()));
    int[] last = new int[next.rows()];
    for (int r = 0; r < last.length; r++) {
      last[r] = next.offsets()[r + 1] - 1;
    }
    Tape tape = Tape.inference(backend, memory.kept(), memory.scratch());
    Tensor hidden =
        model
            .transformer()
            .forward(Pass.cached(tape, batch, cached), new TokenSelection(memory.ints(last)))
            .value();
    cache.advance(cached.slots(), batch.rows());
    Tensor logits = Tensor.in(memory.scratch(), DType.F32, next.rows(), model.vocabSize());
    backend.matmul().linear(logits, hidden, model.head());
    Tensor tokens = Tensor.in(memory.batch(), DType.I32, next.rows());
    Tensor logprobs = Tensor.in(memory.batch(), DType.F32, next.rows());
    backend
        .sampling()
        .sample(
            tokens,
            logprobs,
            logits,
            memory.longs(wave.activeQueryIds()),
            memory.ints(wave.responsePositions()),
            spec.sampling(),
            spec.seed(),
            spec.stream());
    int[] drawn = new int[next.rows()];
    float[] drawnLogprobs = new float[next.rows()];
    backend.transfers().download(drawn, tokens);
    backend.transfers().download(drawnLogprobs, logprobs);
    wave.append(drawn, drawnLogprobs);
  }
}
