package dev.cantilever.nn;

import java.util.Arrays;

/**
 * The host's side of a cache's page table: which pages each slot has. A page belongs to one slot,
 * or to several whose rows begin with the same tokens, and is free again when the last of them has
 * given it back.
 */
final class PageTable {

  /** Stands where a slot has no page, so that the device reports whoever goes there. */
  static final int NONE = -1;

  private final int pagesPerSlot;
  private final int[][] pagesOf; // by slot, in the order of its tokens
  private final int[] owners; // of each page
  private int free;

  PageTable(KvCacheSize size) {
    pagesPerSlot = size.pagesPerSlot();
    pagesOf = new int[size.slots()][0];
    owners = new int[size.pages()];
    free = size.pages();
  }

  /** Pages that no slot has. */
  int free() {
    return free;
  }

  /** Gives an empty slot pages of its own. */
  void take(int slot, int count) {
    take(slot, new int[0], count);
  }

  /**
   * Gives an empty slot the first pages of another and then pages of its own.
   *
   * @param shared how many of the other's
   * @param count how many in all
   */
  void share(int slot, int other, int shared, int count) {
    take(slot, Arrays.copyOf(pagesOf[other], shared), count);
  }

  private void take(int slot, int[] shared, int count) {
    if (pagesOf[slot].length > 0 || count > pagesPerSlot || count - shared.length > free) {
      throw new IllegalStateException(
          "Expected slot %d without pages and %d that are free, at most %d in all, found it with %d and %d free. Ask for room first."
              .formatted(slot, count - shared.length, pagesPerSlot, pagesOf[slot].length, free));
    }
    int[] pages = Arrays.copyOf(shared, count);
    for (int page : shared) {
      owners[page]++;
    }
    int next = 0;
    for (int p = shared.length; p < count; p++) {
      while (owners[next] > 0) {
        next++;
      }
      pages[p] = next;
      owners[next] = 1;
    }
    free -= count - shared.length;
    pagesOf[slot] = pages;
  }

  /** Takes a slot's pages back. */
  void giveBack(int slot) {
    for (int page : pagesOf[slot]) {
      owners[page]--;
      if (owners[page] == 0) {
        free++;
      }
    }
    pagesOf[slot] = new int[0];
  }

  /** The page in which a slot's tokens of an index lie. */
  int page(int slot, int index) {
    return pagesOf[slot][index];
  }

  /** A slot's row of the table, {@link #NONE} behind its pages. */
  int[] row(int slot) {
    int[] row = Arrays.copyOf(pagesOf[slot], pagesPerSlot);
    Arrays.fill(row, pagesOf[slot].length, pagesPerSlot, NONE);
    return row;
  }
}
