package dev.cantilever.nn;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.KvPages;
import dev.cantilever.backend.NewTokens;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Keys and values of a wave of rows being generated, in pages, for all layers. Allocated whole
 * before the first token; nothing grows.
 */
public final class KvCache {

  /** Tokens in a page. */
  public static final int PAGE_TOKENS = 16;

  private final Backend backend;
  private final AttentionSpec spec;
  private final List<KvPages> layers = new ArrayList<>();
  private final Tensor lengths;

  /**
   * Allocates a cache of the backend's {@link dev.cantilever.backend.Capabilities#cacheType}.
   *
   * @param arena where it lives
   * @param layers L
   * @param slots rows generated at once
   * @param maxTokens most tokens a row may reach, prompt included
   */
  public KvCache(
      Backend backend, Arena arena, AttentionSpec spec, int layers, int slots, int maxTokens) {
    this.backend = backend;
    this.spec = spec;
    int pagesPerSlot = pagesFor(maxTokens);
    int pages = slots * pagesPerSlot;
    int[] table = new int[pages];
    for (int page = 0; page < pages; page++) {
      table[page] = page;
    }
    Tensor pageTable = Tensor.in(arena, DType.I32, slots, pagesPerSlot);
    backend.transfers().upload(pageTable, table);
    this.lengths = Tensor.in(arena, DType.I32, slots);
    backend.transfers().zero(lengths);
    DType type = backend.capabilities().cacheType();
    for (int layer = 0; layer < layers; layer++) {
      Tensor keys = Tensor.in(arena, type, pages, PAGE_TOKENS, spec.cacheSize());
      Tensor values = Tensor.in(arena, type, pages, PAGE_TOKENS, spec.cacheSize());
      this.layers.add(new KvPages(keys, values, pageTable, lengths, PAGE_TOKENS));
    }
  }

  private static int pagesFor(int tokens) {
    return (tokens + PAGE_TOKENS - 1) / PAGE_TOKENS;
  }

  /** The pages of one layer. */
  KvPages layer(int layer) {
    return layers.get(layer);
  }

  /**
   * Room for the new tokens of a step, to be placed before each.
   *
   * @param rows where each row's new tokens lie in the batch
   * @param slots [B] I32, the slot of each row
   * @param arena where their places lie
   */
  public CachedRows newTokens(PackedRows rows, Tensor slots, Arena arena) {
    return new CachedRows(
        this,
        new NewTokens(
            rows,
            slots,
            Tensor.in(arena, DType.I32, rows.tokens()),
            Tensor.in(arena, DType.F32, rows.tokens(), spec.rotary().dims())));
  }

  /** Finds where new tokens go in all layers. */
  public void place(NewTokens tokens) {
    backend.attention().placeTokens(tokens, layers.get(0), spec);
  }

  /** Counts the tokens just appended in all layers. */
  public void advance(NewTokens tokens) {
    backend.attention().advance(lengths, tokens.slots(), tokens.rows());
  }
}
