package dev.cantilever.ppo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class MiniBatchesTest {
  private static final BatchSpec BATCH = new BatchSpec(8, 2, 4);

  @Test
  void ofEpoch_knownKey_givesTheRecordedOrder() {
    // Recorded: the order is part of what makes an old run replayable.
    assertThat(flat(MiniBatches.ofEpoch(BATCH, 17, 3, 1))).containsExactly(4, 5, 1, 6, 0, 3, 2, 7);
  }

  @Test
  void ofEpoch_otherSeedStepOrEpoch_givesAnotherOrder() {
    BatchSpec batch = new BatchSpec(64, 8, 4);
    int[] order = flat(MiniBatches.ofEpoch(batch, 17, 3, 1));

    assertThat(flat(MiniBatches.ofEpoch(batch, 17, 3, 1))).containsExactly(order);
    assertThat(flat(MiniBatches.ofEpoch(batch, 18, 3, 1))).isNotEqualTo(order);
    assertThat(flat(MiniBatches.ofEpoch(batch, 17, 4, 1))).isNotEqualTo(order);
    assertThat(flat(MiniBatches.ofEpoch(batch, 17, 3, 2))).isNotEqualTo(order);
    assertThat(flat(MiniBatches.ofEpoch(batch, 3, 17, 1))).isNotEqualTo(order);
  }

  @Test
  void ofEpoch_manySteps_putsEachRowEverywhereEquallyOften() {
    int steps = 8000;
    int[][] counts = new int[8][8];
    for (int step = 0; step < steps; step++) {
      int[] order = flat(MiniBatches.ofEpoch(BATCH, 0, step, 0));
      for (int place = 0; place < order.length; place++) {
        counts[place][order[place]]++;
      }
    }
    // 64 cells of mean 1000, binomial deviation 30: five deviations.
    for (int[] place : counts) {
      assertThat(Arrays.stream(place)).allMatch(count -> Math.abs(count - 1000) < 150);
    }
  }

  @Property(tries = 100, seed = "20230309")
  void ofEpoch_anyBatch_coversEachRowOnce(
      @ForAll @IntRange(min = 1, max = 12) int miniBatches,
      @ForAll @IntRange(min = 1, max = 12) int size,
      @ForAll long seed) {
    BatchSpec batch = new BatchSpec(miniBatches * size, size, 1);

    List<int[]> epoch = MiniBatches.ofEpoch(batch, seed, 1, 0);

    assertThat(epoch).hasSize(miniBatches).allMatch(rows -> rows.length == size);
    assertThat(Arrays.stream(flat(epoch)).sorted().toArray())
        .containsExactly(IntStream.range(0, batch.rows()).toArray());
  }

  private static int[] flat(List<int[]> miniBatches) {
    return miniBatches.stream().flatMapToInt(Arrays::stream).toArray();
  }
}
