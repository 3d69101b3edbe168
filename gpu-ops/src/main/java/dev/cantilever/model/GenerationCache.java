package dev.cantilever.model;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.RotarySpec;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.CachedRows;
import dev.cantilever.nn.CachedSource;
import dev.cantilever.nn.KvCache;
import dev.cantilever.nn.KvCacheSize;
import dev.cantilever.nn.TokenBatch;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * Keys and values of rows in generation: of what they have fed the model, and where that has an
 * encoder, of what the encoder made of their queries. A row has the same slot of both.
 */
final class GenerationCache {

  private final KvCache own;
  private final Optional<KvCache> source;

  private GenerationCache(KvCache own, Optional<KvCache> source) {
    this.own = own;
    this.source = source;
  }

  /**
   * Allocates both.
   *
   * @param size for the rows' own tokens
   * @param mostRows rows at once, if there are as many
   */
  static GenerationCache of(
      Backend backend,
      Arena arena,
      Architecture architecture,
      KvCacheSize size,
      List<GenerationRow> rows,
      int mostRows) {
    int layers = architecture.layers();
    KvCache own = new KvCache(backend, arena, architecture.block().attention(), layers, size);
    Optional<KvCache> source =
        architecture
            .encoder()
            .map(
                encoder ->
                    new KvCache(
                        backend, arena, encoder.cross(), layers, sourceSize(rows, mostRows)));
    return new GenerationCache(own, source);
  }

  /** The same pages, as {@link KvCache#withRotary} says. */
  GenerationCache withRotary(RotarySpec rotary) {
    return new GenerationCache(own.withRotary(rotary), source);
  }

  /** What queries need that never wait for pages. */
  static KvCacheSize sourceSize(List<GenerationRow> rows, int mostRows) {
    return KvCacheSize.of(mostRows, rows.stream().mapToInt(row -> row.query().length).toArray());
  }

  /** Bytes of what an encoder makes of queries; none without an encoder. */
  static long sourceBytes(Backend backend, Architecture architecture, KvCacheSize queries) {
    return architecture
        .encoder()
        .map(
            encoder ->
                queries.bytes(
                    backend.budget().alignment(),
                    encoder.cross(),
                    architecture.layers(),
                    backend.capabilities().cacheType()))
        .orElse(0L);
  }

  /**
   * Whether enough pages are free for a row.
   *
   * @param like the row of the same query that enters with it, or itself
   */
  boolean hasRoom(GenerationRow row, GenerationRow like) {
    boolean alone = like == row;
    int query = row.query().length;
    return own.hasRoom(row.maxTokens(), alone ? 0 : row.prompt().length)
        && (source.isEmpty() || source.get().hasRoom(query, alone ? 0 : query));
  }

  /** Lets a row into its slot, which is free; parameters as those of {@link #hasRoom}. */
  void enter(GenerationRow row, GenerationRow like) {
    int slot = row.slot();
    int query = row.query().length;
    if (like == row) {
      own.enter(slot, row.maxTokens());
      source.ifPresent(cache -> cache.enter(slot, query));
    } else {
      own.enter(slot, like.slot(), row.prompt().length, row.maxTokens());
      source.ifPresent(cache -> cache.enter(slot, like.slot(), query, query));
    }
  }

  /** Gives a row what it has in common with the one it entered with, once that one has it. */
  void copyPrefix(GenerationRow row, GenerationRow like) {
    own.copyPrefix(row.slot(), like.slot(), row.prompt().length);
    source.ifPresent(cache -> cache.copyPrefix(row.slot(), like.slot(), row.query().length));
  }

  /** Gives a row's pages back. */
  void leave(GenerationRow row) {
    own.leave(row.slot());
    source.ifPresent(cache -> cache.leave(row.slot()));
  }

  /**
   * Room for the new tokens of a step.
   *
   * @param rows where each row's new tokens lie in the batch
   * @param slots [B] I32, the slot of each row
   * @param read what an encoder reads of the same rows, if they enter and there is one
   */
  CachedRows newTokens(PackedRows rows, Tensor slots, Optional<TokenBatch> read, Arena arena) {
    CachedRows fed = own.newTokens(rows, slots, arena);
    return source
        .map(
            cache ->
                fed.with(
                    new CachedSource(
                        cache,
                        read.map(batch -> cache.newTokens(batch.rows(), slots, arena).tokens()))))
        .orElse(fed);
  }

  /** Finds where new tokens go in all layers; those of an encoder count from now on. */
  static void place(CachedRows tokens) {
    tokens.cache().place(tokens.tokens());
    tokens.source().ifPresent(GenerationCache::placeSource);
  }

  private static void placeSource(CachedSource source) {
    source
        .entering()
        .ifPresent(
            tokens -> {
              source.cache().place(tokens);
              source.cache().advance(tokens);
            });
  }
}
