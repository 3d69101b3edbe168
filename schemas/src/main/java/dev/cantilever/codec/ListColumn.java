package dev.cantilever.codec;

import dev.cantilever.row.SchemaException;
import java.util.Objects;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.vector.BaseFixedWidthVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.complex.StructVector;

/**
 * A list-of-int32 or list-of-float32 column of a batch as it lies in memory: packed values, and an
 * int32 offset per row plus one, so that row i is values[offset(i), offset(i + 1)).
 *
 * <p>Numeric code reads or fills it in place through {@link #dataAddress()}. Addresses hold until
 * the batch is closed and belong to it; they are aligned to 8 bytes at least.
 */
public final class ListColumn {

  private final String name;
  private final ListVector list;

  private ListColumn(String name, ListVector list) {
    this.name = name;
    this.list = list;
  }

  /**
   * A column of a batch.
   *
   * @throws SchemaException if the batch has no such column, it is no list of numbers, or it holds
   *     nulls
   */
  public static ListColumn of(VectorSchemaRoot root, String name) {
    ListVector list = find(root, name);
    if (list.getNullCount() > 0 || list.getDataVector().getNullCount() > 0) {
      throw new SchemaException(
          "Column '"
              + name
              + "': expected no nulls, found some. Write a value for every row and element.");
    }
    return new ListColumn(name, list);
  }

  /**
   * Makes room in a column, for results to be written in place. The values are undefined until the
   * caller has filled them; it then sets the batch's row count.
   *
   * @param root a batch, as {@code VectorSchemaRoot.create(type.arrowSchema(), allocator)} makes it
   * @param offsets where each row begins, and where the last ends: {@code [rows + 1]}, from 0 on,
   *     never falling
   * @throws SchemaException if there is no such list column, or the offsets are no offsets
   */
  public static ListColumn allocate(VectorSchemaRoot root, String name, int[] offsets) {
    ListVector list = find(root, name);
    boolean rising = offsets.length > 0 && offsets[0] == 0;
    for (int i = 1; rising && i < offsets.length; i++) {
      rising = offsets[i] >= offsets[i - 1];
    }
    if (!rising) {
      throw new SchemaException(
          "Column '"
              + name
              + "': expected offsets that begin at 0 and never fall, found others."
              + " Pass one more offset than there are rows.");
    }
    lay(list, offsets);
    list.setValueCount(offsets.length - 1);
    return new ListColumn(name, list);
  }

  private static ListVector find(VectorSchemaRoot root, String name) {
    FieldVector vector = root.getVector(name);
    if (vector instanceof ListVector list
        && list.getDataVector() instanceof BaseFixedWidthVector data
        && data.getTypeWidth() == Integer.BYTES) {
      return list;
    }
    throw new SchemaException(
        "Expected a column '"
            + name
            + "' of lists of int32 or float32, found "
            + root.getSchema().getFields()
            + ". Correct the name.");
  }

  /** Allocates a list's offsets and room for its values; all rows and values are marked valid. */
  static void lay(ListVector list, int[] offsets) {
    int rows = offsets.length - 1;
    int values = offsets[rows];
    list.setInitialTotalCapacity(rows, values);
    list.allocateNew();
    ArrowBuf offsetBuffer = list.getOffsetBuffer();
    for (int i = 0; i <= rows; i++) {
      offsetBuffer.setInt((long) i * Integer.BYTES, offsets[i]);
    }
    markValid(list.getValidityBuffer(), rows);
    list.setLastSet(rows - 1);
    if (list.getDataVector() instanceof BaseFixedWidthVector data) {
      data.allocateNew(values);
      markValid(data.getValidityBuffer(), values);
      data.setValueCount(values);
    } else if (!(list.getDataVector() instanceof StructVector)) {
      throw new AssertionError("No column type has lists of " + list.getDataVector().getField());
    }
  }

  /** Sets the first bits and clears the rest, so that equal batches have equal bytes. */
  private static void markValid(ArrowBuf validity, int count) {
    validity.setZero(0, validity.capacity());
    int wholeBytes = count / Byte.SIZE;
    int rest = count % Byte.SIZE;
    validity.setOne(0L, (long) wholeBytes);
    if (rest > 0) {
      validity.setByte(wholeBytes, (1 << rest) - 1);
    }
  }

  /** The column's name. */
  public String name() {
    return name;
  }

  /** How many rows there are. */
  public int rows() {
    return list.getValueCount();
  }

  /** How many values the rows have together. */
  public int values() {
    return rows() == 0 ? 0 : offset(rows());
  }

  /**
   * Where a row begins among the values; for {@code row == rows()}, where the last ends.
   *
   * @throws IndexOutOfBoundsException if there is no such row
   */
  public int offset(int row) {
    Objects.checkIndex(row, rows() + 1);
    return rows() == 0 ? 0 : list.getOffsetBuffer().getInt((long) row * Integer.BYTES);
  }

  /** A fresh array of all offsets, {@code [rows + 1]}. */
  public int[] offsets() {
    int[] offsets = new int[rows() + 1];
    for (int row = 0; row < offsets.length; row++) {
      offsets[row] = offset(row);
    }
    return offsets;
  }

  /** Address of the first value, 4 bytes each, little-endian; not to be read if there is none. */
  public long dataAddress() {
    return list.getDataVector().getDataBuffer().memoryAddress();
  }

  /** Address of the {@code rows + 1} offsets, int32; not to be read if there are no rows. */
  public long offsetsAddress() {
    return list.getOffsetBuffer().memoryAddress();
  }
}
