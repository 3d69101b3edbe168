package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.memory.Arena;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.memory.MemoryBudget;
import dev.cantilever.memory.Purpose;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Host tensors of one test with a guard band on both sides of each. Closing checks that no band was
 * written and that the budget is back at zero.
 */
final class GuardedMemory implements AutoCloseable {

  private static final int BAND = 64;
  private static final int MARK = 0x7fc0dead;

  private final MemoryBudget budget = new MemoryBudget("test", 1L << 30, new HostMemory());
  private final Arena arena = budget.open("test tensors", Purpose.ACTIVATION);
  private final List<Long> bands = new ArrayList<>();

  /** The budget that the tensors are taken from. */
  MemoryBudget budget() {
    return budget;
  }

  /** A tensor of NaNs, so that an element nobody writes is noticed. */
  Tensor output(long... dims) {
    Tensor tensor = guarded(DType.F32, dims);
    for (int i = 0; i < tensor.elements(); i++) {
      HostMemory.putInt(tensor.address() + 4L * i, MARK);
    }
    return tensor;
  }

  Tensor floats(float[] values, long... dims) {
    Tensor tensor = guarded(DType.F32, dims);
    assertThat(tensor.elements()).isEqualTo(values.length);
    HostMemory.put(tensor.address(), values, 0, values.length);
    return tensor;
  }

  Tensor ints(int... values) {
    return ints(values, values.length);
  }

  Tensor ints(int[] values, long... dims) {
    Tensor tensor = guarded(DType.I32, dims);
    assertThat(tensor.elements()).isEqualTo(values.length);
    HostMemory.put(tensor.address(), values, 0, values.length);
    return tensor;
  }

  /** Rows of these lengths, one behind the other. */
  PackedRows rows(int... lengths) {
    int[] offsets = offsets(lengths);
    return new PackedRows(offsets, ints(offsets));
  }

  static int[] offsets(int... lengths) {
    int[] offsets = new int[lengths.length + 1];
    for (int r = 0; r < lengths.length; r++) {
      offsets[r + 1] = offsets[r] + lengths[r];
    }
    return offsets;
  }

  static float[] read(Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.elements())];
    HostMemory.get(tensor.address(), values, 0, values.length);
    return values;
  }

  static int[] readInts(Tensor tensor) {
    int[] values = new int[Math.toIntExact(tensor.elements())];
    HostMemory.get(tensor.address(), values, 0, values.length);
    return values;
  }

  private Tensor guarded(DType dtype, long... dims) {
    bands.add(band());
    Tensor tensor = Tensor.in(arena, dtype, dims);
    bands.add(band());
    return tensor;
  }

  private long band() {
    long address = arena.allocate(BAND);
    for (int i = 0; i < BAND; i += 4) {
      HostMemory.putInt(address + i, MARK);
    }
    return address;
  }

  @Override
  public void close() {
    for (long address : bands) {
      for (int i = 0; i < BAND; i += 4) {
        assertThat(HostMemory.getInt(address + i)).as("guard band").isEqualTo(MARK);
      }
    }
    arena.close();
    assertThat(budget.openArenas()).isEmpty();
    assertThat(budget.liveBytes()).isZero();
  }
}
