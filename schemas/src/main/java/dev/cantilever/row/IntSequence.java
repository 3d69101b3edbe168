package dev.cantilever.row;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/**
 * An immutable sequence of {@code int} values: token ids.
 *
 * <p>Two sequences are equal when they hold the same values in the same order.
 */
public final class IntSequence {

  private static final IntSequence EMPTY = new IntSequence(new int[0]);

  private final int[] values;

  private IntSequence(int[] values) {
    this.values = values;
  }

  /** The sequence of no values. */
  public static IntSequence empty() {
    return EMPTY;
  }

  /** Copies the values. */
  public static IntSequence of(int... values) {
    return values.length == 0 ? EMPTY : new IntSequence(values.clone());
  }

  /**
   * Copies {@code values[from, to)}.
   *
   * @throws IndexOutOfBoundsException if the range does not lie inside the array
   */
  public static IntSequence copyOfRange(int[] values, int from, int to) {
    Objects.checkFromToIndex(from, to, values.length);
    return from == to ? EMPTY : new IntSequence(Arrays.copyOfRange(values, from, to));
  }

  /** Copies the values of a list. */
  public static IntSequence copyOf(Iterable<Integer> values) {
    Builder builder = builder();
    for (int value : values) {
      builder.add(value);
    }
    return builder.build();
  }

  /** A builder for a sequence whose length is not known beforehand. */
  public static Builder builder() {
    return new Builder();
  }

  /** How many values there are. */
  public int size() {
    return values.length;
  }

  /** Whether there are no values. */
  public boolean isEmpty() {
    return values.length == 0;
  }

  /**
   * The value at a position, counted from 0.
   *
   * @throws IndexOutOfBoundsException if there is no such position
   */
  public int get(int index) {
    return values[index];
  }

  /** A fresh array of the values. */
  public int[] toArray() {
    return values.clone();
  }

  /**
   * Copies all values into {@code target}, from {@code offset} on.
   *
   * @throws IndexOutOfBoundsException if they do not fit
   */
  public void copyTo(int[] target, int offset) {
    Objects.checkFromIndexSize(offset, values.length, target.length);
    System.arraycopy(values, 0, target, offset, values.length);
  }

  /** A read-only view as a list, for interfaces that know no primitive sequence. */
  public List<Integer> asList() {
    return new View(values);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof IntSequence that && Arrays.equals(values, that.values);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(values);
  }

  @Override
  public String toString() {
    return Arrays.toString(values);
  }

  /** Collects values; not safe for use by several threads. */
  public static final class Builder {

    private int[] values = new int[16];
    private int size;

    private Builder() {}

    /** Appends a value. */
    public Builder add(int value) {
      if (size == values.length) {
        values = Arrays.copyOf(values, Math.multiplyExact(size, 2));
      }
      values[size++] = value;
      return this;
    }

    /** How many values were appended. */
    public int size() {
      return size;
    }

    /** Forgets the values, keeps the room. */
    public Builder clear() {
      size = 0;
      return this;
    }

    /** The values so far; the builder may be used further. */
    public IntSequence build() {
      return copyOfRange(values, 0, size);
    }
  }

  private static final class View extends AbstractList<Integer> implements RandomAccess {

    private final int[] values;

    View(int[] values) {
      this.values = values;
    }

    @Override
    public Integer get(int index) {
      return values[index];
    }

    @Override
    public int size() {
      return values.length;
    }
  }
}
