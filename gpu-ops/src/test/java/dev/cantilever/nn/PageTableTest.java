package dev.cantilever.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PageTableTest {

  private static final int SLOTS = 5;
  private static final int PER_SLOT = 4;
  private static final int PAGES = 13;

  @Test
  void slots_comingAndGoing_haveEachPageOnceOrShareIt() {
    PageTable table = new PageTable(new KvCacheSize(SLOTS, PER_SLOT, PAGES));
    Random random = new Random(11);
    Map<Integer, List<Integer>> expected = new HashMap<>(); // pages of the slots that are in
    for (int turn = 0; turn < 2000; turn++) {
      int slot = random.nextInt(SLOTS);
      if (expected.containsKey(slot)) {
        table.giveBack(slot);
        expected.remove(slot);
      } else {
        int count = 1 + random.nextInt(PER_SLOT);
        int other = random.nextInt(SLOTS);
        List<Integer> common = expected.getOrDefault(other, List.of());
        int shared = Math.min(random.nextInt(PER_SLOT), Math.min(common.size(), count - 1));
        if (count - shared > table.free()) {
          continue;
        }
        if (shared > 0) {
          table.share(slot, other, shared, count);
        } else {
          table.take(slot, count);
        }
        List<Integer> pages = pages(table, slot);
        assertThat(pages).hasSize(count);
        assertThat(pages.subList(0, shared)).isEqualTo(common.subList(0, shared));
        Set<Integer> inUse = inUse(expected);
        assertThat(pages.subList(shared, count)).noneMatch(inUse::contains);
        expected.put(slot, pages);
      }
      assertThat(table.free()).isEqualTo(PAGES - inUse(expected).size());
    }
    expected.keySet().forEach(table::giveBack);
    assertThat(table.free()).isEqualTo(PAGES);
  }

  private static Set<Integer> inUse(Map<Integer, List<Integer>> pagesOf) {
    Set<Integer> inUse = new HashSet<>();
    pagesOf.values().forEach(inUse::addAll);
    return inUse;
  }

  private static List<Integer> pages(PageTable table, int slot) {
    List<Integer> pages = new ArrayList<>();
    boolean behind = false;
    for (int page : table.row(slot)) {
      if (page == PageTable.NONE) {
        behind = true;
      } else {
        assertThat(behind).isFalse();
        assertThat(page).isEqualTo(table.page(slot, pages.size())).isBetween(0, PAGES - 1);
        pages.add(page);
      }
    }
    assertThat(pages).doesNotHaveDuplicates();
    return pages;
  }

  @Test
  void take_moreThanIsFree_changesNothing() {
    PageTable table = new PageTable(new KvCacheSize(2, 4, 5));
    table.take(0, 3);

    assertThatThrownBy(() -> table.take(1, 3)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> table.take(0, 1)).isInstanceOf(IllegalStateException.class);

    assertThat(table.free()).isEqualTo(2);
    table.share(1, 0, 2, 4);
    assertThat(table.free()).isZero();
    table.giveBack(0);
    assertThat(table.free()).isEqualTo(1);
  }
}
