package dev.cantilever.backend.onednn;

import dev.cantilever.memory.HostMemory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Native memory of a test, freed with it; each block has a guard band that must stay as it was. */
final class NativeBlocks implements AutoCloseable {
  private static final int GUARD = 64;
  private static final byte MARK = 0x5a;

  private record Block(long address, long bytes) {}

  private final HostMemory memory = new HostMemory();
  private final List<Block> blocks = new ArrayList<>();

  long bytes(long size) {
    long address = memory.allocate(size + GUARD);
    blocks.add(new Block(address, size));
    byte[] marks = new byte[Math.toIntExact(size + GUARD)];
    Arrays.fill(marks, MARK);
    HostMemory.put(address, marks, 0, marks.length);
    return address;
  }

  long floats(float[] values) {
    long address = bytes(4L * values.length);
    HostMemory.put(address, values, 0, values.length);
    return address;
  }

  long bytes(byte[] values) {
    long address = bytes((long) values.length);
    HostMemory.put(address, values, 0, values.length);
    return address;
  }

  long shorts(short[] values) {
    long address = bytes(2L * values.length);
    HostMemory.put(address, values, 0, values.length);
    return address;
  }

  static float[] floats(long address, int length) {
    float[] values = new float[length];
    HostMemory.get(address, values, 0, length);
    return values;
  }

  static int[] ints(long address, int length) {
    int[] values = new int[length];
    HostMemory.get(address, values, 0, length);
    return values;
  }

  static float[] gaussian(int length, long seed) {
    Random random = new Random(seed);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  @Override
  public void close() {
    byte[] guard = new byte[GUARD];
    for (Block block : blocks) {
      HostMemory.get(block.address + block.bytes, guard, 0, GUARD);
      memory.free(block.address, block.bytes);
      for (byte b : guard) {
        if (b != MARK) {
          throw new AssertionError("wrote past the end of a block of " + block.bytes + " bytes");
        }
      }
    }
  }
}
