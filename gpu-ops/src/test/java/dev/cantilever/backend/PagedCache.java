package dev.cantilever.backend;

import dev.cantilever.tensor.DType;
import java.util.Arrays;

/**
 * A cache for tests of rows of known length: pages are dealt out in turn from the last to the
 * first, slots run backwards, and slot 0 and page 0 belong to no row.
 */
record PagedCache(KvPages pages, int slots) {

  static PagedCache in(
      TestTensors tensors, DType type, int[] lengths, int pageTokens, AttentionSpec spec) {
    int slots = lengths.length + 1;
    int longest = Arrays.stream(lengths).max().orElseThrow();
    int maxPages = (longest + pageTokens - 1) / pageTokens;
    int pages = 1 + slots * maxPages;
    int[] table = new int[slots * maxPages];
    for (int slot = 0; slot < slots; slot++) {
      for (int p = 0; p < maxPages; p++) {
        table[slot * maxPages + p] = pages - 1 - (p * slots + slot);
      }
    }
    return new PagedCache(
        new KvPages(
            tensors.output(type, pages, pageTokens, spec.cacheSize()),
            tensors.output(type, pages, pageTokens, spec.cacheSize()),
            tensors.of(table).reshape(slots, maxPages),
            tensors.of(new int[slots]),
            pageTokens),
        slots);
  }

  /** Index of the first element of a token of a row among the keys, and among the values. */
  int index(int row, int token) {
    int maxPages = pages.pageTable().size(1);
    int page = slots * maxPages - (token / pages.pageTokens() * slots + slot(row));
    return (page * pages.pageTokens() + token % pages.pageTokens()) * pages.keys().size(2);
  }

  int slot(int row) {
    return slots - 1 - row;
  }

  int unusedSlot() {
    return 0;
  }
}
