package dev.cantilever.backend.cuda;

import dev.cantilever.tensor.Tensor;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Rows that the kernel which makes them leaves rounded too, in the order in which {@link
 * WarpgroupProduct} wants them for an int8 weight (see {@code rounded_rows.cuh}), so that the
 * product behind it needs no kernel to round them. For the few rows of decoding, where that kernel
 * costs more to launch than to run.
 *
 * <p>What is known of a region is good for the next thing that is enqueued, and for nothing after
 * it: a product finds its rows here only if it comes directly behind the kernel that made them.
 * Neither they nor the region can have been overwritten then, in whatever order operations are
 * called, and a recording begins and ends with nothing known. Two chains of operations side by side
 * have a region each, and neither writes what the other reads: what was known at the end of each is
 * good for the next thing behind both. A region is overwritten in the order of the stream: its
 * writers are not launched early, or wait before they write for kernels that have waited
 * themselves, so the product that reads it is done. Beside the second product of a {@link
 * WarpgroupPair} runs a chain that writes the first region, which has what the first product has
 * read; what is made outside of chains, which both may read, is in the second.
 */
final class RoundedRows {

  /** Rows for which it is worth while. */
  private static final int MOST_ROWS = 64;

  /** The widest of them that have room: inputs of the last product of NeoX-20B's blocks. */
  private static final int MOST_WIDTH = 24_576;

  private static final int BYTES = 2;

  /** Bytes of a region. */
  static final long REGION_BYTES = (long) BYTES * MOST_ROWS * MOST_WIDTH;

  /** Chains of operations that may be on the device side by side, with a region each. */
  static final int BRANCHES = 2;

  /** The region outside of two chains: the second's. */
  private static final int OUTSIDE = 1;

  /**
   * Where a kernel puts its rows rounded too.
   *
   * @param address of the device, or 0 for nowhere
   * @param width elements of a row
   * @param groups of 8 rows that it has
   */
  record Place(long address, int width, int groups) {

    private static final Place NOWHERE = new Place(0, 0, 0);
  }

  /**
   * What a region holds.
   *
   * @param rows [N, K] F32, the same that are not rounded
   * @param enqueued what had been enqueued when the kernel was that wrote it
   */
  private record Note(Tensor rows, Place place, long enqueued) {

    boolean holds(Tensor wanted) {
      return rows.address() == wanted.address() && rows.shape().equals(wanted.shape());
    }
  }

  private final LongSupplier enqueued;
  private final long address;
  private final long regionBytes;
  private final @Nullable Note[] notes = new Note[BRANCHES];
  private final @Nullable Note[] ends = new Note[BRANCHES];
  private @Nullable Note start; // of the second chain
  private int branch = OUTSIDE;

  /**
   * Regions that hold nothing.
   *
   * @param enqueued how often anything was enqueued on the device so far
   * @param address of the regions, one behind the other
   * @param regionBytes of each, a multiple of 16
   */
  RoundedRows(LongSupplier enqueued, long address, long regionBytes) {
    this.enqueued = enqueued;
    this.address = address;
    this.regionBytes = regionBytes;
  }

  /** Of a device whose products all round their rows themselves. */
  static RoundedRows none() {
    return new RoundedRows(() -> 0, 0, 0);
  }

  /**
   * Begins the first of two chains. What is known of a region is so at the beginning of the chain
   * that it belongs to, and of no other, which might read it too late.
   *
   * @param fork makes the second come after what is before, too
   */
  void fork(Runnable fork) {
    Note first = fresh(0);
    start = fresh(1);
    fork.run();
    branch = 0;
    notes[0] = renewed(first);
    notes[1] = null;
  }

  /** Ends a chain of operations: the following ones belong to the second. */
  void second() {
    ends[branch] = fresh(branch);
    branch = 1;
    notes[1] = renewed(start);
  }

  /**
   * Ends the second chain: the following operations come after both.
   *
   * @param join makes them do so
   */
  void join(Runnable join) {
    ends[branch] = fresh(branch);
    branch = OUTSIDE;
    join.run();
    for (int i = 0; i < BRANCHES; i++) {
      notes[i] = renewed(ends[i]);
      ends[i] = null;
    }
  }

  /** What is known now that nothing has been enqueued since but what writes no memory. */
  private @Nullable Note renewed(@Nullable Note note) {
    return note == null ? null : new Note(note.rows(), note.place(), enqueued.getAsLong());
  }

  private @Nullable Note fresh(int number) {
    Note note = notes[number];
    return note != null && note.enqueued() == enqueued.getAsLong() ? note : null;
  }

  /**
   * Where the kernel that is launched next and makes these elements puts them too: nowhere unless
   * they are rows, [N, K] F32, that a region has room for.
   */
  Place place(Tensor rows) {
    if (rows.shape().rank() != 2 || rows.dim(0) == 0 || rows.dim(0) > MOST_ROWS) {
      return Place.NOWHERE;
    }
    int groups = WarpgroupProduct.leastGroups(rows.size(0));
    long bytes = BYTES * RoundedOperands.GROUP_ROWS * groups * rows.dim(1);
    return rows.dim(1) % Runs.STAGE_K == 0 && bytes <= regionBytes
        ? new Place(address + branch * regionBytes, rows.size(1), groups)
        : Place.NOWHERE;
  }

  /** Says that the kernel enqueued last has put rows there. */
  void written(Tensor rows, Place place) {
    if (!place.equals(Place.NOWHERE)) {
      notes[branch] = new Note(rows, place, enqueued.getAsLong());
    }
  }

  /**
   * Where rows lie rounded in so many groups, for what is enqueued next.
   *
   * @return a device address, or none unless the kernel enqueued last has put them there
   */
  OptionalLong find(Tensor rows, int groups) {
    for (int i = 0; i < BRANCHES; i++) {
      Note note = fresh(i);
      if (note != null && note.place().groups() == groups && note.holds(rows)) {
        return OptionalLong.of(note.place().address());
      }
    }
    return OptionalLong.empty();
  }
}
