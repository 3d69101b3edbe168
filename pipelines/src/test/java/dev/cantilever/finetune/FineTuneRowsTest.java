package dev.cantilever.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.row.IntSequence;
import dev.cantilever.row.Split;
import dev.cantilever.row.TokenRow;
import dev.cantilever.text.DatasetException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FineTuneRowsTest {

  private static TokenRow row(long id, Split split, int... ids) {
    return new TokenRow(id, split, IntSequence.of(ids));
  }

  private static final List<TokenRow> ROWS =
      List.of(
          row(0, Split.TRAIN, 4, 5),
          row(1, Split.TRAIN, 6, 7, 8),
          row(2, Split.TRAIN, 9),
          row(0, Split.TEST, 4, 4),
          row(1, Split.TEST, 5, 5),
          row(2, Split.TEST, 6, 6));

  @Test
  void of_anyOrder_givesTheSameRowsAndDigest() {
    List<TokenRow> shuffled = new ArrayList<>(ROWS);
    Collections.shuffle(shuffled, new Random(1));

    FineTuneRows rows = FineTuneRows.of(shuffled, 0);

    assertThat(rows.train()).containsExactly(ROWS.get(0), ROWS.get(1)); // a single token predicts
    assertThat(rows.heldOut()).containsExactlyElementsOf(ROWS.subList(3, 6));
    assertThat(rows.digest()).isEqualTo(FineTuneRows.of(ROWS, 0).digest());
  }

  @Test
  void of_evaluationRows_takesTheFirstHeldOut() {
    assertThat(FineTuneRows.of(ROWS, 2).heldOut()).containsExactlyElementsOf(ROWS.subList(3, 5));
    assertThat(FineTuneRows.of(ROWS, 9).heldOut()).hasSize(3);
  }

  @Test
  void digest_otherTokens_isAnother() {
    List<TokenRow> changed = new ArrayList<>(ROWS);
    changed.set(1, row(1, Split.TRAIN, 6, 7, 9));

    assertThat(FineTuneRows.of(changed, 0).digest())
        .isNotEqualTo(FineTuneRows.of(ROWS, 0).digest());
  }

  @Test
  void of_aSplitWithoutRows_isRefusedSayingWhichAndWhatToDo() {
    assertThatThrownBy(() -> FineTuneRows.of(ROWS.subList(3, 6), 0))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("to learn from")
        .hasMessageContaining("hold out fewer");
    assertThatThrownBy(() -> FineTuneRows.of(ROWS.subList(0, 3), 0))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("to measure the loss on")
        .hasMessageContaining("hold out more");
  }

  @Test
  void of_aRowTwice_isRefusedNamingIt() {
    List<TokenRow> twice = new ArrayList<>(ROWS);
    twice.add(row(1, Split.TRAIN, 1, 1));

    assertThatThrownBy(() -> FineTuneRows.of(twice, 0))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("row 1 of TRAIN twice");
  }
}
