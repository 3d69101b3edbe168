package dev.cantilever.hostile;

import com.sun.management.ThreadMXBean;
import dev.cantilever.hub.CheckpointException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What became of damaged files: each must be read whole or refused by one line, in bounded memory.
 *
 * @param accepted files that were read to the end
 * @param refused files that were refused as they should be
 * @param mostAllocated bytes that reading one of them took from the heap, at most
 * @param failures what happened otherwise, with how to see it again
 */
record HostileRun(long accepted, long refused, long mostAllocated, List<String> failures) {

  /** Room for the parser's buffers, and for names and entries of what is read. */
  private static final long ALLOCATED = 4 << 20;

  private static final long ALLOCATED_PER_BYTE = 200;
  private static final int LONGEST_MESSAGE = 8000;
  private static final int MOST_FAILURES = 20;

  /** Damages and reads files, the i-th always in the same way. */
  static HostileRun of(HostileTarget target, long seed, long first, long count) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long accepted = 0;
    long refused = 0;
    long most = 0;
    List<String> failures = new ArrayList<>();
    for (long i = first; i < first + count && failures.size() < MOST_FAILURES; i++) {
      SplittableRandom random = new SplittableRandom(seed + i * 0x9e37_79b9_7f4a_7c15L);
      byte[] sound = target.seeds().get(random.nextInt(target.seeds().size()));
      byte[] damaged = Mutation.of(sound, target.seeds(), random);
      String where = "%s, seed %d, file %d: ".formatted(target.name(), seed, i);
      long before = threads.getCurrentThreadAllocatedBytes();
      try {
        target.reading().read(damaged);
        accepted++;
      } catch (CheckpointException | IOException e) {
        refused++;
        String message = String.valueOf(e.getMessage());
        if (message.lines().count() != 1 || message.length() > LONGEST_MESSAGE) {
          failures.add(where + "not a message of one line: " + message);
        }
      } catch (RuntimeException | Error e) {
        failures.add(where + e + " at " + List.of(e.getStackTrace()).subList(0, 6));
      }
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      most = Math.max(most, allocated);
      if (allocated > ALLOCATED + ALLOCATED_PER_BYTE * damaged.length) {
        failures.add(where + allocated + " bytes allocated for " + damaged.length);
      }
    }
    return new HostileRun(accepted, refused, most, failures);
  }
}
