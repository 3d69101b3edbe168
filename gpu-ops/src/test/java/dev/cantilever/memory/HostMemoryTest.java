package dev.cantilever.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HostMemoryTest {

  /* More than one window of the copy from a buffer. */
  private static final int BYTES = 200_000;

  private final HostMemory memory = new HostMemory();
  private long address;

  @BeforeEach
  void allocate() {
    address = memory.allocate(BYTES);
    HostMemory.zero(address, BYTES);
  }

  @AfterEach
  void free() {
    memory.free(address, BYTES);
  }

  @Test
  void allocate_anySize_isAligned() {
    assertThat(memory.alignment()).isEqualTo(64);
    for (long bytes : new long[] {1, 63, 64, 65, 4097}) {
      long other = memory.allocate(bytes);
      assertThat(other % memory.alignment()).isZero();
      memory.free(other, bytes);
    }
  }

  @Test
  void free_addressOfNobody_isRefused() {
    assertThatIllegalStateException()
        .isThrownBy(() -> memory.free(address + 64, 1))
        .withMessageContaining("an address of this source");
  }

  @Test
  void floats_putAndGetWithOffsets_moveOnlyTheRange() {
    float[] source = {9, 1.5f, Float.NaN, -0.0f, 9};
    float[] target = {7, 7, 7, 7, 7};

    HostMemory.put(address, source, 1, 3);
    HostMemory.get(address, target, 2, 3);

    assertThat(target).containsExactly(7, 7, 1.5f, Float.NaN, -0.0f);
    assertThat(HostMemory.getFloat(address)).isEqualTo(1.5f);
    assertThat(HostMemory.getFloat(address + 12)).isZero();
  }

  @Test
  void ints_putAndGetWithOffsets_moveOnlyTheRange() {
    int[] target = {7, 7, 7};

    HostMemory.put(address, new int[] {9, Integer.MIN_VALUE, 5, 9}, 1, 2);
    HostMemory.get(address, target, 1, 2);

    assertThat(target).containsExactly(7, Integer.MIN_VALUE, 5);
    assertThat(HostMemory.getInt(address + 4)).isEqualTo(5);
    assertThat(HostMemory.getInt(address + 8)).isZero();
  }

  @Test
  void longs_putAndGetWithOffsets_moveOnlyTheRange() {
    long[] target = {7, 7, 7};

    HostMemory.put(address, new long[] {9, Long.MIN_VALUE, 5, 9}, 1, 2);
    HostMemory.get(address, target, 1, 2);

    assertThat(target).containsExactly(7, Long.MIN_VALUE, 5);
    assertThat(HostMemory.getLong(address + 8)).isEqualTo(5);
    assertThat(HostMemory.getLong(address + 16)).isZero();
  }

  @Test
  void shortsAndBytes_putAndGetWithOffsets_moveOnlyTheRange() {
    short[] shorts = {7, 7, 7};
    byte[] bytes = {7, 7, 7};

    HostMemory.put(address, new short[] {9, Short.MIN_VALUE, 5, 9}, 1, 2);
    HostMemory.get(address, shorts, 1, 2);
    HostMemory.put(address + 64, new byte[] {9, Byte.MIN_VALUE, 5, 9}, 1, 2);
    HostMemory.get(address + 64, bytes, 1, 2);

    assertThat(shorts).containsExactly(7, Short.MIN_VALUE, 5);
    assertThat(bytes).containsExactly(7, Byte.MIN_VALUE, 5);
    assertThat(HostMemory.getInt(address + 4)).isZero();
    assertThat(HostMemory.getInt(address + 66)).isZero();
  }

  @Test
  void buffer_largerThanAWindow_arrivesWholeAndKeepsItsPosition() {
    ByteBuffer source = ByteBuffer.allocateDirect(BYTES);
    for (int i = 0; i < BYTES; i++) {
      source.put(i, (byte) (i * 31 >>> 3));
    }
    source.position(3);

    HostMemory.put(address, source);

    byte[] target = new byte[BYTES - 3];
    HostMemory.get(address, target, 0, target.length);
    byte[] expected = new byte[BYTES - 3];
    source.get(3, expected);
    assertThat(target).isEqualTo(expected);
    assertThat(source.position()).isEqualTo(3);
  }

  @Test
  void copyAndZero_ofARange_leaveItsNeighbours() {
    HostMemory.putInt(address, 1);
    HostMemory.putInt(address + 4, 2);
    HostMemory.putInt(address + 8, 3);

    HostMemory.copy(address + 16, address + 4, 8);
    HostMemory.zero(address + 4, 4);

    int[] target = new int[7];
    HostMemory.get(address, target, 0, 7);
    assertThat(target).containsExactly(1, 0, 3, 0, 2, 3, 0);
  }

  @Test
  void scalars_putThenGet_areEqual() {
    HostMemory.putFloat(address + 100, -2.5f);
    HostMemory.putInt(address + 104, -7);

    assertThat(HostMemory.getFloat(address + 100)).isEqualTo(-2.5f);
    assertThat(HostMemory.getInt(address + 104)).isEqualTo(-7);
  }
}
