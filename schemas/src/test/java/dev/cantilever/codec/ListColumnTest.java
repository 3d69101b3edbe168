package dev.cantilever.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.row.FloatSequence;
import dev.cantilever.row.IntSequence;
import dev.cantilever.row.RolloutUpdate;
import dev.cantilever.row.SchemaException;
import dev.cantilever.row.Split;
import dev.cantilever.row.TokenRow;
import java.util.List;
import org.apache.arrow.memory.util.MemoryUtil;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.junit.jupiter.api.Test;

class ListColumnTest {

  private static final List<TokenRow> ROWS =
      List.of(
          new TokenRow(0, Split.TRAIN, IntSequence.of(5, 6, 7)),
          new TokenRow(1, Split.TEST, IntSequence.empty()),
          new TokenRow(2, Split.TRAIN, IntSequence.of(8)));

  @Test
  void of_tokenColumn_liesPackedAtItsAddresses() {
    try (ArrowMemory memory = ArrowMemory.open("list column");
        VectorSchemaRoot root = ArrowRecords.toRoot(Schemas.TOKEN_ROW, ROWS, memory.allocator())) {
      ListColumn ids = ListColumn.of(root, "ids");
      assertThat(ids.rows()).isEqualTo(3);
      assertThat(ids.values()).isEqualTo(4);
      assertThat(ids.offsets()).containsExactly(0, 3, 3, 4);
      int[] values = new int[4];
      int[] offsets = new int[4];
      for (int i = 0; i < 4; i++) {
        values[i] = MemoryUtil.getInt(ids.dataAddress() + 4L * i);
        offsets[i] = MemoryUtil.getInt(ids.offsetsAddress() + 4L * i);
      }
      assertThat(values).containsExactly(5, 6, 7, 8);
      assertThat(offsets).containsExactly(0, 3, 3, 4);
    }
  }

  @Test
  void allocate_filledInPlace_readsAsRecords() {
    RowType type = Schemas.ROLLOUT_UPDATE.rowType();
    try (ArrowMemory memory = ArrowMemory.open("list column");
        VectorSchemaRoot root = VectorSchemaRoot.create(type.arrowSchema(), memory.allocator())) {
      ((IntVector) root.getVector("step")).setSafe(0, 3);
      ((IntVector) root.getVector("step")).setSafe(1, 3);
      ((BigIntVector) root.getVector("query_id")).setSafe(0, 10);
      ((BigIntVector) root.getVector("query_id")).setSafe(1, 11);
      for (Column column : type.columns().subList(2, type.size())) {
        ListColumn list = ListColumn.allocate(root, column.name(), new int[] {0, 2, 3});
        for (int i = 0; i < 3; i++) {
          MemoryUtil.putInt(list.dataAddress() + 4L * i, Float.floatToRawIntBits(i + 0.5f));
        }
      }
      root.setRowCount(2);

      FloatSequence two = FloatSequence.of(0.5f, 1.5f);
      FloatSequence one = FloatSequence.of(2.5f);
      assertThat(ArrowRecords.fromRoot(Schemas.ROLLOUT_UPDATE, root))
          .containsExactly(
              new RolloutUpdate(3, 10, two, two, two, two, two, two),
              new RolloutUpdate(3, 11, one, one, one, one, one, one));
    }
  }

  @Test
  void of_noRows_hasOneOffset() {
    try (ArrowMemory memory = ArrowMemory.open("list column");
        VectorSchemaRoot root =
            ArrowRecords.toRoot(Schemas.TOKEN_ROW, List.of(), memory.allocator())) {
      ListColumn ids = ListColumn.of(root, "ids");
      assertThat(ids.offsets()).containsExactly(0);
      assertThat(ids.values()).isZero();
    }
  }

  @Test
  void of_scalarColumn_isRefused() {
    try (ArrowMemory memory = ArrowMemory.open("list column");
        VectorSchemaRoot root = ArrowRecords.toRoot(Schemas.TOKEN_ROW, ROWS, memory.allocator())) {
      assertThatThrownBy(() -> ListColumn.of(root, "row_id"))
          .isInstanceOf(SchemaException.class)
          .hasMessageContaining("'row_id'");
    }
  }

  @Test
  void allocate_fallingOffsets_isRefused() {
    try (ArrowMemory memory = ArrowMemory.open("list column");
        VectorSchemaRoot root =
            VectorSchemaRoot.create(
                Schemas.TOKEN_ROW.rowType().arrowSchema(), memory.allocator())) {
      assertThatThrownBy(() -> ListColumn.allocate(root, "ids", new int[] {0, 2, 1}))
          .isInstanceOf(SchemaException.class)
          .hasMessageContaining("never fall");
    }
  }

  @Test
  void rows_elementNull_isRefusedByColumn() {
    try (ArrowMemory memory = ArrowMemory.open("list column");
        VectorSchemaRoot root = ArrowRecords.toRoot(Schemas.TOKEN_ROW, ROWS, memory.allocator())) {
      ListVector list = (ListVector) root.getVector("ids");
      ((IntVector) list.getDataVector()).setNull(1);
      assertThatThrownBy(() -> ArrowRecords.fromRoot(Schemas.TOKEN_ROW, root))
          .isInstanceOf(SchemaException.class)
          .hasMessageContaining("'ids'");
      assertThatThrownBy(() -> ListColumn.of(root, "ids")).isInstanceOf(SchemaException.class);
    }
  }

  @Test
  void fromRoot_batchOfOtherKind_isRefused() {
    try (ArrowMemory memory = ArrowMemory.open("list column");
        VectorSchemaRoot root = ArrowRecords.toRoot(Schemas.TOKEN_ROW, ROWS, memory.allocator())) {
      assertThatThrownBy(() -> ArrowRecords.fromRoot(Schemas.DOCUMENT, root))
          .isInstanceOf(SchemaException.class)
          .hasMessageContaining("document");
    }
  }
}
