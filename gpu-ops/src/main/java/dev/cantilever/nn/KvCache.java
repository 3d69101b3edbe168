package dev.cantilever.nn;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.KvPages;
import dev.cantilever.backend.NewTokens;
import dev.cantilever.backend.RotarySpec;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Keys and values of rows being generated, in pages, for all layers. Allocated whole before the
 * first token; nothing grows. A row is in a slot from when it enters until it leaves and has the
 * pages of all tokens it may reach, so that none fails half way; then they are another's.
 *
 * <p>Slots enter and leave by uploads and fills in the order of the device's work, of which none
 * waits for it.
 */
public final class KvCache {

  /** Tokens in a page. */
  public static final int PAGE_TOKENS = 16;

  private final Backend backend;
  private final AttentionSpec spec;
  private final List<KvPages> layers;
  private final PageTable table;
  private final Tensor pageTable; // [slots, pagesPerSlot] I32
  private final Tensor lengths; // [slots] I32

  /**
   * Allocates a cache of the backend's {@link dev.cantilever.backend.Capabilities#cacheType}.
   *
   * @param arena where it lives
   * @param layers L
   */
  public KvCache(Backend backend, Arena arena, AttentionSpec spec, int layers, KvCacheSize size) {
    this.backend = backend;
    this.spec = spec;
    this.table = new PageTable(size);
    this.pageTable = Tensor.in(arena, DType.I32, size.slots(), size.pagesPerSlot());
    this.lengths = Tensor.in(arena, DType.I32, size.slots());
    this.layers = new ArrayList<>();
    DType type = backend.capabilities().cacheType();
    for (int layer = 0; layer < layers; layer++) {
      Tensor keys = Tensor.in(arena, type, size.pages(), PAGE_TOKENS, spec.cacheSize());
      Tensor values = Tensor.in(arena, type, size.pages(), PAGE_TOKENS, spec.cacheSize());
      this.layers.add(new KvPages(keys, values, pageTable, lengths, PAGE_TOKENS));
    }
  }

  private KvCache(KvCache other, AttentionSpec spec) {
    this.backend = other.backend;
    this.spec = spec;
    this.layers = other.layers;
    this.table = other.table;
    this.pageTable = other.pageTable;
    this.lengths = other.lengths;
  }

  /**
   * The same cache for new tokens whose heads turn by another table; what is in it stays as it is.
   */
  public KvCache withRotary(RotarySpec rotary) {
    return new KvCache(this, spec.withRotary(rotary));
  }

  /**
   * Whether enough pages are free for a row.
   *
   * @param tokens most that it may reach, prompt included
   * @param prefix tokens at its beginning that it has in common with a row that is there; 0 if none
   */
  public boolean hasRoom(int tokens, int prefix) {
    return KvCacheSize.pagesFor(tokens) - prefix / PAGE_TOKENS <= table.free();
  }

  /**
   * Lets a row into a free slot, which is empty then.
   *
   * @param tokens most that it may reach, prompt included; there must be {@link #hasRoom}
   */
  public void enter(int slot, int tokens) {
    table.take(slot, KvCacheSize.pagesFor(tokens));
    uploadPages(slot);
    backend.transfers().zero(lengths.slice(slot, slot + 1L));
  }

  /**
   * Lets a row into a free slot that begins with the same tokens as another's row. It has that
   * row's full pages of these; the slot is to be used after {@link #copyPrefix}.
   *
   * @param other the slot of the other row
   * @param prefix how many tokens they have in common
   * @param tokens as above
   */
  public void enter(int slot, int other, int prefix, int tokens) {
    table.share(slot, other, prefix / PAGE_TOKENS, KvCacheSize.pagesFor(tokens));
    uploadPages(slot);
  }

  private void uploadPages(int slot) {
    backend.transfers().upload(pageTable.slice(slot, slot + 1L), table.row(slot));
  }

  /**
   * Gives a row the tokens that it has in common with another's, once that one has them: what is on
   * no full page is copied.
   *
   * @param slot entered with the same prefix
   * @param other the slot of the other row, which has not left
   */
  public void copyPrefix(int slot, int other, int prefix) {
    if (prefix % PAGE_TOKENS > 0) {
      int index = prefix / PAGE_TOKENS;
      for (KvPages layer : layers) {
        copyPage(layer.keys(), table.page(slot, index), table.page(other, index));
        copyPage(layer.values(), table.page(slot, index), table.page(other, index));
      }
    }
    backend.transfers().upload(lengths.slice(slot, slot + 1L), new int[] {prefix});
  }

  private void copyPage(Tensor pages, int target, int source) {
    backend.transfers().copy(pages.slice(target, target + 1L), pages.slice(source, source + 1L));
  }

  /** Gives a slot's pages back; what is enqueued may still read them. */
  public void leave(int slot) {
    table.giveBack(slot);
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
            Tensor.in(arena, DType.F32, rows.tokens(), spec.rotary().dims())),
        Optional.empty());
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
