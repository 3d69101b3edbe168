package dev.cantilever.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.cantilever.OpsException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MemoryBudgetTest {

  private static final long MIB = 1 << 20;

  private final CountedSource source = new CountedSource(256);
  private final MemoryBudget budget = new MemoryBudget("card", 10 * MIB, source);

  @AfterEach
  void nothingIsLive() {
    assertThat(budget.openArenas()).isEmpty();
    assertThat(budget.liveBytes()).isZero();
    assertThat(source.liveBytes()).isZero();
  }

  @Test
  void budget_zeroOrLess_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new MemoryBudget("card", 0, source))
        .withMessageContaining("positive budget");
  }

  @Test
  void reservation_exactlyTheRest_succeeds() {
    try (Arena weights = budget.open("base", Purpose.BASE_WEIGHTS);
        Arena batch = budget.open("batch", Purpose.BATCH)) {
      weights.allocate(9 * MIB);
      batch.allocate(5);

      assertThat(budget.liveBytes()).isEqualTo(budget.limitBytes());
    }
  }

  @Test
  void reservation_aByteTooMuch_changesNothing() {
    try (Arena weights = budget.open("base", Purpose.BASE_WEIGHTS);
        Arena cache = budget.open("cache", Purpose.KV_CACHE)) {
      weights.allocate(6 * MIB);
      MemoryReport before = budget.report();

      assertThatThrownBy(() -> cache.allocate(4 * MIB + 1))
          .isInstanceOf(BudgetExceededException.class);

      assertThat(budget.report()).isEqualTo(before);
      assertThat(cache.usedBytes()).isZero();
      assertThat(source.requests()).hasSize(1);
      assertThat(cache.allocate(4 * MIB)).isPositive();
    }
  }

  @Test
  void refusal_message_saysWhatWasNeededWhatIsLeftAndShowsTheTable() {
    try (Arena weights = budget.open("base weights of m", Purpose.BASE_WEIGHTS);
        Arena cache = budget.open("rollout kv-cache B=8 T=96", Purpose.KV_CACHE)) {
      weights.allocate(6 * MIB);

      BudgetExceededException refusal =
          catchThrowableOfType(BudgetExceededException.class, () -> cache.allocate(5 * MIB));

      assertThat(refusal)
          .isInstanceOf(OpsException.class)
          .hasMessageContaining(
              "'rollout kv-cache B=8 T=96' (kv cache) needs 5.0 MiB more, but card has 4.0 MiB"
                  + " left of its budget of 10.0 MiB.")
          .hasMessageContaining("Lower the rows")
          .hasMessageContaining(refusal.report().toString());
      assertThat(refusal.report()).isEqualTo(budget.report());
    }
  }

  @Test
  void peaks_perPurpose_outliveTheirArenas() {
    try (Arena cache = budget.open("cache", Purpose.KV_CACHE)) {
      cache.allocate(3 * MIB);
    }
    try (Arena first = budget.open("moments", Purpose.OPTIMIZER);
        Arena second = budget.open("more moments", Purpose.OPTIMIZER)) {
      first.allocate(MIB);
      second.allocate(MIB);

      assertThat(budget.report().lines())
          .containsExactly(
              new MemoryReport.Line(Purpose.OPTIMIZER, 2 * MIB, 2 * MIB),
              new MemoryReport.Line(Purpose.KV_CACHE, 0, 3 * MIB));
      assertThat(budget.liveBytes()).isEqualTo(2 * MIB);
    }
    assertThat(budget.peakBytes()).isEqualTo(3 * MIB);
  }

  @Test
  void openArenas_arenaNotClosed_isNamed() {
    Arena leaked = budget.open("forgotten scratch", Purpose.ACTIVATION);
    budget.open("closed", Purpose.BATCH).close();
    leaked.allocate(1);

    assertThat(budget.openArenas()).containsExactly("forgotten scratch");
    assertThat(budget.liveBytes()).isEqualTo(MIB);

    leaked.close();
  }

  @Test
  void close_twice_releasesOnce() {
    try (Arena other = budget.open("other", Purpose.BATCH)) {
      other.allocate(MIB);
      Arena arena = budget.open("twice", Purpose.BATCH);
      arena.allocate(2 * MIB);

      arena.close();
      arena.close();

      assertThat(budget.liveBytes()).isEqualTo(MIB);
    }
  }

  @Test
  void report_printed_isATableInOrderOfPurposes() {
    try (Arena workspace = budget.open("scratch", Purpose.WORKSPACE);
        Arena weights = budget.open("base", Purpose.BASE_WEIGHTS)) {
      workspace.allocate(MIB);
      weights.allocate(2 * MIB);

      assertThat(budget.report().toString().lines())
          .containsExactly(
              "purpose               now MiB     peak MiB",
              "base weights              2.0          2.0",
              "workspace                 1.0          1.0",
              "together                  3.0          3.0",
              "budget                   card         10.0");
    }
  }
}
