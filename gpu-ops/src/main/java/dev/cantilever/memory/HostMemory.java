package dev.cantilever.memory;

import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import sun.misc.Unsafe;

/**
 * Raw host memory by address: the source of the CPU's arenas and the bulk moves between addresses
 * and Java arrays.
 *
 * <p>Moves are native-endian and unchecked: the caller owns the bounds. Arithmetic on the CPU is
 * done on Java arrays (a row at a time, in cache) because that is what the JIT vectorises on every
 * JDK; a move costs what {@code memcpy} costs.
 */
public final class HostMemory implements MemorySource {

  /** Alignment in bytes of every address handed out: a cache line. */
  public static final long ALIGNMENT = 64;

  private static final Unsafe UNSAFE = unsafe();

  /** What {@code allocateMemory} returned, by the aligned address handed out. */
  private final ConcurrentMap<Long, Long> raw = new ConcurrentHashMap<>();

  /** Creates a source; memory freed through one source must have come from it. */
  public HostMemory() {}

  private static Unsafe unsafe() {
    try {
      Field field = Unsafe.class.getDeclaredField("theUnsafe");
      field.setAccessible(true);
      return (Unsafe) field.get(null);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("sun.misc.Unsafe (module jdk.unsupported) is not reachable", e);
    }
  }

  @Override
  public long allocate(long bytes) {
    long base = UNSAFE.allocateMemory(bytes + ALIGNMENT);
    long address = (base + ALIGNMENT - 1) & -ALIGNMENT;
    raw.put(address, base);
    return address;
  }

  @Override
  public void free(long address, long bytes) {
    Long base = raw.remove(address);
    if (base == null) {
      throw new IllegalStateException("Expected an address of this source, got " + address);
    }
    UNSAFE.freeMemory(base);
  }

  @Override
  public long alignment() {
    return ALIGNMENT;
  }

  /** Copies {@code count} floats from {@code address} into {@code target} at {@code offset}. */
  public static void get(long address, float[] target, int offset, int count) {
    UNSAFE.copyMemory(
        null, address, target, Unsafe.ARRAY_FLOAT_BASE_OFFSET + 4L * offset, 4L * count);
  }

  /** Copies {@code count} floats of {@code source} from {@code offset} to {@code address}. */
  public static void put(long address, float[] source, int offset, int count) {
    UNSAFE.copyMemory(
        source, Unsafe.ARRAY_FLOAT_BASE_OFFSET + 4L * offset, null, address, 4L * count);
  }

  /** Copies {@code count} ints from {@code address} into {@code target} at {@code offset}. */
  public static void get(long address, int[] target, int offset, int count) {
    UNSAFE.copyMemory(
        null, address, target, Unsafe.ARRAY_INT_BASE_OFFSET + 4L * offset, 4L * count);
  }

  /** Copies {@code count} ints of {@code source} from {@code offset} to {@code address}. */
  public static void put(long address, int[] source, int offset, int count) {
    UNSAFE.copyMemory(
        source, Unsafe.ARRAY_INT_BASE_OFFSET + 4L * offset, null, address, 4L * count);
  }

  /** Copies {@code count} longs from {@code address} into {@code target} at {@code offset}. */
  public static void get(long address, long[] target, int offset, int count) {
    UNSAFE.copyMemory(
        null, address, target, Unsafe.ARRAY_LONG_BASE_OFFSET + 8L * offset, 8L * count);
  }

  /** Copies {@code count} longs of {@code source} from {@code offset} to {@code address}. */
  public static void put(long address, long[] source, int offset, int count) {
    UNSAFE.copyMemory(
        source, Unsafe.ARRAY_LONG_BASE_OFFSET + 8L * offset, null, address, 8L * count);
  }

  /** Copies {@code count} 16-bit values from {@code address} into {@code target}. */
  public static void get(long address, short[] target, int offset, int count) {
    UNSAFE.copyMemory(
        null, address, target, Unsafe.ARRAY_SHORT_BASE_OFFSET + 2L * offset, 2L * count);
  }

  /** Copies {@code count} 16-bit values of {@code source} to {@code address}. */
  public static void put(long address, short[] source, int offset, int count) {
    UNSAFE.copyMemory(
        source, Unsafe.ARRAY_SHORT_BASE_OFFSET + 2L * offset, null, address, 2L * count);
  }

  /** Copies {@code count} bytes from {@code address} into {@code target} at {@code offset}. */
  public static void get(long address, byte[] target, int offset, int count) {
    UNSAFE.copyMemory(null, address, target, Unsafe.ARRAY_BYTE_BASE_OFFSET + offset, count);
  }

  /** Copies {@code count} bytes of {@code source} from {@code offset} to {@code address}. */
  public static void put(long address, byte[] source, int offset, int count) {
    UNSAFE.copyMemory(source, Unsafe.ARRAY_BYTE_BASE_OFFSET + offset, null, address, count);
  }

  /** Copies the remaining bytes of {@code source} to {@code address}; its position is unchanged. */
  public static void put(long address, ByteBuffer source) {
    byte[] window = new byte[Math.min(source.remaining(), 1 << 16)];
    ByteBuffer view = source.duplicate();
    long target = address;
    while (view.hasRemaining()) {
      int count = Math.min(window.length, view.remaining());
      view.get(window, 0, count);
      put(target, window, 0, count);
      target += count;
    }
  }

  /** Copies {@code bytes} bytes between two addresses that do not overlap. */
  public static void copy(long target, long source, long bytes) {
    UNSAFE.copyMemory(source, target, bytes);
  }

  /** Sets {@code bytes} bytes at {@code address} to zero. */
  public static void zero(long address, long bytes) {
    UNSAFE.setMemory(address, bytes, (byte) 0);
  }

  /** The float at {@code address}. */
  public static float getFloat(long address) {
    return UNSAFE.getFloat(address);
  }

  /** Stores a float at {@code address}. */
  public static void putFloat(long address, float value) {
    UNSAFE.putFloat(address, value);
  }

  /** The double at {@code address}. */
  public static double getDouble(long address) {
    return UNSAFE.getDouble(address);
  }

  /** Stores a double at {@code address}. */
  public static void putDouble(long address, double value) {
    UNSAFE.putDouble(address, value);
  }

  /** The int at {@code address}. */
  public static int getInt(long address) {
    return UNSAFE.getInt(address);
  }

  /** Stores an int at {@code address}. */
  public static void putInt(long address, int value) {
    UNSAFE.putInt(address, value);
  }

  /** The long at {@code address}. */
  public static long getLong(long address) {
    return UNSAFE.getLong(address);
  }

  /** Stores a long at {@code address}. */
  public static void putLong(long address, long value) {
    UNSAFE.putLong(address, value);
  }
}
