package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.BackendKind;
import dev.cantilever.backend.Backends;
import dev.cantilever.hub.Fixtures;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.nn.KvCacheSize;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who goes through the model when, with nothing computed. */
class GenerationScheduleTest {

  @TempDir Path folder;

  private Architecture architecture;
  private Backend backend;
  private Arena arena;

  @BeforeEach
  void open() throws IOException {
    ModelConfig config = ModelConfig.at(LlamaConfigs.tiny(folder));
    architecture = Families.of(config).architecture(config);
    backend = Backends.meta(BackendKind.CPU, 1L << 30);
    arena = backend.budget().open("kv-cache", Purpose.KV_CACHE);
  }

  @AfterEach
  void close() {
    arena.close();
    backend.close();
    assertThat(backend.budget().liveBytes()).isZero();
  }

  private GenerationSchedule schedule(List<GenerationRow> rows, KvCacheSize size) {
    return schedule(rows, size, StopRule.never(), 1);
  }

  private GenerationSchedule schedule(
      List<GenerationRow> rows, KvCacheSize size, StopRule stop, int mostSteps) {
    GenerationCache cache =
        GenerationCache.of(backend, arena, architecture, size, rows, size.slots());
    return new GenerationSchedule(architecture, rows, cache, size.slots(), stop, mostSteps);
  }

  /** Rows that differ in their first token. */
  private static List<GenerationRow> rows(int queryTokens, int... limits) {
    List<GenerationRow> rows = new ArrayList<>();
    for (int r = 0; r < limits.length; r++) {
      int[] query = new int[queryTokens];
      query[0] = r;
      rows.add(new GenerationRow(query, r, limits[r], OptionalInt.empty()));
    }
    return rows;
  }

  /**
   * A pass that was run.
   *
   * @param rows that drew in each step, negative where they entered
   */
  private record Ran(int rows, int steps) {}

  /** Runs all passes, in which no row draws a token that ends it. */
  private static List<Ran> run(GenerationSchedule schedule) {
    List<Ran> passes = new ArrayList<>();
    while (schedule.goesOn()) {
      GenerationPass pass = schedule.next();
      int rows = pass.drawing().size();
      passes.add(new Ran(pass.enters() ? -rows : rows, pass.steps()));
      assertThat(pass.slots()).doesNotHaveDuplicates();
      for (int step = 0; step < pass.steps(); step++) {
        assertThat(pass.drawing()).noneMatch(GenerationRow::ended);
        pass.drawing().forEach(row -> row.append(1, -1, StopRule.never()));
      }
      schedule.settle();
    }
    return passes;
  }

  /** Runs all passes; the rows of each step. */
  private static List<Integer> passes(GenerationSchedule schedule) {
    return run(schedule).stream()
        .flatMap(pass -> Collections.nCopies(pass.steps(), pass.rows()).stream())
        .toList();
  }

  /** Runs all passes; the steps of each. */
  private static List<Integer> steps(GenerationSchedule schedule) {
    return run(schedule).stream().map(Ran::steps).toList();
  }

  @Test
  void steps_whereOnlyLengthsEndRows_areAsManyAsAllRowsHaveLeft() {
    List<GenerationRow> rows = rows(4, 2, 3, 30, 30, 6);

    // Four enter; a step until row 0 ends; row 4 enters; a step until row 1 ends, 4 until row 4
    // does, and 23 of the others.
    assertThat(steps(schedule(rows, new KvCacheSize(4, 3, 12), StopRule.never(), 8)))
        .containsExactly(1, 1, 1, 1, 4, 8, 8, 7);
  }

  @Test
  void steps_whereATokenMayEndRows_areFewWhileOthersWaitOrOneIsAlone() {
    StopRule stop = new StopRule(Set.of(2), Set.of());
    List<GenerationRow> rows = rows(4, 6, 12, 14, 4);

    // 5 steps while the last row waits; 3 until it ends; 3 of the two that are left; 2 of one.
    assertThat(steps(schedule(rows, new KvCacheSize(3, 2, 6), stop, 8)))
        .containsExactly(1, 2, 2, 1, 1, 3, 3, 2);
  }

