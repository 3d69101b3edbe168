package dev.cantilever.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.row.Examples;
import dev.cantilever.row.IntSequence;
import dev.cantilever.row.Rollout;
import dev.cantilever.row.SchemaException;
import dev.cantilever.row.Split;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecordSchemaTest {

  @Test
  @SuppressWarnings("unchecked")
  void schema_serialised_worksOnTheOtherSide() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(Schemas.ROLLOUT);
    }
    RecordSchema<Rollout> copy;
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      copy = (RecordSchema<Rollout>) in.readObject();
    }
    Rollout rollout = Examples.rollout(7);
    assertThat(copy.assemble(copy.takeApart(rollout))).isEqualTo(rollout);
    assertThat(copy.rowType()).isEqualTo(Schemas.ROLLOUT.rowType());
  }

  @Test
  void everySchema_serialised_isAccepted() throws Exception {
    for (RecordSchema<?> schema : Schemas.all()) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
        out.writeObject(schema);
      }
      assertThat(bytes.size()).isPositive();
    }
  }

  @Test
  void enumeration_unknownName_listsTheLegalOnes() {
    RowValues values =
        new RowValues(Schemas.TOKEN_ROW.rowType(), 1L, "validation", IntSequence.empty());
    assertThatThrownBy(() -> values.enumeration("split", Split.class))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("[train, test]")
        .hasMessageContaining("'validation'");
  }

  @Test
  void rowValues_valueOfOtherType_namesTheColumn() {
    assertThatThrownBy(
            () -> new RowValues(Schemas.TOKEN_ROW.rowType(), 1, "train", IntSequence.empty()))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("expected INT64 in column 'row_id', found Integer");
  }

  @Test
  void rowType_columnTwice_isRefused() {
    List<Column> columns =
        List.of(new Column("a", ColumnType.INT32), new Column("a", ColumnType.STRING));
    assertThatThrownBy(() -> new RowType("row", columns))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("'a' twice");
  }

  @Test
  void rollout_lengthColumnAltered_isRefused() {
    RowValues values = Schemas.ROLLOUT.takeApart(Examples.rollout(7));
    Object[] altered = new Object[values.type().size()];
    for (int i = 0; i < altered.length; i++) {
      altered[i] = values.get(i);
    }
    altered[values.type().position("response_length")] = 17;
    assertThatThrownBy(() -> Schemas.ROLLOUT.assemble(new RowValues(values.type(), altered)))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("response_length")
        .hasMessageContaining("found 17");
  }

  @Test
  void assemble_rowOfOtherKind_isRefused() {
    RowValues values = Schemas.ROLLOUT.takeApart(Examples.rollout(7));
    assertThatThrownBy(() -> Schemas.QUERY.assemble(values))
        .isInstanceOf(SchemaException.class)
        .hasMessageContaining("rollout");
  }
}
