package dev.cantilever.backend.cuda;

import dev.cantilever.backend.cuda.driver.LaunchBuffer;
import java.util.function.LongSupplier;

/**
 * Kernels that run one directly behind the other beside the second product of a {@link
 * WarpgroupPair}: each begins when it has what the one before makes, none waits for the products to
 * be done. See {@code relay.cuh}.
 *
 * <p>A relay begins behind the pair, in the first group of the fork that follows, and ends with
 * that at the latest. It ends with the first thing enqueued that has no {@link Place} in it, which
 * waits for the products as everything does that is not launched early.
 */
final class Relay {

  /** Bytes from one word of the kernels' to the next, and words. */
  private static final long LINE = 128;

  /** Of which an even number counts blocks: {@link LowRankProduct} takes two or none. */
  private static final int LINES = 8;

  /** Memory that the kernels keep. */
  static final long BYTES = LINE * LINES;

  private static final int OPEN = 1;
  private static final int FIRST_COUNT = 2;
  private static final long NEVER = -1;

  /**
   * A kernel's place, as it takes it.
   *
   * @param open whether the first product is made; 0 for a kernel in no relay
   * @param before counts the blocks of the kernel before, or 0
   * @param blocks of the kernel before
   * @param count of its own blocks, or 0
   */
  record Place(long open, long before, int blocks, long count) {

    private static final Place NONE = new Place(0, 0, 0, 0);

    /** Whether there is a relay. */
    boolean present() {
      return open != 0;
    }

    /** Adds it to the arguments of a launch. */
    LaunchBuffer in(LaunchBuffer launch) {
      return launch.pointer(open).pointer(before).integer(blocks).pointer(count);
    }
  }

  private final LongSupplier enqueued;
  private final long words;
  private long next = NEVER; // how often anything was enqueued when a kernel has a place
  private int kernels;
  private long before;
  private int blocksBefore;

  /**
   * No relay yet.
   *
   * @param enqueued how often anything was enqueued on the device so far
   * @param words {@link #BYTES} of zeros
   */
  Relay(LongSupplier enqueued, long words) {
    this.enqueued = enqueued;
    this.words = words;
  }

  /** Where a pair of products says what it has made. */
  long words() {
    return words;
  }

  /** Begins a relay: what is enqueued next is directly behind a pair, and in a first group. */
  void begin() {
    next = enqueued.getAsLong();
    kernels = 0;
    before = 0;
    blocksBefore = 0;
  }

  /** Ends the relay, if there is one: what is enqueued next is in none. */
  void end() {
    next = NEVER;
  }

  /**
   * The place of the kernel that is launched next, if that is in a relay, and counts its blocks.
   *
   * @param blocks that it has; without any it is not launched, and has no place
   */
  Place place(long blocks) {
    if (!goesOn() || blocks == 0 || FIRST_COUNT + kernels == LINES) {
      return Place.NONE;
    }
    Place place = new Place(open(), before, blocksBefore, line(FIRST_COUNT + kernels));
    next++;
    kernels++;
    before = place.count();
    blocksBefore = Math.toIntExact(blocks);
    return place;
  }

  /** The place of the kernel that is launched next, if that is in a relay, which ends with it. */
  Place last() {
    Place place = goesOn() ? new Place(open(), before, blocksBefore, 0) : Place.NONE;
    end();
    return place;
  }

  private boolean goesOn() {
    return next == enqueued.getAsLong();
  }

  private long open() {
    return line(OPEN);
  }

  private long line(int index) {
    return words + LINE * index;
  }
}
