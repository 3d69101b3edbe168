package dev.cantilever.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.junit.jupiter.api.Test;

class DeviceHeapTest {

  private static final long MIB = 1 << 20;
  private static final long BASE = 256 * MIB;

  private final DeviceHeap heap = new DeviceHeap(BASE, 10 * MIB, 256);

  @Test
  void chunks_inOrder_lieSideBySideFromTheBeginning() {
    assertThat(heap.allocate(1)).isEqualTo(BASE);
    assertThat(heap.allocate(257)).isEqualTo(BASE + 256);
    assertThat(heap.allocate(256)).isEqualTo(BASE + 256 + 512);
    assertThat(heap.highWaterBytes()).hasValue(1024);
  }

  @Test
  void chunk_thatFitsAnEarlierHole_leavesTheHighWaterMark() {
    long first = heap.allocate(2 * MIB);
    heap.allocate(MIB);
    heap.free(first, 2 * MIB);

    assertThat(heap.allocate(MIB)).isEqualTo(BASE);
    assertThat(heap.allocate(2 * MIB)).isEqualTo(BASE + 3 * MIB);
    assertThat(heap.highWaterBytes()).hasValue(5 * MIB);
  }

  @Test
  void chunk_ofTheWholeReservation_succeedsAlsoWhereItsSizeIsNoMultiple() {
    DeviceHeap odd = new DeviceHeap(0, 1000, 256);

    long low = odd.allocate(50);
    assertThat(odd.largestHoleBytes()).isEqualTo(1000 - 256);
    long high = odd.allocate(744);
    assertThat(odd.largestHoleBytes()).isZero();
    odd.free(low, 50);
    odd.free(high, 744);

    assertThat(odd.allocate(1000)).isZero();
    assertThat(odd.highWaterBytes()).hasValue(1000);
  }

  @Test
  void chunk_largerThanEveryHole_isRefusedAndChangesNothing() {
    long first = heap.allocate(3 * MIB);
    heap.allocate(4 * MIB);
    heap.free(first, 3 * MIB);

    assertThatThrownBy(() -> heap.allocate(3 * MIB + 1))
        .isInstanceOf(ReservationFullException.class)
        .hasMessageContaining("6291456 free of which 3145728 in one piece");

    assertThat(heap.highWaterBytes()).hasValue(7 * MIB);
    assertThat(heap.largestHoleBytes()).isEqualTo(3 * MIB);
    assertThat(heap.allocate(3 * MIB)).isEqualTo(BASE);
  }

  @Test
  void free_whatIsNotLive_isRefused() {
    long chunk = heap.allocate(100);

    assertThatIllegalStateException().isThrownBy(() -> heap.free(chunk, 99));
    assertThatIllegalStateException().isThrownBy(() -> heap.free(chunk + 256, 100));
    heap.free(chunk, 100);
    assertThatIllegalStateException()
        .isThrownBy(() -> heap.free(chunk, 100))
        .withMessageContaining("100 bytes at 0x10000000");
  }

  @Test
  void numbers_thatMakeNoReservation_areRefused() {
    for (long alignment : new long[] {0, 48, -64, Long.MIN_VALUE, BASE * 2}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new DeviceHeap(BASE, MIB, alignment))
          .withMessageContaining("found " + alignment);
    }
    assertThatIllegalArgumentException().isThrownBy(() -> new DeviceHeap(BASE, 0, 256));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new DeviceHeap(BASE, Long.MAX_VALUE, 256));
    assertThatIllegalArgumentException().isThrownBy(() -> heap.allocate(0));
  }

  @Test
  void budget_withRoomButNotInOnePiece_refusesWithTheTableAndChangesNothing() {
    MemoryBudget budget = new MemoryBudget("card", 10 * MIB, heap);
    try (Arena weights = budget.open("weights", Purpose.BASE_WEIGHTS);
        Arena cache = budget.open("cache", Purpose.KV_CACHE)) {
      Arena loading = budget.open("loading", Purpose.WORKSPACE);
      loading.allocate(3 * MIB);
      weights.allocate(4 * MIB);
      loading.close();
      MemoryReport before = budget.report();

      BudgetExceededException refusal =
          catchThrowableOfType(BudgetExceededException.class, () -> cache.allocate(5 * MIB));

      assertThat(refusal)
          .hasCauseInstanceOf(ReservationFullException.class)
          .hasMessageContaining(
              "'cache' (kv cache) needs 5.0 MiB more in one piece, but the largest hole of card has"
                  + " 3.0 MiB, with 6.0 MiB left of its budget of 10.0 MiB.")
          .hasMessageContaining("lower the rows")
          .hasMessageContaining(before.toString());
      assertThat(budget.report()).isEqualTo(before);
      assertThat(cache.usedBytes()).isZero();
      assertThat(cache.allocate(3 * MIB)).isEqualTo(BASE);
    }
    assertThat(heap.largestHoleBytes()).isEqualTo(10 * MIB);
  }

  @Test
  void report_highWaterAboveThePeak_hasALineForIt() {
    MemoryBudget budget = new MemoryBudget("card", 10 * MIB, heap);
    Arena first = budget.open("first", Purpose.KV_CACHE);
    first.allocate(2 * MIB);
    try (Arena second = budget.open("second", Purpose.ACTIVATION);
        Arena third = budget.open("third", Purpose.ACTIVATION)) {
      second.allocate(MIB);
      assertThat(budget.report().toString()).doesNotContain("with holes");
      first.close();
      third.allocate(3 * MIB);

      assertThat(budget.peakBytes()).isEqualTo(4 * MIB);
      assertThat(budget.highWaterBytes()).isEqualTo(6 * MIB);
      assertThat(budget.report().toString().lines())
          .contains("with holes                             6.0");
    }
  }

  @Test
  void highWater_withoutAReservation_isThePeak() {
    MemoryBudget budget = new MemoryBudget("cpu", 10 * MIB, new CountedSource(64));
    assertThat(budget.oneReservation()).isFalse();
    try (Arena arena = budget.open("any", Purpose.BATCH)) {
      arena.allocate(3 * MIB);
    }
    assertThat(budget.highWaterBytes()).isEqualTo(3 * MIB);
    assertThat(budget.report().highWaterBytes()).isEqualTo(3 * MIB);
  }
}