  @Test
  void rows_ofOtherTables_takeTurnsUntilTheyAreAsLong() throws IOException {
    ModelConfig config = ModelConfig.read(Fixtures.path("llama_dynamic")); // 18 positions
    architecture = Families.of(config).architecture(config);
    List<GenerationRow> rows = new ArrayList<>();
    for (int tokens : new int[] {15, 16, 20, 21}) {
      rows.add(new GenerationRow(new int[tokens], 0, 7, OptionalInt.empty()));
    }

    // Two enter within the positions, each other one alone. The two have 16 and 17 tokens then: two
    // steps take them to 18 and 19, one of the shorter makes both 19, and two to 21 bring them
    // beside the third. A step later the fourth is as long as they, and the first has ended; after
    // the second's last step two go on, and the fourth has one token more to draw.
    assertThat(run(schedule(rows, new KvCacheSize(4, 2, 8), StopRule.never(), 8)))
        .containsExactly(
            new Ran(-2, 1),
            new Ran(-1, 1),
            new Ran(-1, 1),
            new Ran(2, 2),
            new Ran(1, 1),
            new Ran(2, 1),
            new Ran(2, 1),
            new Ran(3, 1),
            new Ran(3, 1),
            new Ran(2, 1),
            new Ran(2, 1),
            new Ran(2, 1),
            new Ran(2, 1),
            new Ran(1, 1));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8})
  void rows_enterOnceAQuarterOfTheSlotsIsFree(int mostSteps) {
    List<GenerationRow> rows = rows(4, 2, 3, 9, 9, 9, 9, 9, 9, 3, 3, 1);

    // Row 0 ends after 2 tokens, row 1 after 3: then two enter. With these ends row 10 enters.
    assertThat(passes(schedule(rows, new KvCacheSize(8, 1, 8), StopRule.never(), mostSteps)))
        .containsExactly(-8, 8, 7, -2, 8, 8, -1, 6, 6, 6, 6);
    assertThat(rows).allMatch(GenerationRow::ended);
  }

  @Test
  void rows_whereSlotsAreFewerThanFour_enterWhenOneEnds() {
    assertThat(passes(schedule(rows(4, 1, 3, 2, 1), new KvCacheSize(2, 1, 2))))
        .containsExactly(-2, -1, 2, -1, 1);
  }

  @Test
  void rows_thatFindTooFewPages_waitInTheirOrder() {
    // Of 2, 2, 3 and 1 pages: the third waits for both before it, and the last for the third.
    List<GenerationRow> rows = rows(16, 10, 12, 20, 0 + 1);

    assertThat(passes(schedule(rows, new KvCacheSize(4, 3, 4))).subList(0, 11))
        .containsExactly(-2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1);
    assertThat(rows).allMatch(GenerationRow::ended);
  }

  @Test
  void rows_ofEqualQueries_goThroughTheModelOnceAndShareFullPages() {
    int[] query = IntStream.range(0, 20).toArray();
    List<GenerationRow> rows = new ArrayList<>();
    for (int r = 0; r < 3; r++) {
      rows.add(new GenerationRow(query.clone(), r, 5, OptionalInt.empty()));
    }
    rows.add(new GenerationRow(new int[] {1, 2}, 3, 5, OptionalInt.empty()));
    // Two pages of the first, another of each that shares its full one, one of the last.
    GenerationSchedule schedule = schedule(rows, new KvCacheSize(4, 2, 5));

    GenerationPass entering = schedule.next();

    assertThat(entering.drawing()).containsExactlyElementsOf(rows);
    assertThat(entering.feeding()).containsExactly(rows.get(0), rows.get(3));
    assertThat(entering.tokens().offsets()).containsExactly(0, 20, 22);
    assertThat(entering.last()).containsExactly(19, 19, 19, 21);
    entering.drawing().forEach(row -> row.append(7, -1, StopRule.never()));
    schedule.settle();
    GenerationPass decoding = schedule.next();
    assertThat(decoding.feeding()).isEqualTo(rows);
    assertThat(decoding.last()).containsExactly(0, 1, 2, 3);
    assertThat(decoding.positions()).containsExactly(20, 20, 20, 2);
    assertThat(Arrays.stream(decoding.slots()).sorted()).containsExactly(0, 1, 2, 3);
  }
}
