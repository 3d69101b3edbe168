package dev.cantilever.row;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/**
 * An immutable sequence of {@code float} values: one number per token.
 *
 * <p>Two sequences are equal when they hold the same bits in the same order: {@code -0f} differs
 * from {@code 0f}, and a NaN equals a NaN of the same bits. So equality means what byte-equality of
 * two files means.
 */
public final class FloatSequence {

  private static final FloatSequence EMPTY = new FloatSequence(new float[0]);

  private final float[] values;

  private FloatSequence(float[] values) {
    this.values = values;
  }

  /** The sequence of no values. */
  public static FloatSequence empty() {
    return EMPTY;
  }

  /** Copies the values. */
  public static FloatSequence of(float... values) {
    return values.length == 0 ? EMPTY : new FloatSequence(values.clone());
  }

  /**
   * Copies {@code values[from, to)}.
   *
   * @throws IndexOutOfBoundsException if the range does not lie inside the array
   */
  public static FloatSequence copyOfRange(float[] values, int from, int to) {
    Objects.checkFromToIndex(from, to, values.length);
    return from == to ? EMPTY : new FloatSequence(Arrays.copyOfRange(values, from, to));
  }

  /** Copies the values of a list. */
  public static FloatSequence copyOf(Iterable<Float> values) {
    Builder builder = builder();
    for (float value : values) {
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
  public float get(int index) {
    return values[index];
  }

  /** A fresh array of the values. */
  public float[] toArray() {
    return values.clone();
  }

  /**
   * Copies all values into {@code target}, from {@code offset} on.
   *
   * @throws IndexOutOfBoundsException if they do not fit
   */
  public void copyTo(float[] target, int offset) {
    Objects.checkFromIndexSize(offset, values.length, target.length);
    System.arraycopy(values, 0, target, offset, values.length);
  }

  /** A read-only view as a list, for interfaces that know no primitive sequence. */
  public List<Float> asList() {
    return new View(values);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof FloatSequence that && sameBits(that);
  }

  private boolean sameBits(FloatSequence that) {
    if (values.length != that.values.length) {
      return false;
    }
    for (int i = 0; i < values.length; i++) {
      if (Float.floatToRawIntBits(values[i]) != Float.floatToRawIntBits(that.values[i])) {
        return false;
      }
    }
    return true;
  }

  @Override
  public int hashCode() {
    int hash = 1;
    for (float value : values) {
      hash = 31 * hash + Float.floatToRawIntBits(value);
    }
    return hash;
  }

  @Override
  public String toString() {
    return Arrays.toString(values);
  }

  /** Collects values; not safe for use by several threads. */
  public static final class Builder {

    private float[] values = new float[16];
    private int size;

    private Builder() {}

    /** Appends a value. */
    public Builder add(float value) {
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
    public FloatSequence build() {
      return copyOfRange(values, 0, size);
    }
  }

  private static final class View extends AbstractList<Float> implements RandomAccess {

    private final float[] values;

    View(float[] values) {
      this.values = values;
    }

    @Override
    public Float get(int index) {
      return values[index];
    }

    @Override
    public int size() {
      return values.length;
    }
  }
}
