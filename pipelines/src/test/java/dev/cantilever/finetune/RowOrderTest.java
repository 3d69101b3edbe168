package dev.cantilever.finetune;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.row.IntSequence;
import dev.cantilever.row.Split;
import dev.cantilever.row.TokenRow;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class RowOrderTest {

  private static final List<TokenRow> ROWS =
      LongStream.range(0, 40)
          .mapToObj(id -> new TokenRow(id, Split.TRAIN, IntSequence.of(1, 2)))
          .toList();

  @Test
  void ofEpoch_isAPermutationOfItsOwnForEachEpochAndSeed() {
    List<TokenRow> first = new RowOrder(3).ofEpoch(ROWS, 0);

    assertThat(first).containsExactlyInAnyOrderElementsOf(ROWS).isNotEqualTo(ROWS);
    assertThat(new RowOrder(3).ofEpoch(ROWS, 0)).isEqualTo(first);
    assertThat(new RowOrder(3).ofEpoch(ROWS, 1)).isNotEqualTo(first);
    assertThat(new RowOrder(4).ofEpoch(ROWS, 0)).isNotEqualTo(first);
  }

  @Test
  void ofEpoch_withoutARow_keepsTheOrderOfTheOthers() {
    List<TokenRow> all = new RowOrder(3).ofEpoch(ROWS, 0);
    List<TokenRow> fewer = new RowOrder(3).ofEpoch(ROWS.subList(1, 40), 0);

    assertThat(fewer).containsExactlyElementsOf(all.stream().filter(r -> r.rowId() != 0).toList());
  }

  @Test
  void dropoutKey_isAnotherForEachSeedStepAndPlace() {
    Set<Long> keys = new HashSet<>();
    for (long seed = 0; seed < 2; seed++) {
      for (int step = 0; step < 20; step++) {
        for (int place = 0; place < 8; place++) {
          keys.add(new RowOrder(seed).dropoutKey(step, place));
        }
      }
    }

    assertThat(keys).hasSize(2 * 20 * 8);
    assertThat(new RowOrder(1).dropoutKey(7, 2)).isEqualTo(new RowOrder(1).dropoutKey(7, 2));
  }
}
