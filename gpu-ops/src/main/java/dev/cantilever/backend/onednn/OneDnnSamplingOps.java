package dev.cantilever.backend.onednn;

import dev.cantilever.backend.OpChecks;
import dev.cantilever.backend.Philox;
import dev.cantilever.backend.SamplingOps;
import dev.cantilever.backend.SamplingSpec;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.Tensor;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Sampling on the CPU, a row at a time. The counter of a draw is (position, step, query id low,
 * query id high), its key the seed; the draw takes 53 bits of the first two words.
 */
final class OneDnnSamplingOps implements SamplingOps {

  private final Workers workers;

  OneDnnSamplingOps(Workers workers) {
    this.workers = workers;
  }

  @Override
  public void sample(
      Tensor tokens,
      Tensor logprobs,
      Tensor logits,
      Tensor queryIds,
      Tensor positions,
      SamplingSpec spec,
      long seed,
      int step) {
    OpChecks.sample(tokens, logprobs, logits, queryIds, positions);
    int b = logits.size(0);
    int v = logits.size(1);
    long[] queries = new long[b];
    int[] places = new int[b];
    HostMemory.get(queryIds.address(), queries, 0, b);
    HostMemory.get(positions.address(), places, 0, b);
    AtomicIntegerArray failed = new AtomicIntegerArray(b);
    Tiles.rows(
        workers,
        b,
        v,
        (from, to) -> {
          TokenDraw draw = new TokenDraw(v, spec);
          float[] row = new float[v];
          int[] words = new int[4];
          for (int r = from; r < to; r++) {
            HostMemory.get(logits.address() + 4L * r * v, row, 0, v);
            float max = VectorMath.max(row, 0, v);
            if (!Float.isFinite(max)) {
              failed.set(r, 1);
              continue;
            }
            long query = queries[r];
            Philox.words(words, 0, seed, places[r], step, (int) query, (int) (query >>> 32));
            TokenDraw.Choice choice = draw.choose(row, max, Philox.uniform(words[0], words[1]));
            HostMemory.putInt(tokens.address() + 4L * r, choice.token());
            HostMemory.putFloat(logprobs.address() + 4L * r, choice.logprob());
          }
        });
    for (int r = 0; r < b; r++) {
      if (failed.get(r) != 0) {
        throw OpChecks.logitsNotFinite(culprit(logits, r), r, queries[r], places[r]);
      }
    }
  }

  @Override
  public void feedTokens(
      Tensor ids,
      Tensor positions,
      Tensor responsePositions,
      Tensor kept,
      Tensor place,
      Tensor tokens,
      Tensor logprobs) {
    OpChecks.feedTokens(ids, positions, responsePositions, kept, place, tokens, logprobs);
    int at = HostMemory.getInt(place.address());
    if (at < 0 || at >= kept.size(0)) {
      throw OpChecks.noSuchPlace(kept.size(0), at);
    }
    Tensor row = kept.slice(at, at + 1L);
    HostMemory.copy(row.address(), tokens.address(), tokens.bytes());
    HostMemory.copy(row.address() + tokens.bytes(), logprobs.address(), logprobs.bytes());
    HostMemory.copy(ids.address(), tokens.address(), tokens.bytes());
    for (int r = 0; r < tokens.size(0); r++) {
      raise(positions, r);
      raise(responsePositions, r);
    }
    raise(place, 0);
  }

  private static void raise(Tensor values, int index) {
    long address = values.address() + 4L * index;
    HostMemory.putInt(address, HostMemory.getInt(address) + 1);
  }

  private static String culprit(Tensor logits, int r) {
    int v = logits.size(1);
    for (int token = 0; token < v; token++) {
      float logit = HostMemory.getFloat(logits.address() + 4L * ((long) r * v + token));
      if (Float.isNaN(logit) || logit == Float.POSITIVE_INFINITY) {
        return logit + " at token " + token;
      }
    }
    return "minus infinity everywhere";
  }
}
