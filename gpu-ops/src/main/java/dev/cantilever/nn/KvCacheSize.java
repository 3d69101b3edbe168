package dev.cantilever.nn;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.tensor.DType;
import java.util.Arrays;

/**
 * What a KV cache has room for.
 *
 * @param slots rows at once
 * @param pagesPerSlot most pages that a row may have
 * @param pages of all rows together
 */
public record KvCacheSize(int slots, int pagesPerSlot, int pages) {

  /**
   * As much as rows need that never wait for pages: the pages of the longest of them, as many as
   * there are slots.
   *
   * @param mostSlots rows at once, if there are as many
   * @param rowTokens most tokens that each row may reach, prompt included
   */
  public static KvCacheSize of(int mostSlots, int[] rowTokens) {
    int[] pages = Arrays.stream(rowTokens).map(KvCacheSize::pagesFor).sorted().toArray();
    int slots = Math.min(mostSlots, pages.length);
    long together = Arrays.stream(pages, pages.length - slots, pages.length).asLongStream().sum();
    return new KvCacheSize(slots, pages[pages.length - 1], Math.toIntExact(together));
  }

  /**
   * The same with no more pages than some memory holds beside the page table.
   *
   * @param bytes of the memory, one piece
   * @param alignment of what is handed out of it
   * @param layers L
   * @param type of the cache's elements
   */
  public KvCacheSize within(
      long bytes, long alignment, AttentionSpec spec, int layers, DType type) {
    // Keys and values of each layer.
    long ofTensor = Math.max(0, bytes - tableBytes(alignment)) / (2L * layers) & -alignment;
    return new KvCacheSize(
        slots, pagesPerSlot, (int) Math.min(pages, ofTensor / pageBytes(spec, type)));
  }

  /**
   * Bytes of a cache of this size, its page table included; parameters as those of {@link #within}.
   */
  public long bytes(long alignment, AttentionSpec spec, int layers, DType type) {
    return tableBytes(alignment) + 2L * layers * aligned(pages * pageBytes(spec, type), alignment);
  }

  private long tableBytes(long alignment) {
    return aligned((long) Integer.BYTES * slots * pagesPerSlot, alignment)
        + aligned((long) Integer.BYTES * slots, alignment);
  }

  private static long pageBytes(AttentionSpec spec, DType type) {
    return (long) KvCache.PAGE_TOKENS * spec.cacheSize() * type.bytes();
  }

  private static long aligned(long bytes, long alignment) {
    return bytes + alignment - 1 & -alignment;
  }

  /** Pages in which so many tokens lie. */
  public static int pagesFor(int tokens) {
    return (tokens + KvCache.PAGE_TOKENS - 1) / KvCache.PAGE_TOKENS;
  }
}
