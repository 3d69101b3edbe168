package dev.cantilever.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Any sequence of allocations and frees against a model that marks every unit of the memory. */
class DeviceHeapPropertyTest {

  private static final int ALIGNMENT = 64;
  private static final int UNITS = 100;
  private static final long BASE = 7L * ALIGNMENT;

  /** Where {@code bytes} is 0 a chunk is freed, the one that {@code pick} chooses. */
  private record Step(int bytes, int pick) {}

  private record Chunk(long address, int bytes) {}

  @Provide
  Arbitrary<List<Step>> steps() {
    Arbitrary<Integer> bytes =
        Arbitraries.oneOf(
            Arbitraries.just(0),
            Arbitraries.integers().between(1, 3 * ALIGNMENT),
            Arbitraries.integers().between(1, UNITS * ALIGNMENT));
    return Combinators.combine(bytes, Arbitraries.integers().between(0, UNITS))
        .as(Step::new)
        .list()
        .ofMaxSize(120);
  }

  @Property(tries = 500, seed = "23")
  void steps_anySequence_placeChunksWhereTheModelDoes(@ForAll("steps") List<Step> steps) {
    DeviceHeap heap = new DeviceHeap(BASE, UNITS * ALIGNMENT, ALIGNMENT);
    boolean[] taken = new boolean[UNITS];
    List<Chunk> chunks = new ArrayList<>();
    long highWater = 0;
    for (Step step : steps) {
      if (step.bytes() > 0) {
        int unit = firstFit(taken, units(step.bytes()));
        long address = allocate(heap, step.bytes());
        assertThat(address).isEqualTo(unit < 0 ? -1 : BASE + (long) unit * ALIGNMENT);
        if (unit >= 0) {
          Arrays.fill(taken, unit, unit + units(step.bytes()), true);
          chunks.add(new Chunk(address, step.bytes()));
          highWater = Math.max(highWater, (long) unit * ALIGNMENT + step.bytes());
        }
      } else if (!chunks.isEmpty()) {
        Chunk chunk = chunks.remove(step.pick() % chunks.size());
        heap.free(chunk.address(), chunk.bytes());
        int unit = (int) ((chunk.address() - BASE) / ALIGNMENT);
        Arrays.fill(taken, unit, unit + units(chunk.bytes()), false);
      }
      assertThat(heap.highWaterBytes()).hasValue(highWater);
      assertThat(heap.largestHoleBytes()).isEqualTo((long) largestHole(taken) * ALIGNMENT);
    }
    for (Chunk chunk : chunks) {
      heap.free(chunk.address(), chunk.bytes());
    }
    assertThat(heap.largestHoleBytes()).isEqualTo(UNITS * ALIGNMENT);
    assertThat(heap.allocate(UNITS * ALIGNMENT)).isEqualTo(BASE);
  }

  private static long allocate(DeviceHeap heap, int bytes) {
    try {
      return heap.allocate(bytes);
    } catch (ReservationFullException e) {
      return -1;
    }
  }

  private static int units(int bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT;
  }

  private static int firstFit(boolean[] taken, int units) {
    int free = 0;
    for (int unit = 0; unit < UNITS; unit++) {
      free = taken[unit] ? 0 : free + 1;
      if (free == units) {
        return unit - units + 1;
      }
    }
    return -1;
  }

  private static int largestHole(boolean[] taken) {
    int largest = 0;
    int free = 0;
    for (boolean unit : taken) {
      free = unit ? 0 : free + 1;
      largest = Math.max(largest, free);
    }
    return largest;
  }
}
