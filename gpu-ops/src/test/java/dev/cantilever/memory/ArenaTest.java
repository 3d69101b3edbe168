package dev.cantilever.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArenaTest {

  private static final long ALIGNMENT = 64;
  private static final long GRANULARITY = 4096;

  private final CountedSource source = new CountedSource(ALIGNMENT);
  private final MemoryBudget budget = new MemoryBudget("test", 1 << 20, source);
  private Arena arena;

  @BeforeEach
  void open() {
    arena = budget.open("scratch", Purpose.ACTIVATION, GRANULARITY);
  }

  @AfterEach
  void close() {
    arena.close();
    assertThat(budget.liveBytes()).isZero();
    assertThat(source.liveBytes()).isZero();
  }

  @Test
  void arena_justOpened_reservesNothing() {
    assertThat(arena.name()).isEqualTo("scratch");
    assertThat(arena.purpose()).isEqualTo(Purpose.ACTIVATION);
    assertThat(arena.reservedBytes()).isZero();
    assertThat(budget.liveBytes()).isZero();
  }

  @Test
  void allocate_oddSizes_areAlignedAndPaddingCounts() {
    long first = arena.allocate(1);
    long second = arena.allocate(65);
    long third = arena.allocate(0);

    assertThat(first % ALIGNMENT).isZero();
    assertThat(second).isEqualTo(first + 64);
    assertThat(third).isEqualTo(second + 128);
    assertThat(arena.usedBytes()).isEqualTo(64 + 128 + 64);
    assertThat(arena.reservedBytes()).isEqualTo(GRANULARITY);
  }

  @Test
  void allocate_largerThanGranularity_takesAChunkOfItsOwnSize() {
    arena.allocate(GRANULARITY + 1);

    assertThat(source.requests()).containsExactly(GRANULARITY + 64);
    assertThat(budget.liveBytes()).isEqualTo(GRANULARITY + 64);
  }

  @Test
  void reset_toMark_handsOutTheSameAddressesAgain() {
    arena.allocate(100);
    Arena.Mark mark = arena.mark();
    long before = arena.allocate(200);
    arena.allocate(300);

    arena.reset(mark);

    assertThat(arena.usedBytes()).isEqualTo(128);
    assertThat(arena.allocate(200)).isEqualTo(before);
  }

  @Test
  void reset_afterSeveralChunks_takesNoNewOnesFromTheSource() {
    for (int batch = 0; batch < 5; batch++) {
      arena.allocate(3000);
      arena.allocate(3000);
      arena.allocate(9000);
      arena.reset();
    }

    assertThat(source.requests()).containsExactly(GRANULARITY, GRANULARITY, 9024L);
    assertThat(arena.usedBytes()).isZero();
    assertThat(arena.reservedBytes()).isEqualTo(2 * GRANULARITY + 9024);
  }

  @Test
  void reset_thenLargerRequest_skipsKeptChunksThatAreTooSmall() {
    arena.allocate(3000);
    long large = arena.allocate(9000);
    arena.reset();

    assertThat(arena.allocate(8000)).isEqualTo(large);
    assertThat(source.requests()).hasSize(2);
  }

  @Test
  void peak_afterReset_remainsTheMostHandedOutAtOnce() {
    arena.allocate(6400);
    arena.reset();
    arena.allocate(64);

    assertThat(arena.peakBytes()).isEqualTo(6400);
    assertThat(arena.usedBytes()).isEqualTo(64);
  }

  @Test
  void allocate_overBudget_leavesArenaAsItWas() {
    arena.allocate(1000);
    long used = arena.usedBytes();
    Arena.Mark mark = arena.mark();

    assertThatThrownBy(() -> arena.allocate(1 << 20)).isInstanceOf(BudgetExceededException.class);

    assertThat(arena.usedBytes()).isEqualTo(used);
    assertThat(arena.peakBytes()).isEqualTo(used);
    assertThat(arena.mark()).isEqualTo(mark);
    assertThat(arena.reservedBytes()).isEqualTo(GRANULARITY);
    assertThat(source.requests()).hasSize(1);
  }

  @Test
  void allocate_sourceHasNoMore_leavesArenaAndBudgetAsTheyWere() {
    arena.allocate(1000);
    MemoryReport before = budget.report();
    source.exhaust();

    assertThatThrownBy(() -> arena.allocate(9000)).isInstanceOf(OutOfMemoryError.class);

    assertThat(budget.liveBytes()).isEqualTo(GRANULARITY);
    assertThat(budget.report().lines()).hasSameSizeAs(before.lines());
    assertThat(arena.reservedBytes()).isEqualTo(GRANULARITY);
    assertThat(arena.usedBytes()).isEqualTo(1024);
    assertThat(budget.openArenas()).containsExactly("scratch");
    assertThat(arena.allocate(64)).isPositive(); // from the chunk it has
  }

  @ParameterizedTest
  @ValueSource(longs = {Long.MAX_VALUE, Long.MAX_VALUE - 63, Long.MAX_VALUE - 64, 1L << 62})
  void allocate_moreThanAnyBudget_isRefusedAsOverBudget(long bytes) {
    arena.allocate(1000);

    assertThatThrownBy(() -> arena.allocate(bytes)).isInstanceOf(BudgetExceededException.class);

    assertThat(arena.usedBytes()).isEqualTo(1024);
    assertThat(budget.liveBytes()).isEqualTo(GRANULARITY);
  }

  @Test
  void allocate_lessThanNothing_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> arena.allocate(-1))
        .withMessageContaining("'scratch'")
        .withMessageContaining("-1");
  }

  @Test
  void close_twice_freesOnceAndRefusesFurtherUse() {
    arena.allocate(100);

    arena.close();
    arena.close();

    assertThat(source.liveBytes()).isZero();
    assertThat(budget.liveBytes()).isZero();
    assertThatThrownBy(() -> arena.allocate(1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("'scratch' is closed");
  }
}
