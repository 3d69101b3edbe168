package dev.cantilever.hostile;

import com.sun.management.ThreadMXBean;
import dev.cantilever.recipe.UsageException;
import dev.cantilever.text.DatasetException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What became of damaged files of text: each must give something that works or be refused by one
 * line, in bounded memory and time.
 *
 * @param accepted files that were read and worked with
 * @param refused files that were refused as they should be
 * @param mostAllocated bytes that one of them took from the heap, at most
 * @param longestSeconds that one of them took
 * @param failures what happened otherwise, with how to see it again
 */
record TextRun(
    long accepted, long refused, long mostAllocated, double longestSeconds, List<String> failures) {

  /** Room for what a chat template may write, which is bounded, and for parsers' buffers. */
  private static final long ALLOCATED = 256 << 20;

  /** Templates are given 5 seconds; all else takes milliseconds. */
  private static final double SECONDS = 20;

  private static final int LONGEST_MESSAGE = 8000;
  private static final int MOST_FAILURES = 20;

  /** Damages and reads files, the i-th always in the same way. */
  static TextRun of(TextTarget target, long seed, long first, long count) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long accepted = 0;
    long refused = 0;
    long most = 0;
    double longest = 0;
    List<String> failures = new ArrayList<>();
    for (long i = first; i < first + count && failures.size() < MOST_FAILURES; i++) {
      SplittableRandom random = new SplittableRandom(seed + i * 0x9e37_79b9_7f4a_7c15L);
      int sound = random.nextInt(target.seeds().size());
      byte[] damaged = TextMutation.of(target.seeds().get(sound), random);
      String where = "%s, seed %d, file %d: ".formatted(target.name(), seed, i);
      long before = threads.getCurrentThreadAllocatedBytes();
      long began = System.nanoTime();
      try {
        target.reading().read(damaged, sound);
        accepted++;
      } catch (DatasetException | UsageException | IOException e) {
        refused++;
        String message = String.valueOf(e.getMessage());
        if (message.lines().count() != 1 || message.length() > LONGEST_MESSAGE) {
          failures.add(where + "not a message of one line: " + message);
        }
      } catch (RuntimeException | Error e) {
        List<StackTraceElement> stack = List.of(e.getStackTrace());
        failures.add(where + e + " at " + stack.subList(0, Math.min(6, stack.size())));
      }
      double seconds = (System.nanoTime() - began) / 1e9;
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      longest = Math.max(longest, seconds);
      most = Math.max(most, allocated);
      if (allocated > ALLOCATED || seconds > SECONDS) {
        failures.add(where + "%d bytes allocated and %.1f s taken".formatted(allocated, seconds));
      }
    }
    return new TextRun(accepted, refused, most, longest, failures);
  }
}
