package dev.cantilever.backend.onednn;

import dev.cantilever.backend.KvPages;
import dev.cantilever.backend.ShapeException;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import java.util.Arrays;

/**
 * Where one row's tokens lie in a paged cache, checked to be inside it.
 *
 * @param keys address of the key pages
 * @param values address of the value pages
 * @param tokenBytes bytes of one token's keys, and of its values
 * @param pageTokens tokens in a page
 * @param pages pages of the row, in order, as many as its tokens need
 * @param cached tokens already in the cache
 * @param tokens tokens with the new ones
 */
record CacheRow(
    long keys, long values, long tokenBytes, int pageTokens, int[] pages, int cached, int tokens) {

  /**
   * Looks up every row before anything is written.
   *
   * @param op who asks, for messages
   * @throws ShapeException if a slot, a length or a page is outside the cache or a slot comes twice
   */
  static CacheRow[] of(String op, KvPages cache, Tensor slots, PackedRows rows) {
    int[] chosen = slots(op, slots, cache.pageTable().size(0));
    CacheRow[] places = new CacheRow[chosen.length];
    for (int row = 0; row < chosen.length; row++) {
      places[row] = place(op, cache, chosen[row], rows.length(row));
    }
    return places;
  }

  /**
   * Looks up what each row's slot holds, where several rows may have the same.
   *
   * @throws ShapeException if a slot, a length or a page is outside the cache or a slot is empty
   */
  static CacheRow[] filled(String op, KvPages cache, Tensor slots) {
    int count = cache.pageTable().size(0);
    int[] chosen = new int[slots.size(0)];
    HostMemory.get(slots.address(), chosen, 0, chosen.length);
    CacheRow[] places = new CacheRow[chosen.length];
    for (int row = 0; row < chosen.length; row++) {
      if (chosen[row] < 0 || chosen[row] >= count) {
        throw new ShapeException(
            "%s: expected slots in [0, %d), got %d for row %d. Give every row a slot of the cache."
                .formatted(op, count, chosen[row], row));
      }
      places[row] = place(op, cache, chosen[row], 0);
      if (places[row].tokens() == 0) {
        throw new ShapeException(
            "%s: expected keys in slot %d, found none. Append them and advance its length before."
                .formatted(op, chosen[row]));
      }
    }
    return places;
  }

  private static CacheRow place(String op, KvPages cache, int slot, int added) {
    int maxPages = cache.pageTable().size(1);
    long pageCount = cache.keys().dim(0);
    int cached = HostMemory.getInt(cache.lengths().address() + (long) Integer.BYTES * slot);
    long tokens = (long) cached + added;
    long needed = (tokens + cache.pageTokens() - 1) / cache.pageTokens();
    if (cached < 0 || needed > maxPages) {
      throw new ShapeException(
          op
              + ": expected room for "
              + tokens
              + " tokens ("
              + cached
              + " cached) in slot "
              + slot
              + ", but a slot has "
              + maxPages
              + " pages of "
              + cache.pageTokens()
              + " tokens. Give the cache more pages or end the row.");
    }
    int[] pages = new int[(int) needed];
    long table = cache.pageTable().address() + (long) Integer.BYTES * slot * maxPages;
    HostMemory.get(table, pages, 0, pages.length);
    for (int page : pages) {
      if (page < 0 || page >= pageCount) {
        throw new ShapeException(
            op
                + ": expected pages in [0, "
                + pageCount
                + ") in slot "
                + slot
                + ", got "
                + Arrays.toString(pages)
                + ". Fill the page table before the step.");
      }
    }
    return new CacheRow(
        cache.keys().address(),
        cache.values().address(),
        cache.keys().dim(2) * Float.BYTES,
        cache.pageTokens(),
        pages,
        cached,
        (int) tokens);
  }

  /**
   * Reads the slot of each row.
   *
   * @throws ShapeException if one is not in {@code [0, count)} or comes twice
   */
  static int[] slots(String op, Tensor slots, int count) {
    int[] chosen = new int[slots.size(0)];
    HostMemory.get(slots.address(), chosen, 0, chosen.length);
    boolean[] taken = new boolean[count];
    for (int slot : chosen) {
      if (slot < 0 || slot >= count || taken[slot]) {
        throw new ShapeException(
            op
                + ": expected different slots in [0, "
                + count
                + "), got "
                + Arrays.toString(chosen)
                + ". Give every row a slot of its own.");
      }
      taken[slot] = true;
    }
    return chosen;
  }

  /** Address of token {@code token}'s keys. */
  long key(int token) {
    return keys + offset(token);
  }

  /** Address of token {@code token}'s values. */
  long value(int token) {
    return values + offset(token);
  }

  /** Index of token {@code token} among the tokens of all pages. */
  int place(int token) {
    return pages[token / pageTokens] * pageTokens + token % pageTokens;
  }

  private long offset(int token) {
    return place(token) * tokenBytes;
  }
}
