package dev.cantilever.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

/** Any sequence of allocations, marks and resets against a model that keeps a list. */
class ArenaPropertyTest {

  private static final long ALIGNMENT = 64;
  private static final long GRANULARITY = 1024;
  private static final long LIMIT = 24 << 10;

  private enum Kind {
    ALLOCATE,
    MARK,
    RESET_TO_MARK,
    RESET
  }

  private record Step(Kind kind, long bytes) {}

  private record Block(long address, long bytes) {}

  private record Marked(Arena.Mark mark, int blocks) {}

  @Provide
  Arbitrary<List<Step>> steps() {
    Arbitrary<Kind> kinds =
        Arbitraries.frequency(
            Tuple.of(12, Kind.ALLOCATE),
            Tuple.of(3, Kind.MARK),
            Tuple.of(3, Kind.RESET_TO_MARK),
            Tuple.of(1, Kind.RESET));
    Arbitrary<Long> sizes = Arbitraries.longs().between(0, 3 * GRANULARITY);
    return Combinators.combine(kinds, sizes).as(Step::new).list().ofMaxSize(60);
  }

  @Property(tries = 500, seed = "17")
  void steps_anySequence_liveBlocksNeverOverlapAndAccountingIsTheModels(
      @ForAll("steps") List<Step> steps) {
    CountedSource source = new CountedSource(ALIGNMENT);
    MemoryBudget budget = new MemoryBudget("test", LIMIT, source);
    List<Block> blocks = new ArrayList<>();
    Deque<Marked> marks = new ArrayDeque<>();
    long peak = 0;
    try (Arena arena = budget.open("any", Purpose.ACTIVATION, GRANULARITY)) {
      for (Step step : steps) {
        switch (step.kind()) {
          case ALLOCATE -> allocate(arena, step.bytes(), blocks, budget);
          case MARK -> marks.push(new Marked(arena.mark(), blocks.size()));
          case RESET_TO_MARK -> {
            if (!marks.isEmpty()) {
              Marked marked = marks.pop();
              arena.reset(marked.mark());
              blocks.subList(marked.blocks(), blocks.size()).clear();
            }
          }
          case RESET -> {
            arena.reset();
            marks.clear();
            blocks.clear();
          }
        }
        long used = blocks.stream().mapToLong(Block::bytes).sum();
        peak = Math.max(peak, used);
        assertThat(arena.usedBytes()).isEqualTo(used);
        assertThat(arena.peakBytes()).isEqualTo(peak);
        assertThat(arena.reservedBytes()).isEqualTo(source.liveBytes()).isBetween(used, LIMIT);
        assertThat(budget.liveBytes()).isEqualTo(source.liveBytes());
        assertThat(blocks).allMatch(block -> source.holds(block.address(), block.bytes()));
      }
    }
    assertThat(budget.liveBytes()).isZero();
    assertThat(source.liveBytes()).isZero();
  }

  private static void allocate(Arena arena, long bytes, List<Block> blocks, MemoryBudget budget) {
    long before = budget.liveBytes();
    long size = (Math.max(bytes, 1) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    long address;
    try {
      address = arena.allocate(bytes);
    } catch (BudgetExceededException e) {
      assertThat(before + Math.max(size, GRANULARITY)).isGreaterThan(LIMIT);
      assertThat(budget.liveBytes()).isEqualTo(before);
      return;
    }
    assertThat(address % ALIGNMENT).isZero();
    for (Block other : blocks) {
      assertThat(address + size <= other.address() || other.address() + other.bytes() <= address)
          .as("%d bytes at %d and %s", size, address, other)
          .isTrue();
    }
    blocks.add(new Block(address, size));
  }
}
