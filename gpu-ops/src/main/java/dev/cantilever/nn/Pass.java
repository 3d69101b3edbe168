package dev.cantilever.nn;

import dev.cantilever.autograd.Tape;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One run of a model over a batch.
 *
 * @param tape where calls are recorded
 * @param batch the packed rows
 * @param dropoutKey key of this pass's adapter dropout; absent in every RL pass and in inference
 * @param cached the KV cache in generation; absent elsewhere
 */
public record Pass(
    Tape tape, TokenBatch batch, OptionalLong dropoutKey, Optional<CachedRows> cached) {

  /** A pass without dropout or cache. */
  public static Pass plain(Tape tape, TokenBatch batch) {
    return new Pass(tape, batch, OptionalLong.empty(), Optional.empty());
  }

  /** A pass that appends to a KV cache. */
  public static Pass cached(Tape tape, TokenBatch batch, CachedRows rows) {
    return new Pass(tape, batch, OptionalLong.empty(), Optional.of(rows));
  }

  /** A training pass with adapter dropout drawn from {@code key}. */
  public static Pass withDropout(Tape tape, TokenBatch batch, long key) {
    return new Pass(tape, batch, OptionalLong.of(key), Optional.empty());
  }
}
