package dev.cantilever.backend.cuda;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.RotarySpec;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.backend.cuda.driver.LaunchBuffer;
import java.util.List;

/**
 * Cosines and sines of rotary positions, counted from a row's start. What was computed last stays
 * on the device, since all layers of all passes of a model turn alike; positions too many for that
 * are computed for each operation, and so is everything that a recording reads, which may run when
 * another model's turns are here.
 */
final class RotaryTable {

  /** Device memory that stays taken: 5,461 positions of NeoX-20B's 12 frequencies. */
  static final long BYTES = 512 << 10;

  private static final KernelSource KERNELS = KernelSource.of(RotaryTable.class, "rotary.cu");
  private static final int THREADS = 256;

  /** Of a position and a frequency: cosine and sine. */
  private static final int TURN_BYTES = 2 * Float.BYTES;

  /** Positions computed at the least, so that rows a little longer find theirs. */
  private static final int LEAST_POSITIONS = 512;

  private final Execution execution;
  private final long address;
  private int positions;
  private RotarySpec rotary = RotarySpec.NONE;

  /**
   * A table that is still empty.
   *
   * @param address of {@link #BYTES} bytes
   */
  RotaryTable(Execution execution, long address) {
    this.execution = execution;
    this.address = address;
  }

  /**
   * The turns of the first positions of a row, [positions, rotary dimensions / 2] pairs of floats,
   * good until the next call.
   *
   * @param wanted how many positions
   * @return a device address, in the workspace where they are too many to stay
   */
  long of(int wanted, AttentionSpec spec) {
    RotarySpec wantedRotary = spec.rotary();
    int frequencies = wantedRotary.frequencies().size();
    if (frequencies == 0) {
      return address; // nothing is read
    }
    int room = (int) (BYTES / TURN_BYTES / frequencies);
    if (wanted > room || execution.device().capturing()) {
      long scratch = execution.workspace().allocate((long) TURN_BYTES * wanted * frequencies);
      fill(scratch, wanted, wantedRotary);
      return scratch;
    }
    if (wanted > positions || !wantedRotary.equals(rotary)) {
      int computed = Math.min(room, Math.max(wanted, LEAST_POSITIONS));
      fill(address, computed, wantedRotary);
      positions = computed;
      rotary = wantedRotary;
    }
    return address;
  }

  private void fill(long target, int count, RotarySpec spec) {
    int frequencies = spec.frequencies().size();
    LaunchBuffer launch =
        execution
            .kernels()
            .kernel(KERNELS, "rotary_table")
            .with()
            .pointer(target)
            .integer(count)
            .integer(frequencies);
    HeadTiles.rotary(launch, spec).run(Grids.blocks((long) count * frequencies, THREADS), THREADS);
  }

  static List<KernelSource> sources() {
    return List.of(KERNELS);
  }
}
