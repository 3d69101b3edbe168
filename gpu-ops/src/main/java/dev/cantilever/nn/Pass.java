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
 * @param encoded what an encoder made of the batch's source, once it has run
 */
public record Pass(
    Tape tape,
    TokenBatch batch,
    OptionalLong dropoutKey,
    Optional<CachedRows> cached,
    Optional<EncodedRows> encoded) {

  /** A pass without dropout or cache. */
  public static Pass plain(Tape tape, TokenBatch batch) {
    return new Pass(tape, batch, OptionalLong.empty(), Optional.empty(), Optional.empty());
  }

  /** A pass that appends to a KV cache. */
  public static Pass cached(Tape tape, TokenBatch batch, CachedRows rows) {
    return new Pass(tape, batch, OptionalLong.empty(), Optional.of(rows), Optional.empty());
  }

  /** A training pass with adapter dropout drawn from {@code key}. */
  public static Pass withDropout(Tape tape, TokenBatch batch, long key) {
    return new Pass(tape, batch, OptionalLong.of(key), Optional.empty(), Optional.empty());
  }

  /** The same run of an encoder, over what it reads. */
  public Pass over(TokenBatch source) {
    return new Pass(tape, source, dropoutKey, Optional.empty(), Optional.empty());
  }

  /** The same run of a decoder, with what the encoder made. */
  public Pass reading(EncodedRows rows) {
    return new Pass(tape, batch, dropoutKey, cached, Optional.of(rows));
  }
}
